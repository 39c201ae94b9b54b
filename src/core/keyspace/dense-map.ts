/**
 * A map of texts in arrays without holes: any key in constant time, any position as well, and no long pause when it
 * grows, as a `Map` of a million keys has one. What goes is replaced by the last one, so the order is that of insertion
 * only until the first removal.
 */
import { PositionIndex } from "./position-index.ts";
import { pageOf } from "./scan-page.ts";

export class DenseMap<Value> {
  readonly #keys: string[] = [];
  readonly #values: Value[] = [];
  readonly #index = new PositionIndex();

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Value | undefined {
    const position = this.#index.find(this.#keys, key, this.#index.hashOf(key));
    return position === -1 ? undefined : this.#values[position];
  }

  has(key: string): boolean {
    return this.#index.find(this.#keys, key, this.#index.hashOf(key)) !== -1;
  }

  /** @returns what the key held before. */
  set(key: string, value: Value): Value | undefined {
    const hash = this.#index.hashOf(key);
    const position = this.#index.find(this.#keys, key, hash);
    if (position !== -1) {
      const known = this.#values[position];
      this.#values[position] = value;
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
    const last = keys.length - 1;
    const known = values[position];
    this.#index.remove(position, last);
    keys[position] = keys[last] as string;
    values[position] = values[last] as Value;
    keys.pop();
    values.pop();
    return known;
  }

  /** @param position one of 0 to size - 1; who stands where changes with every removal. */
  keyAt(position: number): string {
    return this.#keys[position] as string;
  }

  /** From the first position to the last. The map must not change meanwhile. */
  *entries(): IterableIterator<[string, Value]> {
    for (let position = 0; position < this.#keys.length; position += 1) yield this.#at(position);
  }

  /** Those of now, whatever changes meanwhile: the arrays are copied at once. */
  frozenEntries(): IterableIterator<[string, Value]> {
    return pairs(this.#keys.slice(), this.#values.slice());
  }

  /** Whoever is there throughout comes up, perhaps more than once, whatever changes meanwhile; who comes meanwhile may not. */
  *walk(): IterableIterator<[string, Value]> {
    for (let position = this.size - 1; position >= 0; position = Math.min(position, this.size) - 1) {
      yield this.#at(position);
    }
  }

  /** One page of a scan; see `pageOf`. */
  scan(cursor: number, count: number): { readonly cursor: number; readonly items: [string, Value][] } {
    const page = pageOf(this.size, cursor, count);
    const items: [string, Value][] = [];
    for (let position = page.from; position >= page.to; position -= 1) items.push(this.#at(position));
    return { cursor: page.cursor, items };
  }

  #at(position: number): [string, Value] {
    return [this.#keys[position] as string, this.#values[position] as Value];
  }
}

function* pairs<Value>(keys: readonly string[], values: readonly Value[]): IterableIterator<[string, Value]> {
  for (let position = 0; position < keys.length; position += 1) {
    yield [keys[position] as string, values[position] as Value];
  }
}
