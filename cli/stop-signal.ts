/**
 * Being told to stop, as something to wait for and as an AbortSignal: by SIGINT or SIGTERM, by the end of the terminal (SIGHUP), or by the end
 * of a parent that watches over an IPC channel. Whoever says SIGINT or SIGTERM again doesn't want to wait: the process then exits at once.
 */
import { exitCodeBySignal, Interrupted } from "./exit.ts";

export interface StopSignal {
  /** Resolves when told to stop. */
  readonly told: Promise<void>;
  /** Aborted at the same moment, with an `Interrupted`. */
  readonly signal: AbortSignal;
  /** Aborted just before the exit at a second signal: for what must be killed first, without waiting. */
  readonly atOnce: AbortSignal;
  /** Stops listening; the signals have their usual effect again. */
  release(): void;
}

/** One Ctrl-C comes twice under npm, from the terminal and from npm. */
const SAME_KEY_MS = 500;

export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const atOnce = new AbortController();
  const told = new Promise<void>((resolve) => {
    controller.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  let toldAtMs = 0;
  const tell = (name: "SIGHUP" | "SIGINT" | "SIGTERM"): void => {
    if (controller.signal.aborted) return;
    toldAtMs = performance.now();
    const message = "Interrupted; everything that was started has been stopped";
    controller.abort(new Interrupted(exitCodeBySignal(name), message));
  };
  const onHangUp = (): void => tell("SIGHUP");
  const onSignal = (name: "SIGINT" | "SIGTERM"): void => {
    if (!controller.signal.aborted) return tell(name);
    if (performance.now() - toldAtMs < SAME_KEY_MS) return;
    atOnce.abort();
    process.exit(exitCodeBySignal(name));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", onHangUp);
  process.on("disconnect", onHangUp);
  // The parent can be gone before anyone listens.
  if (process.send !== undefined && !process.connected) onHangUp();
  return {
    told,
    signal: controller.signal,
    atOnce: atOnce.signal,
    release: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
      process.off("SIGHUP", onHangUp);
      process.off("disconnect", onHangUp);
    },
  };
}
