/** Chooses distinct numbers at random. */
import type { Randomness } from "../../base/randomness.ts";

/**
 * `count` distinct ones of 0 to bound - 1 in random order, at a cost that does not depend on `bound`: a shuffle that
 * keeps only what it has moved.
 *
 * @param count `bound` at most.
 */
export function* distinctBelow(bound: number, count: number, random: Randomness): IterableIterator<number> {
  const moved = new Map<number, number>();
  for (let picked = 0; picked < count; picked += 1) {
    const at = picked + random.below(bound - picked);
    yield moved.get(at) ?? at;
    moved.set(at, moved.get(picked) ?? picked);
  }
}
