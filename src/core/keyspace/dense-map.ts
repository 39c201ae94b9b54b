/**
 * A map of texts in arrays without holes: any key in constant time, any position as well, and no long pause when it
 * grows, as a `Map` of a million keys has one. What goes is replaced by the last one, so the order is that of insertion
 * only until the first removal.
 */
import { ChunkedArray } from "./chunked-array.ts";
import { PositionIndex } from "./position-index.ts";
import { pageOf } from "./scan-page.ts";

/** A key, and its value right behind it: a look-up then loads one cache line for both. */
const PAIR = 2;

export class DenseMap<Value> {
  #pairs = new ChunkedArray<string | Value>();
  #index = new PositionIndex();

  get size(): number {
    return this.#pairs.length / PAIR;
  }

  get(key: string): Value | undefined {
    const position = this.#index.find(this, key, this.#index.hashOf(key));
    return position === -1 ? undefined : this.#valueAt(position);
  }

  has(key: string): boolean {
    return this.#index.find(this, key, this.#index.hashOf(key)) !== -1;
  }

  /** For the index: whether `key` is the one at `position`. */
  isAt(position: number, key: string): boolean {
    return this.#pairs.at(position * PAIR) === key;
  }

  /** @returns what the key held before. */
  set(key: string, value: Value): Value | undefined {
    const pairs = this.#pairs;
    const hash = this.#index.hashOf(key);
    const position = this.#index.find(this, key, hash);
    if (position !== -1) {
      const known = this.#valueAt(position);
      pairs.put(position * PAIR + 1, value);
      return known;
    }
    this.#index.append(hash, this.size);
    pairs.push(key);
    pairs.push(value);
    return undefined;
  }

  /** @returns what the key held. */
  delete(key: string): Value | undefined {
    const pairs = this.#pairs;
    const index = this.#index;
    const hash = index.hashOf(key);
    const position = index.find(this, key, hash);
    if (position === -1) return undefined;
    const known = this.#valueAt(position);
    const last = this.size - 1;
    index.remove(position, hash, last, index.hashOf(this.keyAt(last)));
    const lastValue = pairs.pop();
    const lastKey = pairs.pop();
    if (position !== last) {
      pairs.put(position * PAIR, lastKey);
      pairs.put(position * PAIR + 1, lastValue);
    }
    return known;
  }

  /** @param position one of 0 to size - 1; who stands where changes with every removal. */
  keyAt(position: number): string {
    return this.#pairs.at(position * PAIR) as string;
  }

  /** From the first position to the last. The map must not change meanwhile. */
  *entries(): IterableIterator<[string, Value]> {
    for (let position = 0; position < this.size; position += 1) yield this.entryAt(position);
  }

  /** Those of now, whatever changes meanwhile. */
  frozenEntries(): IterableIterator<[string, Value]> {
    return pairsOf(this.#pairs.frozen());
  }

  /** Whoever is there throughout comes up, perhaps more than once, whatever changes meanwhile; who comes meanwhile may not. */
  *walk(): IterableIterator<[string, Value]> {
    for (let position = this.size - 1; position >= 0; position = Math.min(position, this.size) - 1) {
      yield this.entryAt(position);
    }
  }

  /** One with the same keys and values at the same positions, that changes on its own; the values themselves are not copied. */
  clone(): DenseMap<Value> {
    const copy = new DenseMap<Value>();
    copy.#pairs = this.#pairs.clone();
    copy.#index = this.#index.clone();
    return copy;
  }

  /** One page of a scan; see `pageOf`. */
  scan(cursor: number, count: number): { readonly cursor: number; readonly items: [string, Value][] } {
    const page = pageOf(this.size, cursor, count);
    const items: [string, Value][] = [];
    for (let position = page.from; position >= page.to; position -= 1) items.push(this.entryAt(position));
    return { cursor: page.cursor, items };
  }

  /** @param position as for `keyAt`. */
  entryAt(position: number): [string, Value] {
    return [this.keyAt(position), this.#valueAt(position)];
  }

  #valueAt(position: number): Value {
    return this.#pairs.at(position * PAIR + 1) as Value;
  }
}

function* pairsOf<Value>(
  chunks: readonly (readonly (string | Value)[])[],
): IterableIterator<[string, Value]> {
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PAIR) yield [chunk[at] as string, chunk[at + 1] as Value];
  }
}
