/**
 * A map from stream IDs, in their order: any ID is found in logarithmic time, and most come in at the end and leave at
 * the beginning. Two levels suffice: of a million entries there are 4,000 leaves, and to move up all of these for one that
 * has come or gone, which one change in a hundred does, is to copy 32 KB.
 */
import type { ExactInteger } from "./exact-integer.ts";
import { type FrozenIds, IdLeaf, LEAF_MAX } from "./id-leaf.ts";
import { ID_ZERO, type StreamId } from "./stream-id.ts";

export interface IdAndValue<Held> {
  readonly id: StreamId;
  readonly value: Held;
}

export class IdMap<Held> {
  readonly #leaves: IdLeaf<Held>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: StreamId): Held | undefined {
    const leaf = this.#leaves[this.#leafOf(id)];
    if (leaf === undefined) return undefined;
    const place = leaf.placeOf(id);
    return leaf.holds(place, id) ? leaf.values[place] : undefined;
  }

  /** Adds the ID, or replaces its value. */
  set(id: StreamId, value: Held): void {
    const at = this.#leafOf(id);
    const leaf = this.#leaves[at];
    if (leaf === undefined) {
      this.#insertAlone(0, id, value);
      return;
    }
    const place = leaf.placeOf(id);
    if (leaf.holds(place, id)) {
      leaf.replace(place, value);
    } else if (place === LEAF_MAX && at === this.#leaves.length - 1) {
      // IDs that come in order leave full leaves behind.
      this.#insertAlone(at + 1, id, value);
    } else {
      leaf.insert(place, id, value);
      this.#size += 1;
      if (leaf.size > LEAF_MAX) this.#leaves.splice(at + 1, 0, leaf.split());
    }
  }

  /** @returns whether it was there. */
  delete(id: StreamId): boolean {
    const at = this.#leafOf(id);
    const leaf = this.#leaves[at];
    if (leaf === undefined) return false;
    const place = leaf.placeOf(id);
    if (!leaf.holds(place, id)) return false;
    leaf.remove(place);
    this.#size -= 1;
    if (leaf.size === 0) this.#leaves.splice(at, 1);
    else if (leaf.size < LEAF_MAX / 4) this.#join(at);
    return true;
  }

  first(): IdAndValue<Held> | undefined {
    const leaf = this.#leaves[0];
    return leaf && { id: leaf.id(0), value: leaf.values[0] as Held };
  }

  last(): IdAndValue<Held> | undefined {
    const leaf = this.#leaves.at(-1);
    return leaf && { id: leaf.id(leaf.size - 1), value: leaf.values[leaf.size - 1] as Held };
  }

  /** The value of the last ID. */
  lastValue(): Held | undefined {
    return this.#leaves.at(-1)?.values.at(-1);
  }

  /** The last one that does not come behind `id`. */
  floor(id: StreamId): IdAndValue<Held> | undefined {
    const found = this.backwards(id).next();
    return found.done ? undefined : found.value;
  }

  /** All from `id` on. The map must not change meanwhile. */
  *from(id: StreamId = ID_ZERO): IterableIterator<IdAndValue<Held>> {
    let at = this.#leafOf(id);
    let place = this.#leaves[at]?.placeOf(id) ?? 0;
    for (let leaf = this.#leaves[at]; leaf !== undefined; leaf = this.#leaves[at]) {
      for (; place < leaf.size; place += 1) yield { id: leaf.id(place), value: leaf.values[place] as Held };
      place = 0;
      at += 1;
    }
  }

  /** Those of now, whatever changes meanwhile. */
  frozenEntries(): IterableIterator<IdAndValue<Held>> {
    return pairs(this.#leaves.map((leaf) => leaf.frozen()));
  }

  /** All from `id` back. The map must not change meanwhile. */
  *backwards(id: StreamId): IterableIterator<IdAndValue<Held>> {
    let at = this.#leafOf(id);
    const leafOfId = this.#leaves[at];
    if (leafOfId === undefined) return;
    let place = leafOfId.placeOf(id);
    if (!leafOfId.holds(place, id)) place -= 1;
    for (let leaf = this.#leaves[at]; leaf !== undefined; leaf = this.#leaves[at]) {
      for (; place >= 0; place -= 1) yield { id: leaf.id(place), value: leaf.values[place] as Held };
      at -= 1;
      place = (this.#leaves[at]?.size ?? 0) - 1;
    }
  }

  /** The number of the leaf that `id` belongs to: the last one that does not begin behind it, or the first. */
  #leafOf(id: StreamId): number {
    const leaves = this.#leaves;
    let low = 0;
    let high = leaves.length - 1;
    if (high > 0 && !begins(leaves[high], id)) return high;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (begins(leaves[middle], id)) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  #insertAlone(at: number, id: StreamId, value: Held): void {
    this.#leaves.splice(at, 0, IdLeaf.of(id, value));
    this.#size += 1;
  }

  /** Joins a leaf that has become small with a neighbour, if both stay small enough to grow again. */
  #join(at: number): void {
    for (const left of [at - 1, at]) {
      const leaf = this.#leaves[left];
      const right = this.#leaves[left + 1];
      if (leaf === undefined || right === undefined || leaf.size + right.size > LEAF_MAX / 2) continue;
      leaf.absorb(right);
      this.#leaves.splice(left + 1, 1);
      return;
    }
  }
}

function* pairs<Held>(runs: readonly FrozenIds<Held>[]): IterableIterator<IdAndValue<Held>> {
  for (const { ms, seq, values } of runs) {
    for (let at = 0; at < values.length; at += 1) {
      yield {
        id: { ms: ms[at] as ExactInteger, seq: seq[at] as ExactInteger },
        value: values[at] as Held,
      };
    }
  }
}

/** Whether the leaf begins behind `id`. */
function begins<Held>(leaf: IdLeaf<Held> | undefined, id: StreamId): boolean {
  return leaf !== undefined && !leaf.isBefore(0, id) && !leaf.holds(0, id);
}
