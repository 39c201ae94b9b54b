/**
 * What is not in the blocks of a `KeyTable`: collections, long strings, and long keys with whatever they hold, in arrays
 * without holes. Each knows the block that it belongs to, as the last one takes the place of one that goes.
 */
import { ChunkedArray } from "./chunked-array.ts";
import { ChunkedNumbers } from "./chunked-numbers.ts";
import { stringBytes } from "./memory-model.ts";
import type { Value } from "./value.ts";

/** Of an item: its places in the two arrays. */
const PLACES_BYTES = 16;

/** A key that is too long for a block. */
class LongKeyed {
  readonly key: string;
  value: Value;

  constructor(key: string, value: Value) {
    this.key = key;
    this.value = value;
  }
}

export class HeapValues {
  readonly #items = new ChunkedArray<Value | LongKeyed>();
  /** Addresses of the blocks. */
  readonly #owners = new ChunkedNumbers();

  /** @param key when it is to be kept here as well. @returns its place, one of 0 to the number of items, as everywhere here. */
  add(value: Value, key: string | undefined, owner: number): number {
    this.#items.push(key === undefined ? value : new LongKeyed(key, value));
    this.#owners.push(owner);
    return this.#items.length - 1;
  }

  /** @param place of an item with a long key. */
  keyAt(place: number): string {
    return (this.#items.at(place) as LongKeyed).key;
  }

  valueAt(place: number): Value {
    const item = this.#items.at(place);
    return item instanceof LongKeyed ? item.value : item;
  }

  setValue(place: number, value: Value): void {
    const item = this.#items.at(place);
    if (item instanceof LongKeyed) item.value = value;
    else this.#items.put(place, value);
  }

  setOwner(place: number, owner: number): void {
    this.#owners.put(place, owner);
  }

  /** What is here of the key in memory; of a collection only its place. */
  bytesAt(place: number): number {
    const item = this.#items.at(place);
    if (item instanceof LongKeyed) return PLACES_BYTES + stringBytes(item.key.length) + textBytes(item.value);
    return PLACES_BYTES + textBytes(item);
  }

  /** @returns the owner of the item that has taken the place, if any has. */
  remove(place: number): number | undefined {
    const item = this.#items.pop();
    const owner = this.#owners.pop();
    if (place === this.#items.length) return undefined;
    this.#items.put(place, item);
    this.#owners.put(place, owner);
    return owner;
  }
}

function textBytes(value: Value): number {
  return typeof value === "string" ? stringBytes(value.length) : 0;
}
