/**
 * Being told to stop, as something to wait for and as an AbortSignal: by SIGINT or SIGTERM, by the end of the terminal (SIGHUP), or by the end
 * of a parent that watches over an IPC channel. Whoever says SIGINT or SIGTERM again doesn't want to wait: the process then exits at once.
 */
import { constants } from "node:os";
import { InterrexError } from "../src/base/errors.ts";
import { INTERRUPTED } from "./exit.ts";

export interface StopSignal {
  /** Resolves when told to stop. */
  readonly told: Promise<void>;
  /** Aborted at the same moment, with an InterrexError `INTERRUPTED`. */
  readonly signal: AbortSignal;
  /** Aborted just before the exit at a second signal: for what must be killed first, without waiting. */
  readonly atOnce: AbortSignal;
  /** Stops listening; the signals have their usual effect again. */
  release(): void;
}

/** One Ctrl-C comes twice under npm, from the terminal and from npm. */
const SAME_KEY_MS = 500;
/** Of an exit by a signal, as shells have it. */
const EXIT_BY_SIGNAL = 128;

export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const atOnce = new AbortController();
  const told = new Promise<void>((resolve) => {
    controller.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  let toldAtMs = 0;
  const tell = (): void => {
    if (controller.signal.aborted) return;
    toldAtMs = performance.now();
    controller.abort(
      new InterrexError(INTERRUPTED, "Interrupted; everything that was started has been stopped"),
    );
  };
  const onSignal = (name: "SIGINT" | "SIGTERM"): void => {
    if (!controller.signal.aborted) return tell();
    if (performance.now() - toldAtMs < SAME_KEY_MS) return;
    atOnce.abort();
    process.exit(EXIT_BY_SIGNAL + constants.signals[name]);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", tell);
  process.on("disconnect", tell);
  // The parent can be gone before anyone listens.
  if (process.send !== undefined && !process.connected) tell();
  return {
    told,
    signal: controller.signal,
    atOnce: atOnce.signal,
    release: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
      process.off("SIGHUP", tell);
      process.off("disconnect", tell);
    },
  };
}
