/**
 * Gives signals their usual effect in the first process of a container. For process 1 of a PID namespace the kernel drops a signal
 * that nobody listens to: told to stop while the command still loads, it would serve on until it is killed. Elsewhere the kernel does
 * this, and shells tell a death by signal from an exit.
 */
import { constants } from "node:os";

const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Whoever listens to a signal later decides alone, for as long as it listens. */
export function endByDefault(): void {
  if (process.pid !== 1) return;
  for (const name of ENDING) {
    process.on(name, () => {
      if (process.listenerCount(name) === 1) process.exit(128 + constants.signals[name]);
    });
  }
}
