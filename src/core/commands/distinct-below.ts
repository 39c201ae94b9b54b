/** Chooses distinct numbers at random. */
import type { Randomness } from "../../base/randomness.ts";

/** From one of so many on, an array of all costs less than a map of those that were moved. */
const KEPT_WHOLE_FROM = 4;

/**
 * `count` distinct ones of 0 to bound - 1 in random order, at a cost that depends on `count` alone: a shuffle that keeps only
 * what it has moved, unless that is much of all.
 *
 * @param count `bound` at most.
 */
export function distinctBelow(bound: number, count: number, random: Randomness): IterableIterator<number> {
  return count * KEPT_WHOLE_FROM >= bound ? shuffled(bound, count, random) : sparse(bound, count, random);
}

function* sparse(bound: number, count: number, random: Randomness): IterableIterator<number> {
  const moved = new Map<number, number>();
  for (let picked = 0; picked < count; picked += 1) {
    const at = picked + random.below(bound - picked);
    yield moved.get(at) ?? at;
    moved.set(at, moved.get(picked) ?? picked);
  }
}

function* shuffled(bound: number, count: number, random: Randomness): IterableIterator<number> {
  const all = new Uint32Array(bound);
  for (let at = 0; at < bound; at += 1) all[at] = at;
  for (let picked = 0; picked < count; picked += 1) {
    const at = picked + random.below(bound - picked);
    yield all[at] as number;
    all[at] = all[picked] as number;
  }
}
