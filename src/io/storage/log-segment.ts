/**
 * One file of the log: a header page, then encoded records back to back.
 *
 * Knows where records lie in the file and up to where it is synced. Decides nothing about when to rotate, sync or
 * drop.
 *
 * The header page carries the *sync note*: up to which byte the file was synced, written (and not synced itself)
 * after each sync, so the next sync makes it durable. It may lag, it never runs ahead. It has two slots, so that a
 * torn one leaves the older.
 *
 * ```text
 * 0    "IRXLOG1\n"   8 u32 generation   16 f64 first offset   24 u32 CRC-32 of bytes 0..24
 * 512, 1024   sync note: 0 u32 number   8 f64 bytes synced   16 u32 CRC-32 of bytes 0..16
 * 4096 records
 * ```
 */
import fs from "node:fs";
import path from "node:path";
import { invariant } from "../../base/errors.ts";
import type { Offset } from "../../base/ids.ts";
import { crc32 } from "../../protocol/crc32.ts";
import { RecordCursor } from "../../protocol/record.ts";
import { type FileCalls, readFully, readFullySync, SharedFd, writeFullySync } from "./file-calls.ts";

export const SEGMENT_HEADER_BYTES = 4096;

const MAGIC = "IRXLOG1\n";
const NOTE_SLOTS: readonly [number, number] = [512, 1024];
const NOTE_BYTES = 20;
const INDEX_EVERY_BYTES = 64 * 1024;

/** Where a record begins in the file. */
export interface RecordPlace {
  readonly offset: Offset;
  readonly position: number;
}

export interface SegmentHeader {
  readonly generation: number;
  readonly firstOffset: Offset;
  readonly syncedBytes: number;
  readonly noteNumber: number;
}

export class LogSegment {
  readonly path: string;
  readonly generation: number;
  readonly firstOffset: Offset;
  readonly file: SharedFd;
  /** Last record in the file; one below `firstOffset` when there is none. */
  lastOffset: Offset;
  /** Length of the file: header and whole records. */
  size: number = SEGMENT_HEADER_BYTES;
  /** How much of the file is known to be synced; 0 when not even the header is. */
  syncedBytes: number;
  /** Rises with each truncation: what a sync that was under way then says of the file is void. */
  truncations = 0;
  #noteNumber: number;
  /** The first record, then about one each 64 KB; ordered. */
  #index: RecordPlace[] = [];
  readonly #calls: FileCalls;

  constructor(file: string, header: SegmentHeader, calls: FileCalls) {
    this.path = file;
    this.generation = header.generation;
    this.firstOffset = header.firstOffset;
    this.lastOffset = (header.firstOffset - 1) as Offset;
    this.syncedBytes = header.syncedBytes;
    this.#noteNumber = header.noteNumber;
    this.#calls = calls;
    this.file = new SharedFd(fs.openSync(file, "r+"));
  }

  /** Makes the file; its name is not durable before the directory is synced. */
  static create(directory: string, generation: number, firstOffset: Offset, calls: FileCalls): LogSegment {
    const file = path.join(directory, segmentName(generation, firstOffset));
    const fd = fs.openSync(file, "w");
    try {
      try {
        writeFullySync(calls, fd, encodeHeader(generation, firstOffset), 0);
      } finally {
        fs.closeSync(fd);
      }
      return new LogSegment(file, { generation, firstOffset, syncedBytes: 0, noteNumber: 0 }, calls);
    } catch (error) {
      fs.unlinkSync(file);
      throw error;
    }
  }

  append(bytes: Buffer, firstOffset: Offset, lastOffset: Offset): void {
    writeFullySync(this.#calls, this.file.fd, bytes, this.size);
    this.admit(bytes, firstOffset, lastOffset);
  }

  /** Takes note of whole records that are in the file already, right behind those known so far. */
  admit(bytes: Buffer, firstOffset: Offset, lastOffset: Offset): void {
    this.#extendIndex(bytes, firstOffset);
    this.size += bytes.length;
    this.lastOffset = lastOffset;
  }

  /** Where the record `offset`, which must be in the file, begins. */
  placeOf(offset: Offset): RecordPlace {
    if (offset > this.lastOffset) return { offset, position: this.size };
    const position = this.#find(offset);
    invariant(position !== undefined, `record ${offset} is where the index says`);
    return { offset, position };
  }

  /** As `placeOf`, for a file that may be damaged by now: then a place shortly before it. */
  roughPlaceOf(offset: Offset): number {
    return this.#find(offset) ?? this.nearestPlace(offset).position;
  }

  /** The indexed record at or before `offset`, which must be in the file. */
  nearestPlace(offset: Offset): RecordPlace {
    let low = 0;
    let high = this.#index.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#index[middle] as RecordPlace).offset <= offset) low = middle;
      else high = middle;
    }
    const place = this.#index[low];
    invariant(place !== undefined && place.offset <= offset, "an offset is looked up where it is");
    return place;
  }

  /** Bytes at `position`, ending with the records known now. */
  read(position: number, length: number): Promise<Buffer> {
    const end = Math.min(position + length, this.size);
    return this.file.use((fd) => readFully(fd, position, end - position));
  }

  /** Says in the file that its first `bytes` are synced. */
  noteSynced(bytes: number): void {
    this.#noteNumber++;
    const slot = NOTE_SLOTS[this.#noteNumber % 2] as number;
    writeFullySync(this.#calls, this.file.fd, encodeNote(this.#noteNumber, bytes), slot);
    this.syncedBytes = bytes;
  }

  /** Takes away all from `place` on; durable on return. */
  truncate(place: RecordPlace): void {
    this.truncations++;
    // First the note, durably: it must never speak of bytes that are gone, and may be written anew.
    if (this.syncedBytes > place.position) this.noteSynced(place.position);
    this.#calls.fdatasyncSync(this.file.fd);
    fs.ftruncateSync(this.file.fd, place.position);
    fs.fsyncSync(this.file.fd);
    this.size = place.position;
    this.lastOffset = (place.offset - 1) as Offset;
    this.#index = this.#index.filter((entry) => entry.position < place.position);
  }

  #find(offset: Offset): number | undefined {
    const from = this.nearestPlace(offset);
    const bytes = readFullySync(this.file.fd, from.position, this.#indexedEnd(from) - from.position);
    const cursor = new RecordCursor(bytes);
    while (cursor.next()) if (cursor.offset === offset) return from.position + cursor.start;
    return undefined;
  }

  #extendIndex(bytes: Buffer, firstOffset: Offset): void {
    const last = this.#index.at(-1);
    if (last === undefined || this.size - last.position >= INDEX_EVERY_BYTES) {
      this.#index.push({ offset: firstOffset, position: this.size });
    }
    if (bytes.length <= INDEX_EVERY_BYTES) return;
    // A large batch (a replica that catches up): one entry would make reads from its middle long.
    const cursor = new RecordCursor(bytes);
    let indexed = 0;
    while (cursor.next()) {
      if (cursor.start - indexed < INDEX_EVERY_BYTES) continue;
      indexed = cursor.start;
      this.#index.push({ offset: cursor.offset, position: this.size + cursor.start });
    }
  }

  #indexedEnd(place: RecordPlace): number {
    const next = this.#index.find((entry) => entry.position > place.position);
    return next?.position ?? this.size;
  }
}

/** Sorts by first offset, then by generation. */
export function segmentName(generation: number, firstOffset: Offset): string {
  return `${String(firstOffset).padStart(16, "0")}-${String(generation).padStart(6, "0")}.log`;
}

/** `null` when the bytes are no sound header. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.toString("latin1", 0, 8) !== MAGIC) return null;
  if (crc32(bytes, 0, 24) !== bytes.readUInt32LE(24)) return null;
  const firstOffset = bytes.readDoubleLE(16);
  if (!Number.isSafeInteger(firstOffset) || firstOffset < 1) return null;
  let note = { number: 0, bytes: 0 };
  for (const slot of NOTE_SLOTS) {
    if (crc32(bytes, slot, slot + 16) !== bytes.readUInt32LE(slot + 16)) continue;
    const number = bytes.readUInt32LE(slot);
    const syncedBytes = bytes.readDoubleLE(slot + 8);
    // Nothing compares with NaN: it would pass for "nothing is synced" and "all is" alike.
    const makesSense = Number.isSafeInteger(syncedBytes) && syncedBytes >= 0;
    if (makesSense && number > note.number) note = { number, bytes: syncedBytes };
  }
  return {
    generation: bytes.readUInt32LE(8),
    firstOffset: firstOffset as Offset,
    syncedBytes: note.bytes,
    noteNumber: note.number,
  };
}

function encodeHeader(generation: number, firstOffset: Offset): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  header.write(MAGIC, 0, "latin1");
  header.writeUInt32LE(generation, 8);
  header.writeDoubleLE(firstOffset, 16);
  header.writeUInt32LE(crc32(header, 0, 24), 24);
  return header;
}

function encodeNote(number: number, bytes: number): Buffer {
  const note = Buffer.alloc(NOTE_BYTES);
  note.writeUInt32LE(number, 0);
  note.writeDoubleLE(bytes, 8);
  note.writeUInt32LE(crc32(note, 0, 16), 16);
  return note;
}
