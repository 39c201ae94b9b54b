/** Waits for a condition about members of this process. Bounded: says what it waited for when it was in vain. */
import { InterrexError } from "../src/base/errors.ts";

/** Reading the members' views costs microseconds; an event would not exist for all that they contain. */
const LOOK_EVERY_MS = 5;

export interface Wait {
  readonly timeoutMs: number;
  /** Completes "Waited 10000 ms in vain for ...". */
  readonly what: () => string;
  /** Ends the wait with its reason: nothing that was waited for can come any more. */
  readonly signal?: AbortSignal;
}

/**
 * @returns the first result of `look` that isn't `undefined`.
 * @throws InterrexError `TIMEOUT`; whatever `look` throws, and the reason of `signal`.
 */
export function until<Found>(
  look: () => Found | undefined,
  { timeoutMs, what, signal }: Wait,
): Promise<Found> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearInterval(timer);
      signal?.removeEventListener("abort", again);
    };
    const again = (): void => {
      try {
        signal?.throwIfAborted();
        const found = look();
        if (found !== undefined) {
          end();
          resolve(found);
        } else if (performance.now() - startedMs >= timeoutMs) {
          throw new InterrexError("TIMEOUT", `Waited ${timeoutMs} ms in vain for ${what()}`);
        }
      } catch (error) {
        end();
        reject(error);
      }
    };
    timer = setInterval(again, LOOK_EVERY_MS);
    signal?.addEventListener("abort", again);
    again();
  });
}
