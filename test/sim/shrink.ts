/**
 * Looks for the smallest part of a plan that still fails in the same way: leaves out faults (delta debugging, halves
 * first), then clients, then what makes a run harder to read. Runs nothing itself: it asks.
 */
import { type Narrowing, PLAIN_NAMES, WHOLE } from "./swarm/narrowing.ts";
import type { Plan } from "./swarm/plan.ts";

/** @param fails whether what is left still fails in the same way; the whole plan does. */
export function shrink(plan: Plan, fails: (narrowing: Narrowing) => boolean): Narrowing {
  let best: Narrowing = WHOLE;
  const accept = (narrowing: Narrowing): boolean => {
    if (!fails(narrowing)) return false;
    best = narrowing;
    return true;
  };
  const numbers = plan.faults.map(({ number }) => number);
  leaveOut(numbers, (keep) => accept({ ...best, keep }));
  for (let clients = 1; clients < plan.clients; clients++) if (accept({ ...best, clients })) break;
  for (const name of PLAIN_NAMES) accept({ ...best, plain: [...best.plain, name] });
  // With less around them, some of the faults may not be needed any more.
  leaveOut(best.keep ?? numbers, (keep) => accept({ ...best, keep }));
  return best;
}

/** Delta debugging: tries without ever smaller parts. @param holds whether the rest is still enough. */
export function leaveOut<Item>(
  items: readonly Item[],
  holds: (rest: readonly Item[]) => boolean,
): readonly Item[] {
  let left = items;
  let parts = 2;
  while (left.length > 0) {
    const size = Math.ceil(left.length / Math.min(parts, left.length));
    let isSmaller = false;
    for (let at = 0; at < left.length; ) {
      const rest = [...left.slice(0, at), ...left.slice(at + size)];
      if (holds(rest)) {
        left = rest;
        isSmaller = true;
      } else at += size;
    }
    if (size === 1 && !isSmaller) break;
    if (size > 1) parts *= 2;
  }
  return left;
}
