/**
 * A bounded run of a stream's entries, packed into one buffer: IDs as differences to the first one, field names only
 * where they differ from those of the first entry. What is deleted is cut out at once, but still counts for the node's
 * bounds, as in Redis. It knows no stream.
 */
import { difference, int64, sum } from "./exact-integer.ts";
import { integerBytes, LISTPACK_BYTES, textBytes } from "./listpack-size.ts";
import { STREAM_NODE_BYTES, stringBytes } from "./memory-model.ts";
import { INTEGER_BYTES_MAX, PackedReader, PackedText } from "./packed-text.ts";
import { compareIds, type StreamId } from "./stream-id.ts";

export interface StreamEntry {
  readonly id: StreamId;
  /** Fields and values in turn. */
  readonly pairs: readonly string[];
}

/** When the next entry begins a new node: Redis's stream-node-max-bytes and -entries; 0 for no limit. */
export interface StreamNodeLimits {
  readonly bytesMax: number;
  readonly entriesMax: number;
}

/** No node becomes larger, whatever the limits. */
const NODE_BYTES_MAX = 1024 * 1024 * 1024;

/** Where an entry lies in the buffer. */
interface Place {
  readonly id: StreamId;
  readonly from: number;
  readonly to: number;
}

export class StreamNode {
  /** The ID that the others are told from; its entry may be deleted. */
  readonly base: StreamId;
  /** Names in the first entry. */
  readonly #fields: readonly string[];
  /** The last entry's ID, even if that is deleted. */
  last: StreamId;
  /** The last entry's ID of those that are not deleted. */
  lastLive: StreamId;
  /** Number of entries that are not deleted. */
  live = 0;
  #deleted = 0;
  /** What Redis spends on the entries and their field names. */
  #listpackBytes: number;
  #packed = new PackedText();
  readonly #fieldBytes: number;

  private constructor(base: StreamId, fields: readonly string[], listpackBytes: number) {
    this.base = base;
    this.last = base;
    this.lastLive = base;
    this.#fields = fields;
    this.#fieldBytes = fields.reduce((bytes, field) => bytes + stringBytes(field.length), 0);
    this.#listpackBytes = listpackBytes;
  }

  /**
   * A node without entries, for one that is added next.
   *
   * @param before the node before: names that are the same are kept once.
   */
  static for(
    base: StreamId,
    argv: readonly string[],
    from: number,
    before: StreamNode | undefined,
  ): StreamNode {
    if (before?.sharesFields(argv, from) === true) {
      return new StreamNode(base, before.#fields, masterBytes(before.#fields));
    }
    const fields: string[] = [];
    for (let at = from; at < argv.length; at += 2) fields.push(argv[at] as string);
    return new StreamNode(base, fields, masterBytes(fields));
  }

  /** What it takes in memory, by `memory-model.ts`. */
  get bytes(): number {
    return STREAM_NODE_BYTES + this.#fieldBytes + this.#packed.used;
  }

  /** Whether an entry with so many bytes in its fields and values may be added. */
  accepts(bytes: number, { bytesMax, entriesMax }: StreamNodeLimits): boolean {
    const limit = bytesMax === 0 || bytesMax > NODE_BYTES_MAX ? NODE_BYTES_MAX : bytesMax;
    const counts = integerBytes(this.live) + integerBytes(this.#deleted);
    if (LISTPACK_BYTES + counts + this.#listpackBytes + bytes >= limit) return false;
    return entriesMax === 0 || this.live + this.#deleted < entriesMax;
  }

  /** @param argv fields and values in turn, from `from` on. */
  add(id: StreamId, argv: readonly string[], from: number): void {
    const same = this.sharesFields(argv, from);
    const pairs = (argv.length - from) / 2;
    const ms = difference(id.ms, this.base.ms);
    const seq = difference(id.seq, this.base.seq);
    const packed = this.#packed;
    let room = INTEGER_BYTES_MAX * 3;
    let listpackBytes = integerBytes(2) + integerBytes(ms) + integerBytes(int64(seq));
    for (let at = from; at < argv.length; at += 1) {
      if (same && (at - from) % 2 === 0) continue;
      const text = argv[at] as string;
      room += (text.length < 128 ? 1 : INTEGER_BYTES_MAX) + text.length;
      listpackBytes += textBytes(text);
    }
    packed.reserve(room);
    packed.writeInteger(ms);
    packed.writeInteger(ms === 0 ? seq : id.seq);
    packed.writeInteger(same ? 0 : pairs);
    for (let at = same ? from + 1 : from; at < argv.length; at += same ? 2 : 1)
      packed.writeText(argv[at] as string);
    listpackBytes += same ? integerBytes(pairs + 3) : integerBytes(pairs) + integerBytes(2 * pairs + 4);
    this.#listpackBytes += listpackBytes;
    this.live += 1;
    this.last = id;
    this.lastLive = id;
  }

  /** The next entry goes to another node. */
  seal(): void {
    this.#packed.shrink();
  }

  /** Entries from `start` on. The node must not change meanwhile. */
  *from(start: StreamId): IterableIterator<StreamEntry> {
    const reader = new PackedReader(this.#packed);
    while (!reader.done) {
      const id = this.#id(reader);
      const count = reader.number();
      if (compareIds(id, start) < 0) this.#skip(reader, count);
      else yield { id, pairs: this.#pairs(reader, count) };
    }
  }

  /** Entries from `end` back. The node must not change meanwhile. */
  *backwards(end: StreamId): IterableIterator<StreamEntry> {
    const places: Place[] = [];
    for (const place of this.#places()) {
      if (compareIds(place.id, end) > 0) break;
      places.push(place);
    }
    const reader = new PackedReader(this.#packed);
    for (const { id, from } of places.reverse()) {
      reader.at = from;
      this.#id(reader);
      yield { id, pairs: this.#pairs(reader, reader.number()) };
    }
  }

  /** The first entry's ID of those that are not deleted; there is one. */
  firstLive(): StreamId {
    return this.#id(new PackedReader(this.#packed));
  }

  has(id: StreamId): boolean {
    return this.#find(id) !== undefined;
  }

  /** Number of entries before `id`. */
  countBefore(id: StreamId): number {
    let count = 0;
    for (const place of this.#places()) {
      if (compareIds(place.id, id) >= 0) break;
      count += 1;
    }
    return count;
  }

  /** @returns whether it was there. */
  delete(id: StreamId): boolean {
    const found = this.#find(id);
    if (found === undefined) return false;
    this.#packed.cut(found.from, found.to);
    this.#lose(1);
    if (compareIds(id, this.lastLive) === 0) for (const place of this.#places()) this.lastLive = place.id;
    return true;
  }

  /** Deletes the first `count` entries, of more than that. */
  deleteFirst(count: number): void {
    let left = count;
    for (const { from } of this.#places()) {
      if (left === 0) {
        this.#packed.cut(0, from);
        break;
      }
      left -= 1;
    }
    this.#lose(count);
  }

  clone(): StreamNode {
    const copy = new StreamNode(this.base, this.#fields, this.#listpackBytes);
    copy.last = this.last;
    copy.lastLive = this.lastLive;
    copy.live = this.live;
    copy.#deleted = this.#deleted;
    copy.#packed = this.#packed.clone();
    return copy;
  }

  #lose(count: number): void {
    this.live -= count;
    this.#deleted += count;
  }

  /** Whether the first entry has the same fields in the same order. */
  sharesFields(argv: readonly string[], from: number): boolean {
    const fields = this.#fields;
    if (argv.length - from !== fields.length * 2) return false;
    for (let at = 0; at < fields.length; at += 1) if (fields[at] !== argv[from + at * 2]) return false;
    return true;
  }

  #find(id: StreamId): Place | undefined {
    for (const place of this.#places()) if (compareIds(place.id, id) >= 0) return sameOrNone(place, id);
    return undefined;
  }

  *#places(): IterableIterator<Place> {
    const reader = new PackedReader(this.#packed);
    while (!reader.done) {
      const from = reader.at;
      const id = this.#id(reader);
      this.#skip(reader, reader.number());
      yield { id, from, to: reader.at };
    }
  }

  #id(reader: PackedReader): StreamId {
    const ms = reader.integer();
    const seq = reader.integer();
    return ms === 0 ? { ms: this.base.ms, seq: sum(this.base.seq, seq) } : { ms: sum(this.base.ms, ms), seq };
  }

  /** @param count as it is written: number of pairs, or 0 for the first entry's fields. */
  #skip(reader: PackedReader, count: number): void {
    reader.skipTexts(count === 0 ? this.#fields.length : count * 2);
  }

  #pairs(reader: PackedReader, count: number): string[] {
    if (count !== 0) return reader.texts(count * 2);
    const values = reader.texts(this.#fields.length);
    const pairs = new Array<string>(values.length * 2);
    for (let at = 0; at < values.length; at += 1) {
      pairs[at * 2] = this.#fields[at] as string;
      pairs[at * 2 + 1] = values[at] as string;
    }
    return pairs;
  }
}

function sameOrNone(place: Place, id: StreamId): Place | undefined {
  return compareIds(place.id, id) === 0 ? place : undefined;
}

/** What the names of the first entry take in Redis. */
function masterBytes(fields: readonly string[]): number {
  let bytes = integerBytes(fields.length) + integerBytes(0);
  for (const field of fields) bytes += textBytes(field);
  return bytes;
}
