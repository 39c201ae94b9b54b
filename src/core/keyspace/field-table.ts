/**
 * The fields of a large hash, each with its value, in blocks of a slab, as a `KeyTable` has its keys: garbage collection sees nothing of
 * them, and a value is written over the one before. What is too long for a block is in V8's heap.
 *
 * Each field has a position, and there are no holes between these: the last one takes the place of one that goes. So the order is that of
 * insertion only until the first removal, but it is the same on every member that replays the same commands.
 */
import { writeLatin1 } from "../../base/latin1.ts";
import type { LongText } from "../../base/long-text.ts";
import type { Randomness } from "../../base/randomness.ts";
import { copyWords, writeWords } from "../../base/words.ts";
import { AROUND_BULK_BYTES, BulkWriter } from "../../protocol/resp/bulk-writer.ts";
import { bulk } from "../../protocol/resp/reply.ts";
import { ChunkedNumbers } from "./chunked-numbers.ts";
import {
  BLOCK_BYTES_MAX,
  FIELD_BYTES_MAX,
  fieldLengthOf,
  HASH,
  HEADER_WORDS,
  IN_HEAP,
  LAYOUT,
  layoutOf,
  POSITION,
  readEntry,
  readValue,
  unitsOf,
  valueLengthOf,
  valueOffset,
} from "./field-blocks.ts";
import { FIELD_BYTES, FIELD_TABLE_BYTES, LONG_FIELD_BYTES, stringBytes } from "./memory-model.ts";
import { OwnedItems } from "./owned-items.ts";
import { PositionIndex } from "./position-index.ts";
import { pageOf } from "./scan-page.ts";
import { byteAt, Slab, UNIT_BYTES, wordAt } from "./slab.ts";
import { SoughtKey } from "./sought-key.ts";

const ABSENT = -1;
/** What no field is that is too long for its words to be compared. */
const NO_LONG_FIELD = "";
/** There are many hashes of few fields, of many sizes. */
const FIRST_UNITS = 16;

type FieldEntry = readonly [field: string, value: string];
/** In place of one that is too long for a block, until it is known. */
const EMPTY: FieldEntry = ["", ""];

/** The field that is looked for, of whatever table: nothing is kept of what was found. */
const sought = new SoughtKey();
const otherWords = new Int32Array(FIELD_BYTES_MAX / 4);

/** Of each entry, what is wanted. */
export type EntryPart = "fields" | "values" | "both";

/** What a block's strings take at most. */
const BLOCK_STRINGS_BYTES_MAX = BLOCK_BYTES_MAX + 2 * AROUND_BULK_BYTES;
/** What all tables write their strings with, a piece at a time. */
const writer = new BulkWriter(64 * 1024);

export class FieldTable {
  #slab = new Slab(FIRST_UNITS);
  #index = new PositionIndex();
  /** Of the blocks, by position. */
  #addresses = new ChunkedNumbers();
  /** What is too long for its block; most tables have none. */
  #long: OwnedItems<FieldEntry> | undefined;
  /** Of all blocks. */
  #units = 0;
  /** Of what is not in the blocks. */
  #longBytes = 0;

  get size(): number {
    return this.#addresses.length;
  }

  get bytes(): number {
    const blocks = this.size * FIELD_BYTES + this.#units * UNIT_BYTES;
    return FIELD_TABLE_BYTES + blocks + this.#longBytes;
  }

  get(field: string): string | undefined {
    const address = this.#find(field);
    if (address === ABSENT) return undefined;
    const layout = this.#layoutAt(address);
    if (layout === IN_HEAP) return this.#longAt(address)[1];
    return readValue(this.#slab.bytesOf(address), byteAt(address), layout);
  }

  has(field: string): boolean {
    return this.#find(field) !== ABSENT;
  }

  /** @returns whether the field is new. */
  set(field: string, value: string): boolean {
    const known = this.#find(field);
    const layout = layoutOf(field.length, value.length);
    const address = this.#blockFor(known, layout);
    if (layout === IN_HEAP) this.#setLong(address, [field, value]);
    else writeLatin1(this.#slab.bytesOf(address), value, byteAt(address) + valueOffset(layout));
    return known === ABSENT;
  }

  /**
   * As `set`, of the field in `bytes` from `fieldStart` to `fieldEnd` and the value from `start` to `end`.
   *
   * @returns `undefined` when they are too long for a block; then nothing is changed.
   */
  setBytes(
    bytes: Buffer,
    fieldStart: number,
    fieldEnd: number,
    start: number,
    end: number,
  ): boolean | undefined {
    const layout = layoutOf(fieldEnd - fieldStart, end - start);
    if (layout === IN_HEAP) return undefined;
    sought.setBytes(bytes, fieldStart, fieldEnd);
    sought.hash = this.#index.hashOfWords(sought.words, sought.length);
    const known = this.#index.find(this, NO_LONG_FIELD, sought.hash);
    const address = this.#blockFor(known, layout);
    copyWords(bytes, start, end, this.#slab.wordsOf(address), wordAt(address) + valueOffset(layout) / 4);
    return known === ABSENT;
  }

  /** @returns whether the field was there. */
  delete(field: string): boolean {
    const address = this.#find(field);
    if (address === ABSENT) return false;
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    this.#index.drop(words[at + HASH] as number, address);
    const position = words[at + POSITION] as number;
    const last = this.#addresses.pop();
    if (last !== address) {
      this.#addresses.put(position, last);
      this.#setWord(last, POSITION, position);
    }
    const layout = this.#layoutAt(address);
    if (layout === IN_HEAP) this.#removeLong(this.#placeOf(address));
    this.#free(address, layout);
    return true;
  }

  /** By position. Short-lived use only: a field and its value may hold on to each other. The table must not change meanwhile. */
  *entries(): IterableIterator<[string, string]> {
    for (let position = 0; position < this.size; position += 1) yield this.entryAt(position);
  }

  /** Adds the bulk strings of all entries, by position. */
  addTo(reply: LongText, part: EntryPart): void {
    for (let position = 0; position < this.size; position += 1) {
      const address = this.#addresses.at(position);
      const layout = this.#layoutAt(address);
      if (writer.room < BLOCK_STRINGS_BYTES_MAX || layout === IN_HEAP) reply.add(writer.takeText());
      if (layout === IN_HEAP) {
        addEntry(reply, this.#longAt(address), part);
        continue;
      }
      const words = this.#slab.wordsOf(address);
      const at = wordAt(address);
      if (part !== "values") writer.addWords(words, at + HEADER_WORDS, fieldLengthOf(layout));
      if (part !== "fields") writer.addWords(words, at + valueOffset(layout) / 4, valueLengthOf(layout));
    }
    reply.add(writer.takeText());
  }

  /** As of `entries`. @param position one of 0 to size - 1. */
  entryAt(position: number): [string, string] {
    const address = this.#addresses.at(position);
    const layout = this.#layoutAt(address);
    if (layout !== IN_HEAP) return readEntry(this.#slab.bytesOf(address), byteAt(address), layout);
    const [field, value] = this.#longAt(address);
    return [field, value];
  }

  /** As `entries`, those of now, whatever changes meanwhile. */
  frozenEntries(): IterableIterator<[string, string]> {
    return this.#cloneWith(new PositionIndex()).entries();
  }

  /** One page of HSCAN; see `pageOf`. */
  scan(cursor: number, count: number): { readonly cursor: number; readonly items: [string, string][] } {
    const page = pageOf(this.size, cursor, count);
    const items: [string, string][] = [];
    for (let position = page.from; position >= page.to; position -= 1) items.push(this.entryAt(position));
    return { cursor: page.cursor, items };
  }

  /** Any field, each as likely as any other; `undefined` if there is none. */
  randomField(random: Randomness): string | undefined {
    return this.size === 0 ? undefined : this.entryAt(random.below(this.size))[0];
  }

  clone(): FieldTable {
    return this.#cloneWith(this.#index.clone());
  }

  /** For the index: whether the field of the block at `address` is the one that is sought. */
  isAt(address: number, longField: string): boolean {
    const layout = this.#layoutAt(address);
    if (layout !== IN_HEAP) {
      if (fieldLengthOf(layout) !== sought.length) return false;
      return sought.isIn(this.#slab.wordsOf(address), wordAt(address) + HEADER_WORDS);
    }
    const [field] = this.#longAt(address);
    if (field.length > FIELD_BYTES_MAX) return field === longField;
    if (field.length !== sought.length) return false;
    writeWords(field, otherWords);
    return sought.isIn(otherWords, 0);
  }

  /** Looks for a field, which is the one sought then. @returns the address of its block, or `ABSENT`. */
  #find(field: string): number {
    const index = this.#index;
    sought.set(field);
    const isLong = field.length > FIELD_BYTES_MAX;
    sought.hash = isLong ? index.hashOf(field) : index.hashOfWords(sought.words, field.length);
    return index.find(this, isLong ? field : NO_LONG_FIELD, sought.hash);
  }

  /** The block of the field that was just sought, laid out so: all but what it holds of the value, or of the place in the heap, is there. */
  #blockFor(known: number, layout: number): number {
    if (known === ABSENT) return this.#add(layout);
    const before = this.#layoutAt(known);
    if (before === layout) {
      this.#slab.own(known);
      return known;
    }
    if (before !== IN_HEAP && layout !== IN_HEAP && unitsOf(before) === unitsOf(layout)) {
      this.#setWord(known, LAYOUT, layout);
      return known;
    }
    return this.#rebuild(known, before, layout);
  }

  #add(layout: number): number {
    const address = this.#allocate(layout, sought.hash, this.size);
    this.#index.append(sought.hash, address);
    this.#addresses.push(address);
    if (layout === IN_HEAP) this.#addLong(address);
    return address;
  }

  #rebuild(address: number, before: number, layout: number): number {
    if (before === IN_HEAP) this.#removeLong(this.#placeOf(address));
    const position = this.#slab.wordsOf(address)[wordAt(address) + POSITION] as number;
    const fresh = this.#allocate(layout, sought.hash, position);
    this.#index.move(sought.hash, address, fresh);
    this.#addresses.put(position, fresh);
    if (layout === IN_HEAP) this.#addLong(fresh);
    return this.#free(address, before) === fresh ? address : fresh;
  }

  /** A block with all that is known of the field that was sought. */
  #allocate(layout: number, hash: number, position: number): number {
    const units = unitsOf(layout);
    this.#units += units;
    const address = this.#slab.allocate(units);
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    words[at + HASH] = hash;
    words[at + POSITION] = position;
    words[at + LAYOUT] = layout;
    if (layout !== IN_HEAP) sought.writeTo(words, at + HEADER_WORDS);
    return address;
  }

  /** @returns where the block stood that stands at `address` now. */
  #free(address: number, layout: number): number {
    const units = unitsOf(layout);
    this.#units -= units;
    const moved = this.#slab.free(address, units);
    if (moved === address) return moved;
    const words = this.#slab.wordsOf(address);
    const at = wordAt(address);
    this.#index.move(words[at + HASH] as number, moved, address);
    this.#addresses.put(words[at + POSITION] as number, address);
    if (words[at + LAYOUT] === IN_HEAP) this.#longs.setOwner(this.#placeOf(address), address);
    return moved;
  }

  /** A place in the heap for the block at `address`. */
  #addLong(address: number): void {
    const place = this.#longs.add(EMPTY, address);
    this.#longBytes += longBytes(EMPTY);
    this.#slab.wordsOf(address)[wordAt(address) + HEADER_WORDS] = place;
  }

  #setLong(address: number, entry: FieldEntry): void {
    const place = this.#placeOf(address);
    this.#longBytes += longBytes(entry) - longBytes(this.#longs.at(place));
    this.#longs.put(place, entry);
  }

  /** Another one takes the place that becomes free. */
  #removeLong(place: number): void {
    this.#longBytes -= longBytes(this.#longs.at(place));
    const owner = this.#longs.remove(place);
    if (owner !== undefined) this.#setWord(owner, HEADER_WORDS, place);
  }

  #cloneWith(index: PositionIndex): FieldTable {
    const copy = new FieldTable();
    copy.#index = index;
    copy.#slab = this.#slab.clone();
    copy.#addresses = this.#addresses.clone();
    copy.#long = this.#long?.clone();
    copy.#units = this.#units;
    copy.#longBytes = this.#longBytes;
    return copy;
  }

  #layoutAt(address: number): number {
    return this.#slab.wordsOf(address)[wordAt(address) + LAYOUT] as number;
  }

  #longAt(address: number): FieldEntry {
    return this.#longs.at(this.#placeOf(address));
  }

  get #longs(): OwnedItems<FieldEntry> {
    this.#long ??= new OwnedItems();
    return this.#long;
  }

  /** Where its field and value are in the heap. */
  #placeOf(address: number): number {
    return this.#slab.wordsOf(address)[wordAt(address) + HEADER_WORDS] as number;
  }

  #setWord(address: number, word: number, value: number): void {
    this.#slab.own(address);
    this.#slab.wordsOf(address)[wordAt(address) + word] = value;
  }
}

/** Adds the bulk strings of one entry. */
export function addEntry(reply: LongText, [field, value]: FieldEntry, part: EntryPart): void {
  if (part !== "values") reply.add(bulk(field));
  if (part !== "fields") reply.add(bulk(value));
}

function longBytes([field, value]: FieldEntry): number {
  return LONG_FIELD_BYTES + stringBytes(field.length) + stringBytes(value.length);
}
