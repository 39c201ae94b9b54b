/** Runs what a cluster's owner hands in: conditions to wait for, and listeners. */
import { InterrexError } from "../src/base/errors.ts";

/** @throws InterrexError `BAD_OPTION` for what can't be asked, and for an answer that is a promise, which is true whatever comes of it. */
export function holdsNow<Fact>(condition: (fact: Fact) => unknown, fact: Fact): boolean {
  if (typeof condition !== "function") {
    throw new InterrexError("BAD_OPTION", "until needs a function that tells whether it holds");
  }
  const answer = condition(fact);
  if (!(answer instanceof Promise)) return Boolean(answer);
  // Nobody is left to hear of it.
  answer.catch(() => {});
  throw new InterrexError(
    "BAD_OPTION",
    "until needs an answer at once; await what takes time before the call, or after it",
  );
}

/**
 * A listener that throws is an uncaught exception of its owner's. Inside a member's own work it would end the member, and inside
 * `kill` it would be taken for a failure of the kill.
 */
export function afterwards(tell: () => void): void {
  queueMicrotask(tell);
}
