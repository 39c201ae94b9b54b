/**
 * The encoded record: the unit of the replication log. The same bytes go into the log file and over the wire.
 *
 * Decides how a record is laid out and whether bytes are one; knows nothing about files, links or what the
 * payload does.
 *
 * ```text
 *  0  u32  CRC-32 of header bytes 4..27        16  u32  offset, low 32 bits
 *  4  u32  CRC-32 of the payload               20  u16  epoch, high 16 bits
 *  8  u32  payload length in bytes             22  u16  offset, high 16 bits
 * 12  u32  epoch, low 32 bits                  24  u16  db
 *                                              26  u8   kind
 *                                              27  u8   format version, 1
 * 28  payload: RESP commands
 * ```
 *
 * All little endian. The header has a CRC of its own, so that a damaged length can't pass for a record that was cut
 * off by a crash; a run of zeros, which is what a power cut leaves behind, is no header.
 */

import { invariant } from "../base/errors.ts";
import type { Epoch, Offset } from "../base/ids.ts";
import { EPOCH_ZERO, OFFSET_ZERO } from "../base/ids.ts";
import { copyBytes } from "../base/words.ts";
import { crc32 } from "./crc32.ts";

/** `effects`: commands to replay. `epochStart`: a reign begins. `probe`: nothing, shows that records still commit. */
export type RecordKind = "effects" | "epochStart" | "probe";

export const RECORD_HEADER_BYTES: number = 28;

/** Most that one record may take, header included. A little less than the longest JavaScript string. */
export const RECORD_BYTES_MAX: number = 512 * 1024 * 1024;

const FORMAT_VERSION = 1;
const TWO_POW_32 = 0x1_0000_0000;
const EPOCH_AND_OFFSET_MAX = 2 ** 48 - 1;
const DB_MAX = 0xffff;
/** Chunks double from the least size to the greatest while records keep coming: an idle node holds little. */
const CHUNK_BYTES_MIN = 64 * 1024;
const CHUNK_BYTES_MAX = 1024 * 1024;

// Place in the array is the code in the header; 0 is no kind, so that zeros never look like one.
const KINDS: readonly (RecordKind | undefined)[] = [undefined, "effects", "epochStart", "probe"];
const KIND_CODES: Readonly<Record<RecordKind, number>> = { effects: 1, epochStart: 2, probe: 3 };

/** Why the bytes at `at` are no whole, sound record. */
export interface Corruption {
  /** Byte position, in the buffer that was looked at, where the bad record begins. */
  readonly at: number;
  readonly reason: string;
  /** True when the bytes only end too early: what is there may be the beginning of a sound record. */
  readonly torn: boolean;
}

/**
 * Collects encoded records into one growing buffer.
 *
 * Not for values that are invalid by a peer's or a client's doing: limits are the caller's to check, and breaking
 * one is an invariant error.
 */
export class RecordWriter {
  #chunk: Buffer = Buffer.alloc(0);
  #view: DataView = viewInto(this.#chunk);
  #start = 0;
  #end = 0;
  #count = 0;
  /** Where the last record begins, while its length and its CRCs are not known; -1 when there is none. */
  #open = -1;

  /** Bytes appended since the last `take`. */
  get bytes(): number {
    return this.#end - this.#start;
  }

  /** Records appended since the last `take`. */
  get count(): number {
    return this.#count;
  }

  /** Payload bytes of the last record appended since the last `take`; 0 when there is none. */
  get lastPayloadBytes(): number {
    return this.#open < 0 ? 0 : this.#end - this.#open - RECORD_HEADER_BYTES;
  }

  /** @param payload latin1 text, one byte a character; `RECORD_BYTES_MAX - RECORD_HEADER_BYTES` of it at most. */
  append(kind: RecordKind, epoch: Epoch, offset: Offset, db: number, payload: string): void {
    const size = RECORD_HEADER_BYTES + payload.length;
    invariant(size <= RECORD_BYTES_MAX, "a record fits into RECORD_BYTES_MAX");
    invariant(
      epoch <= EPOCH_AND_OFFSET_MAX && offset <= EPOCH_AND_OFFSET_MAX,
      "epoch and offset fit into 48 bits",
    );
    invariant(db >= 0 && db <= DB_MAX, "a db number fits into 16 bits");
    this.#close();
    if (this.#end + size > this.#chunk.length) this.#makeRoom(size);

    const chunk = this.#chunk;
    const at = this.#end;
    if (payload !== "") chunk.write(payload, at + RECORD_HEADER_BYTES, payload.length, "latin1");
    storeU32(chunk, at + 12, epoch);
    storeU32(chunk, at + 16, offset);
    storeU16(chunk, at + 20, epoch / TWO_POW_32);
    storeU16(chunk, at + 22, offset / TWO_POW_32);
    storeU16(chunk, at + 24, db);
    chunk[at + 26] = KIND_CODES[kind];
    chunk[at + 27] = FORMAT_VERSION;
    this.#open = at;
    this.#end = at + size;
    this.#count++;
  }

  /** Adds to the payload of the last record appended since the last `take`; there must be one. @param payload as for `append`. */
  extend(payload: string): void {
    const at = this.#lengthen(payload.length);
    this.#chunk.write(payload, at, payload.length, "latin1");
  }

  /** As `extend`, of the part of `bytes` from `start` to `end`. */
  extendWith(bytes: Buffer, start: number, end: number): void {
    const at = this.#lengthen(end - start);
    copyBytes(bytes, start, end, this.#chunk, this.#view, at);
  }

  /** @returns where the last record's new bytes belong. */
  #lengthen(length: number): number {
    invariant(this.#open >= 0, "what was handed over is not changed any more");
    invariant(this.#end - this.#open + length <= RECORD_BYTES_MAX, "a record fits into RECORD_BYTES_MAX");
    if (this.#end + length > this.#chunk.length) this.#makeRoom(length);
    const at = this.#end;
    this.#end += length;
    return at;
  }

  /** Hands over all that was appended, as one buffer that the writer no longer touches. Empty when nothing was. */
  take(): Buffer {
    this.#close();
    const taken = this.#chunk.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#count = 0;
    return taken;
  }

  /** The last record is complete: one CRC over all that it came to hold costs less than many over its parts. */
  #close(): void {
    const at = this.#open;
    if (at < 0) return;
    this.#open = -1;
    const chunk = this.#chunk;
    const payloadAt = at + RECORD_HEADER_BYTES;
    storeU32(chunk, at + 4, crc32(chunk, payloadAt, this.#end));
    storeU32(chunk, at + 8, this.#end - payloadAt);
    storeU32(chunk, at, crc32(chunk, at + 4, payloadAt));
  }

  /** A fresh chunk: what was taken from the old one belongs to others. Batches share a chunk while it lasts. */
  #makeRoom(size: number): void {
    const pending = this.bytes;
    const needed = pending + size;
    // What is pending moves along: the more room, the seldomer.
    const usual = Math.min(Math.max(CHUNK_BYTES_MIN, this.#chunk.length * 2), CHUNK_BYTES_MAX);
    const roomy = Math.min(pending === 0 ? needed : needed * 2, RECORD_BYTES_MAX);
    const chunk = Buffer.allocUnsafeSlow(Math.max(usual, roomy, needed));
    this.#chunk.copy(chunk, 0, this.#start, this.#end);
    this.#chunk = chunk;
    this.#view = viewInto(chunk);
    if (this.#open >= 0) this.#open -= this.#start;
    this.#start = 0;
    this.#end = pending;
  }
}

function viewInto({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/**
 * Walks encoded records without copying them. Fields are those of the record that `next` moved to.
 *
 * It trusts what it walks: bytes from a file or a peer go through {@link findCorruption} once, on arrival.
 */
export class RecordCursor {
  epoch: Epoch = EPOCH_ZERO;
  offset: Offset = OFFSET_ZERO;
  kind: RecordKind = "effects";
  db = 0;
  payloadStart = 0;
  payloadEnd = 0;
  /** First byte of the record. */
  start: number;
  /** First byte after the record: where `next` goes on. */
  end: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.start = at;
    this.end = at;
  }

  /** Moves to the next record; false, and nothing moved, at the end or where no whole record is. */
  next(): boolean {
    const bytes = this.#bytes;
    const at = this.end;
    const payloadStart = at + RECORD_HEADER_BYTES;
    if (payloadStart > bytes.length) return false;
    const payloadEnd = payloadStart + loadU32(bytes, at + 8);
    if (payloadEnd > bytes.length) return false;
    this.start = at;
    this.end = payloadEnd;
    this.payloadStart = payloadStart;
    this.payloadEnd = payloadEnd;
    this.epoch = (loadU32(bytes, at + 12) + loadU16(bytes, at + 20) * TWO_POW_32) as Epoch;
    this.offset = (loadU32(bytes, at + 16) + loadU16(bytes, at + 22) * TWO_POW_32) as Offset;
    this.db = loadU16(bytes, at + 24);
    this.kind = KINDS[bytes[at + 26] as number] as RecordKind;
    return true;
  }
}

/**
 * Checks that `bytes` are whole, sound records from end to end: lengths, both CRCs, kind and version.
 *
 * @returns the first fault; `undefined` when there is none. Whether offsets follow on each other is the caller's.
 */
export function findCorruption(bytes: Buffer): Corruption | undefined {
  let at = 0;
  while (at < bytes.length) {
    const fault = headerFault(bytes, at);
    if (fault !== undefined) return { at, ...fault };
    const payloadStart = at + RECORD_HEADER_BYTES;
    const payloadEnd = payloadStart + loadU32(bytes, at + 8);
    if (payloadEnd > bytes.length) return { at, reason: "the record is cut off", torn: true };
    if (crc32(bytes, payloadStart, payloadEnd) !== loadU32(bytes, at + 4)) {
      return { at, reason: "the payload fails its CRC", torn: false };
    }
    at = payloadEnd;
  }
  return undefined;
}

interface HeaderFault {
  readonly reason: string;
  readonly torn: boolean;
}

// Constants: a cursor reaches the end of its bytes on the hot path and must not allocate there.
const CUT_OFF: HeaderFault = { reason: "the record's header is cut off", torn: true };
const BAD_CRC: HeaderFault = { reason: "the header fails its CRC", torn: false };
const BAD_VERSION: HeaderFault = { reason: "the record's format version is unknown", torn: false };
const BAD_KIND: HeaderFault = { reason: "the record's kind is unknown", torn: false };
const TOO_LARGE: HeaderFault = { reason: "the record is larger than any may be", torn: false };

function headerFault(bytes: Buffer, at: number): HeaderFault | undefined {
  const headerEnd = at + RECORD_HEADER_BYTES;
  if (headerEnd > bytes.length) return CUT_OFF;
  if (crc32(bytes, at + 4, headerEnd) !== loadU32(bytes, at)) return BAD_CRC;
  if (bytes[at + 27] !== FORMAT_VERSION) return BAD_VERSION;
  if (KINDS[bytes[at + 26] as number] === undefined) return BAD_KIND;
  if (loadU32(bytes, at + 8) > RECORD_BYTES_MAX - RECORD_HEADER_BYTES) return TOO_LARGE;
  return undefined;
}

// By hand: `writeUInt32LE` and its kin check ranges and cost several times as much (they show up in profiles).
function storeU32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function storeU16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

function loadU32(bytes: Buffer, at: number): number {
  return (
    (byte(bytes, at) |
      (byte(bytes, at + 1) << 8) |
      (byte(bytes, at + 2) << 16) |
      (byte(bytes, at + 3) << 24)) >>>
    0
  );
}

function loadU16(bytes: Buffer, at: number): number {
  return byte(bytes, at) | (byte(bytes, at + 1) << 8);
}

function byte(bytes: Buffer, at: number): number {
  return bytes[at] as number;
}
