/**
 * Picks keys of a Map at random, each as likely as any other, for evictions. The Map's keys are also kept in an array for that;
 * filling it for a Map that is large already is spread over the picks, so that none of them is long.
 */
import type { Randomness } from "../../base/randomness.ts";
import type { Entry } from "./entry.ts";

/** Keys that one pick adds to the array while there are some that it does not have. */
const FILLED_PER_PICK = 16;

export class KeySampler {
  readonly #entries: ReadonlyMap<string, Entry>;
  /** Each entry knows its slot. */
  readonly #keys: string[] = [];
  #missing: IterableIterator<[string, Entry]> | undefined;

  /** @param entries what it then must be told all changes of. */
  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
    this.#missing = entries.entries();
  }

  /** A key has been added. */
  add(key: string, entry: Entry): void {
    if (this.#has(key, entry)) return;
    entry.slot = this.#keys.length;
    this.#keys.push(key);
  }

  /** A key is removed, or was. */
  remove(key: string, entry: Entry): void {
    if (!this.#has(key, entry)) return;
    const last = this.#keys.pop() as string;
    if (last === key) return;
    this.#keys[entry.slot] = last;
    const moved = this.#entries.get(last);
    if (moved !== undefined) moved.slot = entry.slot;
  }

  /** Any key; `undefined` when there are none. */
  pick(random: Randomness): string | undefined {
    this.#fill();
    return this.#keys[random.below(this.#keys.length)];
  }

  /** A slot may be of an earlier sampler. */
  #has(key: string, entry: Entry): boolean {
    return this.#keys[entry.slot] === key;
  }

  #fill(): void {
    for (let left = FILLED_PER_PICK; left > 0 && this.#missing !== undefined; left -= 1) {
      const step = this.#missing.next();
      if (step.done) this.#missing = undefined;
      else this.add(step.value[0], step.value[1]);
    }
  }
}
