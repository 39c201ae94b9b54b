/**
 * Finds the keys whose time has come: a binary heap of keys in order of time. Each knows where it stands, so that a new time
 * moves it and a removal takes it out at once: a key that is refreshed for ever costs nothing, and nothing is ever rebuilt.
 *
 * Whoever adds a key gets a number for it, a slot, and speaks of it by that. What a key is, is its owner's business: where
 * keys are numbers, garbage collection has nothing to do here for a million that are given a time.
 */
import type { Millis } from "../../base/ids.ts";
import type { Randomness } from "../../base/randomness.ts";
import { ChunkedArray } from "./chunked-array.ts";
import { ChunkedNumbers } from "./chunked-numbers.ts";

/** In place of a slot: there is none, and a key without one lives for ever. */
export const NO_EXPIRY = -1;

/** So many free slots are kept for the next keys once the last key is gone. */
const SLOTS_KEPT = 1024;
/** A place of the heap is two numbers side by side: a time, and the slot that it is of. */
const PAIR = 2;
/** A mean is taken of so many times, or up to twice as many; of all where there are fewer. */
const SAMPLES = 100;

export class ExpiryIndex<Key> {
  readonly #heap = new ChunkedNumbers();
  /** By slot; `null` when that is free. */
  #keys = new ChunkedArray<Key | null>();
  /** By slot: where it stands in the heap; of a free one, the next that is free. */
  #positions = new ChunkedNumbers();
  /** The slot that is taken next. */
  #free = NO_EXPIRY;

  get size(): number {
    return this.#heap.length / PAIR;
  }

  /** Mean time that is left, in whole milliseconds, of places at even distances that have any left; 0 for none. */
  meanLeftMs(nowMs: Millis): Millis {
    const step = Math.max(1, Math.floor(this.size / SAMPLES));
    let sum = 0;
    let count = 0;
    for (let position = 0; position < this.size; position += step) {
      const leftMs = this.#timeAt(position) - nowMs;
      if (leftMs <= 0) continue;
      sum += leftMs;
      count += 1;
    }
    return count === 0 ? 0 : Math.floor(sum / count);
  }

  /** A key that is not here yet. @returns its slot, which is its own until it is removed. */
  add(key: Key, atMs: Millis): number {
    const position = this.size;
    const slot = this.#takeSlot(key, position);
    this.#heap.push(atMs);
    this.#heap.push(slot);
    this.#rise(position, atMs, slot);
    return slot;
  }

  /** @param slot of a key that is here, as everywhere. */
  keyOf(slot: number): Key {
    return this.#keys.at(slot) as Key;
  }

  /** The key is called otherwise from now on. */
  rename(slot: number, key: Key): void {
    this.#keys.put(slot, key);
  }

  /** Wall-clock milliseconds for keys. */
  atMs(slot: number): Millis {
    return this.#timeAt(this.#positions.at(slot));
  }

  change(slot: number, atMs: Millis): void {
    this.#settle(this.#positions.at(slot), atMs, slot);
  }

  remove(slot: number): void {
    const position = this.#positions.at(slot);
    this.#freeSlot(slot);
    const lastSlot = this.#heap.pop();
    const lastMs = this.#heap.pop();
    if (lastSlot !== slot) this.#settle(position, lastMs, lastSlot);
    else if (this.size === 0 && this.#keys.length > SLOTS_KEPT) this.#forgetSlots();
  }

  /** The slot of the earliest one, `NO_EXPIRY` when there is none. */
  first(): number {
    return this.size === 0 ? NO_EXPIRY : this.#slotAt(0);
  }

  /** Any one, each as likely as any other. */
  any(random: Randomness): Key | undefined {
    return this.size === 0 ? undefined : this.keyOf(this.#slotAt(random.below(this.size)));
  }

  /** What shall stand at `position`, where something else stood, finds its place from there. */
  #settle(position: number, atMs: Millis, slot: number): void {
    this.#sink(this.#rise(position, atMs, slot), atMs, slot);
  }

  /** @returns where it stands now. */
  #rise(from: number, atMs: Millis, slot: number): number {
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parentMs = this.#timeAt(parentAt);
      if (parentMs <= atMs) break;
      this.#place(at, parentMs, this.#slotAt(parentAt));
      at = parentAt;
    }
    this.#place(at, atMs, slot);
    return at;
  }

  #sink(from: number, atMs: Millis, slot: number): void {
    const { size } = this;
    let at = from;
    for (let childAt = at * 2 + 1; childAt < size; childAt = at * 2 + 1) {
      if (childAt + 1 < size && this.#timeAt(childAt + 1) < this.#timeAt(childAt)) childAt += 1;
      const childMs = this.#timeAt(childAt);
      if (childMs >= atMs) break;
      this.#place(at, childMs, this.#slotAt(childAt));
      at = childAt;
    }
    if (at !== from) this.#place(at, atMs, slot);
  }

  #place(position: number, atMs: Millis, slot: number): void {
    this.#heap.put(position * PAIR, atMs);
    this.#heap.put(position * PAIR + 1, slot);
    this.#positions.put(slot, position);
  }

  #timeAt(position: number): Millis {
    return this.#heap.at(position * PAIR);
  }

  #slotAt(position: number): number {
    return this.#heap.at(position * PAIR + 1);
  }

  #takeSlot(key: Key, position: number): number {
    const slot = this.#free;
    if (slot === NO_EXPIRY) {
      this.#keys.push(key);
      this.#positions.push(position);
      return this.#keys.length - 1;
    }
    this.#free = this.#positions.at(slot);
    this.#keys.put(slot, key);
    this.#positions.put(slot, position);
    return slot;
  }

  #freeSlot(slot: number): void {
    this.#keys.put(slot, null);
    this.#positions.put(slot, this.#free);
    this.#free = slot;
  }

  #forgetSlots(): void {
    this.#keys = new ChunkedArray();
    this.#positions = new ChunkedNumbers();
    this.#free = NO_EXPIRY;
  }
}
