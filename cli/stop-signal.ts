/** SIGINT and SIGTERM as something to wait for and as an AbortSignal. A repeated one changes nothing. */
import { InterrexError } from "../src/base/errors.ts";

export interface StopSignal {
  /** Resolves at the first SIGINT or SIGTERM. */
  readonly told: Promise<void>;
  /** Aborted at the same moment, with an InterrexError `INTERRUPTED`. */
  readonly signal: AbortSignal;
  /** Stops listening; the signals have their usual effect again. */
  release(): void;
}

export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const onSignal = (): void => {
    controller.abort(
      new InterrexError("INTERRUPTED", "Interrupted; everything that was started has been stopped"),
    );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    told: new Promise((resolve) => {
      controller.signal.addEventListener("abort", () => resolve(), { once: true });
    }),
    signal: controller.signal,
    release: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
