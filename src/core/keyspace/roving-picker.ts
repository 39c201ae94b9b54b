/**
 * Picks items of a Map at random in constant time, where a Map offers no access by position.
 *
 * Small maps are picked from uniformly. In large ones a roving iterator advances by a random stride and wraps around:
 * every item is reachable and over time each comes up about as often, but neighbouring picks are correlated.
 */
import type { Randomness } from "../../base/randomness.ts";

const UNIFORM_SIZE_MAX = 128;
const STRIDE_MAX = 32;

export class RovingPicker<Key, Value> {
  #rover: IterableIterator<[Key, Value]> | undefined;

  pick(map: ReadonlyMap<Key, Value>, random: Randomness): [Key, Value] | undefined {
    if (map.size === 0) return undefined;
    if (map.size <= UNIFORM_SIZE_MAX) return nth(map, random.below(map.size));
    // What is left of a stride at the end goes on at the beginning, so that no place is favoured.
    for (let left = random.below(STRIDE_MAX); ; left -= 1) {
      const step = this.#advance(map);
      if (left === 0) return step;
    }
  }

  /** To be called when the map is replaced by another. */
  reset(): void {
    this.#rover = undefined;
  }

  /** The next item of a map that has some, from the first one again after the last. */
  #advance(map: ReadonlyMap<Key, Value>): [Key, Value] | undefined {
    const step = this.#rover?.next();
    if (step !== undefined && !step.done) return step.value;
    this.#rover = map.entries();
    return this.#rover.next().value;
  }
}

function nth<Item>(items: Iterable<Item>, at: number): Item | undefined {
  let left = at;
  for (const item of items) {
    if (left === 0) return item;
    left -= 1;
  }
  return undefined;
}
