/**
 * The life of a process that serves: start, say so, run until told to stop, stop cleanly. Told by a signal, by its own failure, or by the end
 * of the parent that watches it (`interrex up`, killed or not).
 */
import type { ChildMessage } from "../cluster/processes/child-message.ts";
import { InterrexError, InvariantError } from "../src/base/errors.ts";
import { starting } from "./exit.ts";
import { stopSignal } from "./stop-signal.ts";

/** A clean stop that takes longer has hung; the process ends without it. */
const STOP_TIMEOUT_MS = 9000;

export interface Served {
  readonly address: { readonly host: string; readonly port: number };
  readonly peerAddress: { readonly host: string; readonly port: number };
  stop(): Promise<void>;
  kill(): void;
}

/** How what is served ends by itself. */
export interface ServeEvents {
  /** It cannot go on. */
  readonly onFailed: (error: unknown) => void;
  /** A client has told it to stop. */
  readonly onShutdown: () => void;
}

type End = { readonly reason: "told" } | { readonly reason: "failed"; readonly error: unknown };

/**
 * @throws StartError when it doesn't start; InterrexError `FAILED` when it stops by itself.
 */
export async function serve(
  start: (events: ServeEvents) => Promise<Served>,
  onReady: (served: Served) => void,
): Promise<void> {
  const { ended, end, release } = listenForEnd();
  let failure: { readonly error: unknown } | null = null;
  try {
    const served = await startOrTell(() =>
      start({
        onFailed: (error) => {
          failure = { error };
          end({ reason: "failed", error });
        },
        onShutdown: () => end({ reason: "told" }),
      }),
    );
    tellParent({ type: "ready", port: served.address.port, peerPort: served.peerAddress.port });
    onReady(served);
    const how = await ended;
    if (how.reason === "failed") {
      served.kill();
      throw stopped(how.error);
    }
    await stopInTime(served).catch((error: unknown) => {
      const isTold = error instanceof InterrexError || error instanceof InvariantError;
      throw isTold ? error : stopped(error);
    });
    // It may have failed while it stopped: then that was no clean stop.
    const failed = failure as { readonly error: unknown } | null;
    if (failed !== null) throw stopped(failed.error);
  } finally {
    release();
    if (process.connected) process.disconnect();
  }
}

function stopped(error: unknown): InterrexError {
  return new InterrexError("FAILED", `Stopped: ${messageOf(error)}`, { cause: error });
}

async function startOrTell(start: () => Promise<Served>): Promise<Served> {
  try {
    return await starting(start);
  } catch (error) {
    tellParent({ type: "refused", message: messageOf(error) });
    throw error;
  }
}

function listenForEnd(): { ended: Promise<End>; end: (how: End) => void; release: () => void } {
  let end: (how: End) => void = () => {};
  const ended = new Promise<End>((resolve) => {
    end = resolve;
  });
  const stop = stopSignal();
  void stop.told.then(() => end({ reason: "told" }));
  return { ended, end, release: stop.release };
}

async function stopInTime(served: Served): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new InterrexError(
      "STOP_TIMEOUT",
      `The clean stop took over ${STOP_TIMEOUT_MS} ms; stopped without it`,
    );
    timer = setTimeout(() => reject(error), STOP_TIMEOUT_MS);
  });
  try {
    await Promise.race([served.stop(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function tellParent(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
