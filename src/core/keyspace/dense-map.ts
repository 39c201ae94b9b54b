/**
 * A map of texts in arrays without holes: any key in constant time, any position as well, and no long pause when it
 * grows, as a `Map` of a million keys has one. What goes is replaced by the last one, so the order is that of insertion
 * only until the first removal.
 */
import { ChunkedArray } from "./chunked-array.ts";
import { PositionIndex } from "./position-index.ts";
import { pageOf } from "./scan-page.ts";

export class DenseMap<Value> {
  readonly #keys = new ChunkedArray<string>();
  readonly #values = new ChunkedArray<Value>();
  readonly #index = new PositionIndex();

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Value | undefined {
    const position = this.#index.find(this.#keys, key, this.#index.hashOf(key));
    return position === -1 ? undefined : this.#values.at(position);
  }

  has(key: string): boolean {
    return this.#index.find(this.#keys, key, this.#index.hashOf(key)) !== -1;
  }

  /** @returns what the key held before. */
  set(key: string, value: Value): Value | undefined {
    const hash = this.#index.hashOf(key);
    const position = this.#index.find(this.#keys, key, hash);
    if (position !== -1) {
      const known = this.#values.at(position);
      this.#values.put(position, value);
      return known;
    }
    this.#index.append(hash, this.#keys.length);
    this.#keys.push(key);
    this.#values.push(value);
    return undefined;
  }

  /** @returns what the key held. */
  delete(key: string): Value | undefined {
    const keys = this.#keys;
    const values = this.#values;
    const position = this.#index.find(keys, key, this.#index.hashOf(key));
    if (position === -1) return undefined;
    const known = values.at(position);
    this.#index.remove(position, keys.length - 1);
    const lastKey = keys.pop();
    const lastValue = values.pop();
    if (position < keys.length) {
      keys.put(position, lastKey);
      values.put(position, lastValue);
    }
    return known;
  }

  /** @param position one of 0 to size - 1; who stands where changes with every removal. */
  keyAt(position: number): string {
    return this.#keys.at(position);
  }

  /** From the first position to the last. The map must not change meanwhile. */
  *entries(): IterableIterator<[string, Value]> {
    for (let position = 0; position < this.#keys.length; position += 1) yield this.entryAt(position);
  }

  /** Those of now, whatever changes meanwhile. */
  frozenEntries(): IterableIterator<[string, Value]> {
    return pairs(this.#keys.frozen(), this.#values.frozen());
  }

  /** Whoever is there throughout comes up, perhaps more than once, whatever changes meanwhile; who comes meanwhile may not. */
  *walk(): IterableIterator<[string, Value]> {
    for (let position = this.size - 1; position >= 0; position = Math.min(position, this.size) - 1) {
      yield this.entryAt(position);
    }
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
    return [this.#keys.at(position), this.#values.at(position)];
  }
}

function* pairs<Value>(
  keys: readonly (readonly string[])[],
  values: readonly (readonly Value[])[],
): IterableIterator<[string, Value]> {
  for (const [at, chunk] of keys.entries()) {
    for (const [within, key] of chunk.entries())
      yield [key, (values[at] as readonly Value[])[within] as Value];
  }
}
