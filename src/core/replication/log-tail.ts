/**
 * The log as the core sees it: its last position, its epoch history, and its newest records in memory.
 * Older records are on disk; the core asks for them by effect. Decides nothing about commit.
 */
import { invariant } from "../../base/errors.ts";
import { type Epoch, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import { RecordCursor } from "../../protocol/record.ts";
import { cutHistory, type EpochHistory, epochAt, extendHistory } from "../../rules/epoch-history.ts";
import type { LogPosition } from "../../rules/log-position.ts";

/** Records that came in one turn, never changed afterwards: the same bytes go to disk and to every replica. */
export interface LogChunk {
  readonly firstOffset: Offset;
  readonly lastOffset: Offset;
  readonly bytes: Buffer;
}

/** Made by its constructor alone, so that V8 knows the one form of all that are searched: a copy with one more field it looks up each time. */
class StoredChunk implements LogChunk {
  readonly firstOffset: Offset;
  readonly lastOffset: Offset;
  readonly bytes: Buffer;
  /** All bytes that were appended up to its end, whatever has been let go. */
  readonly endBytes: number;

  constructor({ firstOffset, lastOffset, bytes }: LogChunk, endBytes: number) {
    this.firstOffset = firstOffset;
    this.lastOffset = lastOffset;
    this.bytes = bytes;
    this.endBytes = endBytes;
  }
}

export interface TailLimits {
  readonly bytesMax: number;
  /** Many tiny chunks cost more than their bytes. */
  readonly chunksMax: number;
}

/** As CONFIG's `repl-backlog-size` shows it. */
export const TAIL_BYTES_MAX: number = 32 * 1024 * 1024;
const DEFAULT_LIMITS: TailLimits = { bytesMax: TAIL_BYTES_MAX, chunksMax: 32_768 };

export class LogTail {
  #chunks: StoredChunk[] = [];
  /** Chunks before this index have been let go; the array is compacted now and then. */
  #head = 0;
  #bytes = 0;
  /** Of the chunks before `#head`. */
  #letGoBytes = 0;
  #endBytes = 0;
  #appendedBytes = 0;
  #position: LogPosition;
  #history: EpochHistory;
  #limits: TailLimits;

  constructor(position: LogPosition, history: EpochHistory, limits: TailLimits = DEFAULT_LIMITS) {
    this.#position = position;
    this.#history = history;
    this.#limits = limits;
  }

  get position(): LogPosition {
    return this.#position;
  }

  get lastOffset(): Offset {
    return this.#position.offset;
  }

  get history(): EpochHistory {
    return this.#history;
  }

  /** Bytes appended since the process began, whatever has become of them. */
  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  /** From the next `trim` on. */
  set bytesMax(bytesMax: number) {
    this.#limits = { ...this.#limits, bytesMax };
  }

  /** Bytes that are held, those included that no longer count and are not yet given back. */
  get heldBytes(): number {
    return this.#bytes + this.#letGoBytes;
  }

  /** First offset still in memory; one past the last when memory holds nothing. */
  get firstInMemory(): Offset {
    return this.#chunks[this.#head]?.firstOffset ?? ((this.#position.offset + 1) as Offset);
  }

  /** Position of the record at `offset`, which must not be past the end. */
  positionAt(offset: Offset): LogPosition {
    // Here and below the text is made only when it is wanted: both are called for each frame.
    const end = this.#position.offset;
    if (offset > end) invariant(false, `no position at ${offset}: the log ends at ${end}`);
    return { epoch: epochAt(this.#history, offset), offset };
  }

  /** Appends whole records; `lastEpoch` is the epoch of the last one. */
  append(chunk: LogChunk, starts: readonly { epoch: Epoch; firstOffset: Offset }[]): void {
    const { offset } = this.#position;
    if (chunk.firstOffset !== offset + 1) {
      invariant(false, `S3: records from ${chunk.firstOffset} cannot follow ${offset}`);
    }
    for (const start of starts) this.#history = extendHistory(this.#history, start.epoch, start.firstOffset);
    this.#position = { epoch: epochAt(this.#history, chunk.lastOffset), offset: chunk.lastOffset };
    this.#push(chunk);
    this.#appendedBytes += chunk.bytes.length;
  }

  /** Bytes of the chunks that end after `offset`, which no `trim` has let go. */
  bytesAfter(offset: Offset): number {
    if (offset >= this.#position.offset) return 0;
    const at = this.#indexOf((offset + 1) as Offset);
    const chunk = this.#chunks[at];
    return chunk === undefined ? 0 : this.#endBytes - chunk.endBytes + chunk.bytes.length;
  }

  /** Lets go of old chunks beyond the limits, but of nothing after `keepAfter`. */
  trim(keepAfter: Offset): void {
    while (this.#bytes > this.#limits.bytesMax || this.#chunks.length - this.#head > this.#limits.chunksMax) {
      const oldest = this.#chunks[this.#head];
      if (oldest === undefined || oldest.lastOffset > keepAfter) break;
      this.#bytes -= oldest.bytes.length;
      this.#letGoBytes += oldest.bytes.length;
      this.#head++;
    }
    const isMostlyLetGo = this.#head > 1024 && this.#head * 2 > this.#chunks.length;
    if (!isMostlyLetGo && this.#letGoBytes <= this.#limits.bytesMax) return;
    this.#chunks = this.#chunks.slice(this.#head);
    this.#head = 0;
    this.#letGoBytes = 0;
  }

  /**
   * Records from `from` on: those of one chunk, or of several that lie one behind the other in memory, as a writer's
   * do, as long as they take `bytesMax` together. `undefined` when they are not in memory or not there.
   */
  chunkFrom(from: Offset, bytesMax = 0): LogChunk | undefined {
    const at = this.#indexOf(from);
    const chunk = this.#chunks[at];
    if (chunk === undefined || chunk.firstOffset > from || chunk.lastOffset < from) return undefined;
    if (chunk.firstOffset === from) return this.#joined(chunk, at, bytesMax);
    const cursor = new RecordCursor(chunk.bytes);
    while (cursor.next()) {
      if (cursor.offset === from) {
        return { firstOffset: from, lastOffset: chunk.lastOffset, bytes: chunk.bytes.subarray(cursor.start) };
      }
    }
    return undefined;
  }

  /** Takes away what is after `last`, which must be in the log or its base. */
  cut(last: LogPosition): void {
    invariant(last.offset <= this.#position.offset, `cannot cut at ${last.offset}: the log ends before it`);
    while (this.#chunks.length > this.#head) {
      const newest = this.#chunks[this.#chunks.length - 1] as StoredChunk;
      if (newest.lastOffset <= last.offset) break;
      this.#chunks.pop();
      this.#bytes -= newest.bytes.length;
      this.#endBytes -= newest.bytes.length;
      if (newest.firstOffset <= last.offset) this.#push(upTo(newest, last.offset));
    }
    this.#history = cutHistory(this.#history, last.offset);
    this.#position = last;
  }

  /** Starts afresh after a full sync. */
  reset(position: LogPosition, history: EpochHistory): void {
    this.#chunks = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#letGoBytes = 0;
    this.#position = position;
    this.#history = history;
  }

  /** `chunk`, which is at `at`, with those behind it that need no copy to join it. */
  #joined(chunk: LogChunk, at: number, bytesMax: number): LogChunk {
    const { buffer, byteOffset } = chunk.bytes;
    let { lastOffset } = chunk;
    let length = chunk.bytes.length;
    for (let behind = at + 1; behind < this.#chunks.length; behind += 1) {
      const { bytes, lastOffset: last } = this.#chunks[behind] as StoredChunk;
      const lies = bytes.buffer === buffer && bytes.byteOffset === byteOffset + length;
      if (!lies || length + bytes.length > bytesMax) break;
      length += bytes.length;
      lastOffset = last;
    }
    if (lastOffset === chunk.lastOffset) return chunk;
    return { firstOffset: chunk.firstOffset, lastOffset, bytes: Buffer.from(buffer, byteOffset, length) };
  }

  #push(chunk: LogChunk): void {
    this.#endBytes += chunk.bytes.length;
    this.#bytes += chunk.bytes.length;
    this.#chunks.push(new StoredChunk(chunk, this.#endBytes));
  }

  /** Index of the last chunk that begins at or before `offset`. */
  #indexOf(offset: Offset): number {
    let low = this.#head;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle] as StoredChunk).firstOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function upTo(chunk: LogChunk, last: Offset): LogChunk {
  const cursor = new RecordCursor(chunk.bytes);
  let end = 0;
  let lastOffset = OFFSET_ZERO;
  while (cursor.next() && cursor.offset <= last) {
    end = cursor.end;
    lastOffset = cursor.offset;
  }
  return { firstOffset: chunk.firstOffset, lastOffset, bytes: chunk.bytes.subarray(0, end) };
}
