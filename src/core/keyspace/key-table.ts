/**
 * The keys of one database, each with its value and what the keyspace knows about it, in one block of a slab: header, key,
 * value. So a look-up waits for two places in memory (index, block), and garbage collection sees nothing of a million
 * keys. Collections and long strings are objects of V8's heap; their blocks hold where those stand.
 *
 * A key is spoken of by the address of its block, which holds until the next change of the table: `add`, `setValue` and
 * `remove` may move the blocks of other keys. What `entryAt` gives is a copy.
 */
import type { Millis, Offset } from "../../base/ids.ts";
import { writeLatin1 } from "../../base/latin1.ts";
import type { Randomness } from "../../base/randomness.ts";
import {
  BELOW_FREQUENCY,
  CHANGED_HIGH,
  CHANGED_LOW,
  EXPIRY,
  FORM_MASK,
  FORM_SHIFT,
  FREQUENCY_SHIFT,
  HASH,
  HEADER_BYTES,
  HEADER_WORDS,
  HEAP_BOTH,
  INSIDE,
  KEY_BYTES_MAX,
  keyLengthOf,
  keyOffset,
  kindOf,
  LAYOUT,
  LENGTH_MASK,
  layoutFor,
  POSITION,
  SNAPSHOT,
  stringOffset,
  USED_SEC,
  unitsOf,
  wordsFor,
} from "./block-layout.ts";
import { ChunkedNumbers } from "./chunked-numbers.ts";
import type { Entry } from "./entry.ts";
import { ExpiryIndex, NO_EXPIRY } from "./expiry-index.ts";
import { HeapValues } from "./heap-values.ts";
import { KEY_BYTES } from "./memory-model.ts";
import { PositionIndex } from "./position-index.ts";
import { pageOf } from "./scan-page.ts";
import { byteAt, Slab, UNIT_BYTES, wordAt } from "./slab.ts";
import { FREQUENCY_INITIAL } from "./use-frequency.ts";
import type { Collection, TypeName, Value } from "./value.ts";

const HIGH = 2 ** 32;

/** In place of an address: there is no such key. */
export const ABSENT = -1;

export class KeyTable {
  /** The keys that expire, by the addresses of their blocks. */
  readonly expiries: ExpiryIndex<number> = new ExpiryIndex();

  readonly #slab = new Slab();
  readonly #index = new PositionIndex();
  /** The address of every key, for scans and random choices. */
  readonly #addresses = new ChunkedNumbers();
  readonly #heap = new HeapValues();

  /** The key that was looked for last, in words unless it is long, with its hash and what was found: it is mostly the next one as well. */
  #sought: string | undefined;
  #soughtHash = 0;
  #soughtAt = ABSENT;
  readonly #soughtWords = new Int32Array(KEY_BYTES_MAX / 4);

  get size(): number {
    return this.#addresses.length;
  }

  /** @returns the address, or `ABSENT`. */
  find(key: string): number {
    if (key === this.#sought) return this.#soughtAt;
    this.#sought = undefined;
    const hash = this.#hashOf(key);
    const address = this.#index.find(this, key, hash);
    // A long one, of any length, would stay in memory until the next look.
    if (key.length <= KEY_BYTES_MAX) this.#sought = key;
    this.#soughtHash = hash;
    this.#soughtAt = address;
    return address;
  }

  /** For `find`: whether the key of the block at `address` is the one that is sought. */
  isAt(address: number, key: string): boolean {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    const kind = kindOf(layout);
    if (kind === HEAP_BOTH) return this.#heap.keyAt(words[at + HEADER_WORDS] as number) === key;
    if (keyLengthOf(layout) !== key.length) return false;
    const from = at + (kind === INSIDE ? HEADER_WORDS : HEADER_WORDS + 1);
    const sought = this.#soughtWords;
    const count = wordsFor(key.length);
    for (let word = 0; word < count; word += 1) if (words[from + word] !== sought[word]) return false;
    return true;
  }

  /** Adds a key that is not here yet. @returns its address. */
  add(key: string, value: Value, changedAt: Offset, usedSec: number, snapshotMark: number): number {
    this.find(key);
    const hash = this.#soughtHash;
    const layout = layoutFor(key.length, value);
    const kind = kindOf(layout);
    const address = this.#slab.allocate(unitsOf(layout));
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    words[at + HASH] = hash;
    words[at + POSITION] = this.size;
    words[at + USED_SEC] = usedSec;
    words[at + SNAPSHOT] = snapshotMark;
    words[at + EXPIRY] = NO_EXPIRY;
    words[at + LAYOUT] = layout | (FREQUENCY_INITIAL << FREQUENCY_SHIFT);
    this.setChangedAt(address, changedAt);
    if (kind !== HEAP_BOTH) {
      const keyAt = at + keyOffset(layout) / 4;
      for (let word = wordsFor(key.length) - 1; word >= 0; word -= 1) {
        words[keyAt + word] = this.#soughtWords[word] as number;
      }
    }
    if (kind === INSIDE) this.#writeString(address, layout, value as string);
    else words[at + HEADER_WORDS] = this.#heap.add(value, kind === HEAP_BOTH ? key : undefined, address);
    this.#index.append(hash, address);
    this.#addresses.push(address);
    this.#soughtAt = address;
    return address;
  }

  /** Puts `value` in the place of a string that takes as much room. @returns false when it does not fit there; then nothing is changed. */
  replaceString(address: number, value: Value): boolean {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address) + LAYOUT;
    const before = words[at] as number;
    if (typeof value !== "string" || kindOf(before) !== INSIDE || value.length > LENGTH_MASK) return false;
    const layout = (before & ~LENGTH_MASK) | value.length;
    if (unitsOf(layout) !== unitsOf(before)) return false;
    words[at] = layout;
    this.#writeString(address, layout, value);
    return true;
  }

  /** @returns the address that the key has now. */
  setValue(address: number, value: Value): number {
    if (this.replaceString(address, value)) return address;
    const before = this.#slab.wordsOf(address)[wordAt(address) + LAYOUT] as number;
    const kind = kindOf(before);
    const layout = kind === HEAP_BOTH ? before : layoutFor(keyLengthOf(before), value);
    if (kind === INSIDE || kind !== kindOf(layout)) return this.#rebuild(address, before, layout, value);
    this.#heap.setValue(this.#placeOf(address), value);
    return address;
  }

  /** A key that has no expiry any more. */
  remove(address: number): void {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    this.#index.drop(words[at + HASH] as number, address);
    const position = words[at + POSITION] as number;
    const last = this.#addresses.pop();
    if (last !== address) {
      this.#addresses.put(position, last);
      this.#slab.wordsOf(last)[wordAt(last) + POSITION] = position;
    }
    if (kindOf(layout) !== INSIDE) this.#removeFromHeap(words[at + HEADER_WORDS] as number);
    this.#free(address, layout);
  }

  keyAt(address: number): string {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    if (kindOf(layout) === HEAP_BOTH) return this.#heap.keyAt(words[at + HEADER_WORDS] as number);
    const from = byteAt(address) + keyOffset(layout);
    return this.#slab.bytesOf(address).latin1Slice(from, from + keyLengthOf(layout));
  }

  valueAt(address: number): Value {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    if (kindOf(layout) !== INSIDE) return this.#heap.valueAt(words[at + HEADER_WORDS] as number);
    const from = byteAt(address) + stringOffset(layout);
    return this.#slab.bytesOf(address).latin1Slice(from, from + (layout & LENGTH_MASK));
  }

  /** What it holds, unless that is a string. */
  collectionAt(address: number): Collection | undefined {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    if (kindOf(words[at + LAYOUT] as number) === INSIDE) return undefined;
    const value = this.#heap.valueAt(words[at + HEADER_WORDS] as number);
    return typeof value === "string" ? undefined : value;
  }

  typeAt(address: number): TypeName {
    return this.collectionAt(address)?.type ?? "string";
  }

  entryAt(address: number): Entry {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    return {
      value: this.valueAt(address),
      expireAtMs: this.expireAtMs(address),
      usedSec: (words[at + USED_SEC] as number) >>> 0,
      frequency: (words[at + LAYOUT] as number) >>> FREQUENCY_SHIFT,
    };
  }

  /** When a command last looked at it, in seconds. */
  usedSec(address: number): number {
    return (this.#slab.wordsOf(address)[wordAt(address) + USED_SEC] as number) >>> 0;
  }

  /** How often it is used, while that is counted, 0 to 255. */
  frequency(address: number): number {
    return (this.#slab.wordsOf(address)[wordAt(address) + LAYOUT] as number) >>> FREQUENCY_SHIFT;
  }

  /** What the key takes in memory with its value, the elements of a collection and its expiry not counted. */
  bytesAt(address: number): number {
    const layout = this.#slab.wordsOf(address)[wordAt(address) + LAYOUT] as number;
    const bytes = KEY_BYTES - HEADER_BYTES + unitsOf(layout) * UNIT_BYTES;
    return kindOf(layout) === INSIDE ? bytes : bytes + this.#heap.bytesAt(this.#placeOf(address));
  }

  /** Offset of the record that last changed it. */
  changedAt(address: number): Offset {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    const low = (words[at + CHANGED_LOW] as number) >>> 0;
    return ((words[at + CHANGED_HIGH] as number) * HIGH + low) as Offset;
  }

  setChangedAt(address: number, offset: Offset): void {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    words[at + CHANGED_LOW] = offset | 0;
    words[at + CHANGED_HIGH] = offset / HIGH;
  }

  setUsed(address: number, nowSec: number): void {
    this.#slab.wordsOf(address)[wordAt(address) + USED_SEC] = nowSec;
  }

  setFrequency(address: number, frequency: number): void {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address) + LAYOUT;
    words[at] = ((words[at] as number) & BELOW_FREQUENCY) | (frequency << FREQUENCY_SHIFT);
  }

  /** What `setForm` was told last, 0 to 3; 0 for a new key. */
  form(address: number): number {
    return ((this.#slab.wordsOf(address)[wordAt(address) + LAYOUT] as number) >>> FORM_SHIFT) & FORM_MASK;
  }

  /** @param form what is to be known of the string beside its bytes; another one that takes its place may keep it. */
  setForm(address: number, form: number): void {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address) + LAYOUT;
    words[at] = ((words[at] as number) & ~(FORM_MASK << FORM_SHIFT)) | (form << FORM_SHIFT);
  }

  /** Number of the snapshot that needs no more of it: it was written there, or it came to be later. */
  snapshotMark(address: number): number {
    return this.#slab.wordsOf(address)[wordAt(address) + SNAPSHOT] as number;
  }

  setSnapshotMark(address: number, mark: number): void {
    this.#slab.wordsOf(address)[wordAt(address) + SNAPSHOT] = mark;
  }

  /** Wall-clock milliseconds at which the key expires; 0 for never. */
  expireAtMs(address: number): Millis {
    const slot = this.#slab.wordsOf(address)[wordAt(address) + EXPIRY] as number;
    return slot === NO_EXPIRY ? 0 : this.expiries.atMs(slot);
  }

  /** @param expireAtMs 0 for never. @returns whether it expired before. */
  setExpiry(address: number, expireAtMs: Millis): boolean {
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address) + EXPIRY;
    const slot = words[at] as number;
    if (slot === NO_EXPIRY) {
      if (expireAtMs !== 0) words[at] = this.expiries.add(address, expireAtMs);
      return false;
    }
    if (expireAtMs !== 0) this.expiries.change(slot, expireAtMs);
    else {
      this.expiries.remove(slot);
      words[at] = NO_EXPIRY;
    }
    return true;
  }

  /** The key that expires before all others; `ABSENT` when none does. */
  firstToExpire(): number {
    const first = this.expiries.first();
    return first === NO_EXPIRY ? ABSENT : this.expiries.keyOf(first);
  }

  /** Whoever is there throughout comes up, perhaps more than once, whatever changes meanwhile; who comes meanwhile may not. */
  *walk(): IterableIterator<number> {
    for (let position = this.size - 1; position >= 0; position = Math.min(position, this.size) - 1) {
      yield this.#addresses.at(position);
    }
  }

  /** One page of a scan; see `pageOf`. */
  scan(cursor: number, count: number): { readonly cursor: number; readonly addresses: number[] } {
    const page = pageOf(this.size, cursor, count);
    const addresses: number[] = [];
    for (let at = page.from; at >= page.to; at -= 1) addresses.push(this.#addresses.at(at));
    return { cursor: page.cursor, addresses };
  }

  /** Any key, each as likely as any other; there is one. */
  any(random: Randomness): number {
    return this.#addresses.at(random.below(this.size));
  }

  /** Gives the key a block of another size or kind. @returns its address. */
  #rebuild(address: number, before: number, layout: number, value: Value): number {
    const place = kindOf(before) === INSIDE ? undefined : this.#placeOf(address);
    const kind = kindOf(layout);
    const fresh = this.#slab.allocate(unitsOf(layout));
    this.#slab.copy(address, fresh, HEADER_WORDS);
    const words = this.#slab.wordsOf(fresh);
    const at = wordAt(fresh);
    words[at + LAYOUT] = layout | (before & ~BELOW_FREQUENCY);
    this.#copyKey(address, before, fresh, layout);
    if (kind === INSIDE) this.#writeString(fresh, layout, value as string);
    else words[at + HEADER_WORDS] = this.#heap.add(value, undefined, fresh);
    this.#moved(address, fresh);
    if (place !== undefined) this.#removeFromHeap(place);
    return this.#free(address, before) === fresh ? address : fresh;
  }

  /** @returns where the block stood that stands at `address` now. */
  #free(address: number, layout: number): number {
    this.#sought = undefined;
    const moved = this.#slab.free(address, unitsOf(layout));
    if (moved !== address) this.#moved(moved, address);
    return moved;
  }

  /** What stood at `from` stands at `to` now, complete. */
  #moved(from: number, to: number): void {
    const words = this.#slab.wordsOf(to);
    const at = wordAt(to);
    this.#index.move(words[at + HASH] as number, from, to);
    this.#addresses.put(words[at + POSITION] as number, to);
    const slot = words[at + EXPIRY] as number;
    if (slot !== NO_EXPIRY) this.expiries.rename(slot, to);
    if (kindOf(words[at + LAYOUT] as number) !== INSIDE) {
      this.#heap.setOwner(words[at + HEADER_WORDS] as number, to);
    }
  }

  /** Another value takes the place that becomes free. */
  #removeFromHeap(place: number): void {
    const owner = this.#heap.remove(place);
    if (owner !== undefined) this.#slab.wordsOf(owner)[wordAt(owner) + HEADER_WORDS] = place;
  }

  /** Where its value is in the heap. */
  #placeOf(address: number): number {
    return this.#slab.wordsOf(address)[wordAt(address) + HEADER_WORDS] as number;
  }

  #copyKey(from: number, fromLayout: number, to: number, toLayout: number): void {
    const source = this.#slab.wordsOf(from);
    const target = this.#slab.wordsOf(to);
    const sourceAt = wordAt(from) + keyOffset(fromLayout) / 4;
    const targetAt = wordAt(to) + keyOffset(toLayout) / 4;
    for (let word = wordsFor(keyLengthOf(fromLayout)) - 1; word >= 0; word -= 1) {
      target[targetAt + word] = source[sourceAt + word] as number;
    }
  }

  #writeString(address: number, layout: number, value: string): void {
    writeLatin1(this.#slab.bytesOf(address), value, byteAt(address) + stringOffset(layout));
  }

  #hashOf(key: string): number {
    const index = this.#index;
    return key.length > KEY_BYTES_MAX ? index.hashOf(key) : index.writeHashed(key, this.#soughtWords);
  }
}
