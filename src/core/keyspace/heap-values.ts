/**
 * What is not in the blocks of a `KeyTable`: collections, long strings, and long keys with whatever they hold.
 */
import { stringBytes } from "./memory-model.ts";
import { OwnedItems } from "./owned-items.ts";
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
  readonly #items = new OwnedItems<Value | LongKeyed>();

  /** @param key when it is to be kept here as well. @returns its place, one of 0 to the number of items, as everywhere here. */
  add(value: Value, key: string | undefined, owner: number): number {
    return this.#items.add(key === undefined ? value : new LongKeyed(key, value), owner);
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
    this.#items.setOwner(place, owner);
  }

  /** What is here of the key in memory; of a collection only its place. */
  bytesAt(place: number): number {
    const item = this.#items.at(place);
    if (item instanceof LongKeyed) return PLACES_BYTES + stringBytes(item.key.length) + textBytes(item.value);
    return PLACES_BYTES + textBytes(item);
  }

  /** @returns the owner of the item that has taken the place, if any has. */
  remove(place: number): number | undefined {
    return this.#items.remove(place);
  }
}

function textBytes(value: Value): number {
  return typeof value === "string" ? stringBytes(value.length) : 0;
}
