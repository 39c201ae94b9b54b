/** Waits for a condition about members of this process. Bounded: says what it waited for when it was in vain. */
import { InterrexError } from "../src/base/errors.ts";

/** Reading the members' views costs microseconds; an event would not exist for all that they contain. */
const LOOK_EVERY_MS = 5;

export interface Wait {
  readonly timeoutMs: number;
  /** Completes "Waited 10000 ms in vain for ...". */
  readonly what: () => string;
}

/**
 * @returns the first result of `look` that isn't `undefined`.
 * @throws InterrexError `TIMEOUT`.
 */
export function until<Found>(look: () => Found | undefined, { timeoutMs, what }: Wait): Promise<Found> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const again = (): void => {
      try {
        const found = look();
        if (found !== undefined) {
          clearInterval(timer);
          resolve(found);
        } else if (performance.now() - startedMs >= timeoutMs) {
          throw new InterrexError("TIMEOUT", `Waited ${timeoutMs} ms in vain for ${what()}`);
        }
      } catch (error) {
        clearInterval(timer);
        reject(error);
      }
    };
    timer = setInterval(again, LOOK_EVERY_MS);
    again();
  });
}
