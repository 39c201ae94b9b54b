/**
 * The keys of one database, each with its value and what the keyspace knows about it, in one block of a slab: header, key,
 * value. So a look-up waits for two places in memory (index, block), and garbage collection sees nothing of a million
 * keys. Collections and long strings are objects of V8's heap; their blocks hold where those stand.
 *
 * A key is spoken of by the address of its block, which holds until the next change of the table: `add`, `setValue` and
 * `remove` may move the blocks of other keys. What `entryAt` gives is a copy.
 */
import { integerBytes } from "../../base/decimal.ts";
import type { Millis, Offset } from "../../base/ids.ts";
import type { Latin1Buffer } from "../../base/latin1.ts";
import type { Randomness } from "../../base/randomness.ts";
import { wordsFor } from "../../base/words.ts";
import {
  BELOW_FREQUENCY,
  EXPIRY,
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
  layoutOf,
  POSITION,
  SNAPSHOT,
  stringOffset,
  UNITS_MAX,
  USED_SEC,
  unitsOf,
} from "./block-layout.ts";
import type { Bookkeeping } from "./bookkeeping.ts";
import { ChunkedNumbers } from "./chunked-numbers.ts";
import type { Entry } from "./entry.ts";
import { ExpiryIndex, NO_EXPIRY } from "./expiry-index.ts";
import { HeapValues } from "./heap-values.ts";
import { KeyBlocks } from "./key-blocks.ts";
import { KEY_BYTES } from "./memory-model.ts";
import { PositionIndex } from "./position-index.ts";
import { pageOf } from "./scan-page.ts";
import { byteAt, UNIT_BYTES, wordAt } from "./slab.ts";
import { SoughtKey } from "./sought-key.ts";
import { FREQUENCY_INITIAL } from "./use-frequency.ts";
import type { Collection, TypeName, Value } from "./value.ts";

/** What no long key is. */
const NO_LONG_KEY = "";

/** What a new key is marked with: the record that makes it, the second, the snapshot that does not hold it. */
export type KeyMarks = Pick<Bookkeeping, "writeOffset" | "nowSec" | "snapshotMark">;

/** In place of an address: there is no such key. */
export const ABSENT = -1;

export class KeyTable extends KeyBlocks {
  /** The keys that expire, by the addresses of their blocks. */
  readonly expiries: ExpiryIndex<number> = new ExpiryIndex();

  readonly #index = new PositionIndex();
  /** The address of every key, for scans and random choices. */
  readonly #addresses = new ChunkedNumbers();
  readonly #heap = new HeapValues();

  readonly #sought = new SoughtKey();

  get size(): number {
    return this.#addresses.length;
  }

  /** @returns the address, or `ABSENT`. */
  find(key: string): number {
    const sought = this.#sought;
    if (sought.isText(key)) return sought.address;
    const index = this.#index;
    sought.set(key);
    const isLong = key.length > KEY_BYTES_MAX;
    sought.hash = isLong ? index.hashOf(key) : index.hashOfWords(sought.words, key.length);
    sought.address = index.find(this, key, sought.hash);
    return sought.address;
  }

  /** As `find`, of the key in `bytes` from `start` to `end`. */
  findBytes(bytes: Latin1Buffer, start: number, end: number): number {
    if (end - start > KEY_BYTES_MAX) return this.find(bytes.latin1Slice(start, end));
    const sought = this.#sought;
    if (sought.isBytes(bytes, start, end)) return sought.address;
    sought.setBytes(bytes, start, end);
    sought.hash = this.#index.hashOfWords(sought.words, end - start);
    sought.address = this.#index.find(this, NO_LONG_KEY, sought.hash);
    return sought.address;
  }

  /** For the index: whether the key of the block at `address` is the one that is sought. */
  isAt(address: number, key: string): boolean {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    const kind = kindOf(layout);
    if (kind === HEAP_BOTH) return this.#heap.keyAt(words[at + HEADER_WORDS] as number) === key;
    if (keyLengthOf(layout) !== this.#sought.length) return false;
    return this.#sought.isIn(words, at + (kind === INSIDE ? HEADER_WORDS : HEADER_WORDS + 1));
  }

  /** Adds a key that is not here yet. @returns its address. */
  add(key: string, value: Value, changedAt: Offset, usedSec: number, snapshotMark: number): number {
    this.find(key);
    const layout = layoutFor(key.length, value);
    const kind = kindOf(layout);
    const address = this.#addBlock(layout, changedAt, usedSec, snapshotMark);
    if (kind === INSIDE) this.fillWithText(address, value as string);
    else {
      const place = this.#heap.add(value, kind === HEAP_BOTH ? key : undefined, address);
      this.slab.wordsOf(address)[wordAt(address) + HEADER_WORDS] = place;
    }
    return address;
  }

  /**
   * As `add`, of the key that `findBytes` has just not found, with the string in `bytes` from `start` to `end`.
   *
   * @returns `ABSENT` when they are too long for a block; then nothing is changed.
   */
  addBytes(bytes: Buffer, start: number, end: number, marks: KeyMarks): number {
    const address = this.#addInside(end - start, marks);
    if (address !== ABSENT) this.fillWithBytes(address, bytes, start, end);
    return address;
  }

  /** As `addBytes`, of a safe integer's spelling. */
  addInteger(value: number, marks: KeyMarks): number {
    const address = this.#addInside(integerBytes(value), marks);
    if (address !== ABSENT) this.fillWithInteger(address, value);
    return address;
  }

  /** A block for the key that was sought last, with room for a string of `length`. */
  #addInside(length: number, marks: KeyMarks): number {
    const keyLength = this.#sought.length;
    if (keyLength > KEY_BYTES_MAX || length > LENGTH_MASK) return ABSENT;
    const layout = layoutOf(INSIDE, keyLength, length);
    if (unitsOf(layout) > UNITS_MAX) return ABSENT;
    return this.#addBlock(layout, marks.writeOffset, marks.nowSec, marks.snapshotMark);
  }

  /** A block for the key that was sought last, with all but its value. */
  #addBlock(layout: number, changedAt: Offset, usedSec: number, snapshotMark: number): number {
    const { hash } = this.#sought;
    const address = this.slab.allocate(unitsOf(layout));
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    words[at + HASH] = hash;
    words[at + POSITION] = this.size;
    words[at + USED_SEC] = usedSec;
    words[at + SNAPSHOT] = snapshotMark;
    words[at + EXPIRY] = NO_EXPIRY;
    words[at + LAYOUT] = layout | (FREQUENCY_INITIAL << FREQUENCY_SHIFT);
    this.setChangedAt(address, changedAt);
    if (kindOf(layout) !== HEAP_BOTH) this.#sought.writeTo(words, at + keyOffset(layout) / 4);
    this.#index.append(hash, address);
    this.#addresses.push(address);
    this.#sought.address = address;
    return address;
  }

  /** @returns the address that the key has now. */
  setValue(address: number, value: Value): number {
    if (typeof value === "string" && this.replaceString(address, value)) return address;
    const before = this.slab.wordsOf(address)[wordAt(address) + LAYOUT] as number;
    const kind = kindOf(before);
    const layout = kind === HEAP_BOTH ? before : layoutFor(keyLengthOf(before), value);
    if (kind === INSIDE || kind !== kindOf(layout)) return this.#rebuild(address, before, layout, value);
    this.#heap.setValue(this.#placeOf(address), value);
    return address;
  }

  /** A key that has no expiry any more. */
  remove(address: number): void {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    this.#index.drop(words[at + HASH] as number, address);
    const position = words[at + POSITION] as number;
    const last = this.#addresses.pop();
    if (last !== address) {
      this.#addresses.put(position, last);
      this.slab.wordsOf(last)[wordAt(last) + POSITION] = position;
    }
    if (kindOf(layout) !== INSIDE) this.#removeFromHeap(words[at + HEADER_WORDS] as number);
    this.#free(address, layout);
  }

  keyAt(address: number): string {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    if (kindOf(layout) === HEAP_BOTH) return this.#heap.keyAt(words[at + HEADER_WORDS] as number);
    const from = byteAt(address) + keyOffset(layout);
    return this.slab.bytesOf(address).latin1Slice(from, from + keyLengthOf(layout));
  }

  valueAt(address: number): Value {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    if (kindOf(layout) !== INSIDE) return this.#heap.valueAt(words[at + HEADER_WORDS] as number);
    const from = byteAt(address) + stringOffset(layout);
    return this.slab.bytesOf(address).latin1Slice(from, from + (layout & LENGTH_MASK));
  }

  /** What it holds, unless that is a string. */
  collectionAt(address: number): Collection | undefined {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    if (kindOf(words[at + LAYOUT] as number) === INSIDE) return undefined;
    const value = this.#heap.valueAt(words[at + HEADER_WORDS] as number);
    return typeof value === "string" ? undefined : value;
  }

  typeAt(address: number): TypeName {
    return this.collectionAt(address)?.type ?? "string";
  }

  entryAt(address: number): Entry {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    return {
      value: this.valueAt(address),
      expireAtMs: this.expireAtMs(address),
      usedSec: (words[at + USED_SEC] as number) >>> 0,
      frequency: (words[at + LAYOUT] as number) >>> FREQUENCY_SHIFT,
    };
  }

  /** What the key takes in memory with its value, the elements of a collection and its expiry not counted. */
  bytesAt(address: number): number {
    const layout = this.slab.wordsOf(address)[wordAt(address) + LAYOUT] as number;
    const bytes = KEY_BYTES - HEADER_BYTES + unitsOf(layout) * UNIT_BYTES;
    return kindOf(layout) === INSIDE ? bytes : bytes + this.#heap.bytesAt(this.#placeOf(address));
  }

  /** Wall-clock milliseconds at which the key expires; 0 for never. */
  expireAtMs(address: number): Millis {
    const slot = this.slab.wordsOf(address)[wordAt(address) + EXPIRY] as number;
    return slot === NO_EXPIRY ? 0 : this.expiries.atMs(slot);
  }

  /** @param expireAtMs 0 for never. @returns whether it expired before. */
  setExpiry(address: number, expireAtMs: Millis): boolean {
    const words = this.slab.wordsOf(address);
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
    const fresh = this.slab.allocate(unitsOf(layout));
    this.slab.copy(address, fresh, HEADER_WORDS);
    const words = this.slab.wordsOf(fresh);
    const at = wordAt(fresh);
    words[at + LAYOUT] = layout | (before & ~BELOW_FREQUENCY);
    this.#copyKey(address, before, fresh, layout);
    if (kind === INSIDE) this.fillWithText(fresh, value as string);
    else words[at + HEADER_WORDS] = this.#heap.add(value, undefined, fresh);
    this.#moved(address, fresh);
    if (place !== undefined) this.#removeFromHeap(place);
    return this.#free(address, before) === fresh ? address : fresh;
  }

  /** @returns where the block stood that stands at `address` now. */
  #free(address: number, layout: number): number {
    this.#sought.forget();
    const moved = this.slab.free(address, unitsOf(layout));
    if (moved !== address) this.#moved(moved, address);
    return moved;
  }

  /** What stood at `from` stands at `to` now, complete. */
  #moved(from: number, to: number): void {
    const words = this.slab.wordsOf(to);
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
    if (owner !== undefined) this.slab.wordsOf(owner)[wordAt(owner) + HEADER_WORDS] = place;
  }

  /** Where its value is in the heap. */
  #placeOf(address: number): number {
    return this.slab.wordsOf(address)[wordAt(address) + HEADER_WORDS] as number;
  }

  #copyKey(from: number, fromLayout: number, to: number, toLayout: number): void {
    const source = this.slab.wordsOf(from);
    const target = this.slab.wordsOf(to);
    const sourceAt = wordAt(from) + keyOffset(fromLayout) / 4;
    const targetAt = wordAt(to) + keyOffset(toLayout) / 4;
    for (let word = wordsFor(keyLengthOf(fromLayout)) - 1; word >= 0; word -= 1) {
      target[targetAt + word] = source[sourceAt + word] as number;
    }
  }
}
