/** A leaf of an ID map: a bounded run of IDs in order, each with its value, in three arrays instead of an object each. */
import type { ExactInteger } from "./exact-integer.ts";
import { insertAt } from "./score-leaf.ts";
import type { StreamId } from "./stream-id.ts";

export const LEAF_MAX = 256;

/** What a leaf held at one moment. */
export interface FrozenIds<Held> {
  readonly ms: readonly ExactInteger[];
  readonly seq: readonly ExactInteger[];
  readonly values: readonly Held[];
}

export class IdLeaf<Held> {
  ms: ExactInteger[] = [];
  seq: ExactInteger[] = [];
  values: Held[] = [];
  /** Its arrays are somebody else's too: they are copied before they change. */
  #isShared = false;

  /** A leaf with one ID. Literal arrays: most streams are small, and a `push` makes room for sixteen. */
  static of<Held>(id: StreamId, value: Held): IdLeaf<Held> {
    const leaf = new IdLeaf<Held>();
    leaf.ms = [id.ms];
    leaf.seq = [id.seq];
    leaf.values = [value];
    return leaf;
  }

  get size(): number {
    return this.values.length;
  }

  id(place: number): StreamId {
    return { ms: this.ms[place] as ExactInteger, seq: this.seq[place] as ExactInteger };
  }

  /** Whether the ID at `place` comes before `id`. */
  isBefore(place: number, id: StreamId): boolean {
    const ms = this.ms[place] as ExactInteger;
    return ms === id.ms ? (this.seq[place] as ExactInteger) < id.seq : ms < id.ms;
  }

  holds(place: number, id: StreamId): boolean {
    return this.ms[place] === id.ms && this.seq[place] === id.seq;
  }

  /** Number of IDs here that come before this one. */
  placeOf(id: StreamId): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.isBefore(middle, id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  replace(place: number, value: Held): void {
    this.#own();
    this.values[place] = value;
  }

  insert(place: number, id: StreamId, value: Held): void {
    this.#own();
    insertAt(this.ms, place, id.ms);
    insertAt(this.seq, place, id.seq);
    insertAt(this.values, place, value);
  }

  remove(place: number): void {
    this.#own();
    if (place === 0) {
      // What came first mostly leaves first, and V8 is quick at that.
      this.ms.shift();
      this.seq.shift();
      this.values.shift();
      return;
    }
    this.ms.splice(place, 1);
    this.seq.splice(place, 1);
    this.values.splice(place, 1);
  }

  /** Takes over what the next leaf has. */
  absorb(next: IdLeaf<Held>): void {
    this.#own();
    this.ms.push(...next.ms);
    this.seq.push(...next.seq);
    this.values.push(...next.values);
  }

  /** Gives its second half to a new leaf. */
  split(): IdLeaf<Held> {
    this.#own();
    const half = this.size >>> 1;
    const right = new IdLeaf<Held>();
    right.ms = this.ms.splice(half);
    right.seq = this.seq.splice(half);
    right.values = this.values.splice(half);
    return right;
  }

  /** What it holds now, and nobody changes. */
  frozen(): FrozenIds<Held> {
    this.#isShared = true;
    return { ms: this.ms, seq: this.seq, values: this.values };
  }

  #own(): void {
    if (!this.#isShared) return;
    this.#isShared = false;
    this.ms = this.ms.slice();
    this.seq = this.seq.slice();
    this.values = this.values.slice();
  }
}
