/**
 * The replication log on disk: segments, one after the other, without gaps.
 *
 * Appends, cuts, reads and drops whole segments. Does not decide when to sync, nor what a bad record means: that is
 * `group-sync.ts` and `log-recovery.ts`.
 */
import fs from "node:fs";
import { InterrexError, invariant } from "../../base/errors.ts";
import { nextOffset, type Offset } from "../../base/ids.ts";
import { findCorruption, RECORD_HEADER_BYTES, RecordCursor } from "../../protocol/record.ts";
import {
  type FileCalls,
  isDiskFull,
  isOutOfFiles,
  readFullySync,
  syncDirectory,
  syncDirectorySync,
} from "./file-calls.ts";
import { LogSegment, SEGMENT_HEADER_BYTES } from "./log-segment.ts";

/** A replay goes in slices of this size. */
const REPLAY_SLICE_BYTES = 1024 * 1024;
/** Added to the name of a file that is no part of the log any more, until it is removed. */
export const GONE = ".gone";
/** Read beyond what was asked for: the index leads to a place up to 64 KB before the first record wanted. */
const READ_SLACK_BYTES = 128 * 1024;

export class SegmentedLog {
  readonly #directory: string;
  readonly #segmentBytesMax: number;
  readonly #calls: FileCalls;
  /** Never empty once opened: the last one takes the appends. */
  #segments: LogSegment[];
  /** Rises with each name made or taken away. */
  #nameChanges = 0;
  /** How many of them are durable. Noted after the sync alone: one that runs beside it may not count on it before. */
  #nameChangesSynced = 0;
  #closed = false;

  /** @param segments what recovery found sound, in order, without gaps; at least one. */
  constructor(directory: string, segments: LogSegment[], segmentBytesMax: number, calls: FileCalls) {
    invariant(segments.length > 0, "a log has a segment to append to");
    this.#directory = directory;
    this.#segments = segments;
    this.#segmentBytesMax = segmentBytesMax;
    this.#calls = calls;
  }

  get firstOffset(): Offset {
    return (this.#segments[0] as LogSegment).firstOffset;
  }

  /** One below `firstOffset` when the log is empty. */
  get lastOffset(): Offset {
    return this.#tail.lastOffset;
  }

  get generation(): number {
    return this.#tail.generation;
  }

  get #tail(): LogSegment {
    return this.#segments.at(-1) as LogSegment;
  }

  append(bytes: Buffer, firstOffset: Offset, lastOffset: Offset): void {
    invariant(firstOffset === nextOffset(this.lastOffset), "S3: records are appended without gaps");
    invariant(lastOffset >= firstOffset, "an append holds at least one record");
    const full = this.#tail.size + bytes.length > SEGMENT_HEADER_BYTES + this.#segmentBytesMax;
    if (full && this.#tail.lastOffset >= this.#tail.firstOffset) this.#rotate();
    this.#tail.append(bytes, firstOffset, lastOffset);
  }

  /** Syncs all that was written when it was called, new names included, and notes so in the segments. */
  async sync(): Promise<void> {
    const unsynced = this.#segments
      .filter((segment) => segment.size > segment.syncedBytes)
      .map((segment) => ({ segment, size: segment.size, truncations: segment.truncations }));
    const names = this.#nameChanges;
    for (const { segment } of unsynced) {
      // A cut that came meanwhile may have taken it away, or a snapshot that covers it: it owes nothing any more.
      if (!this.#segments.includes(segment)) continue;
      await segment.file.use((fd) => this.#calls.fdatasync(fd));
    }
    if (names > this.#nameChangesSynced) await this.syncNames();
    for (const { segment, size, truncations } of unsynced) {
      const stands = this.#segments.includes(segment) && segment.truncations === truncations;
      if (stands && !this.#closed) segment.noteSynced(size);
    }
  }

  /** The encoded records after `lastKept`, or `null` when there are none; at most what memory holds. */
  tailAfter(lastKept: Offset): Buffer | null {
    if (lastKept >= this.lastOffset) return null;
    const parts: Buffer[] = [];
    for (const segment of this.#segments) {
      if (segment.lastOffset <= lastKept) continue;
      const from =
        lastKept < segment.firstOffset ? SEGMENT_HEADER_BYTES : this.#placeAfter(segment, lastKept);
      parts.push(readFullySync(segment.file.fd, from, segment.size - from));
    }
    return Buffer.concat(parts);
  }

  /** The files that hold records after `lastKept`, oldest first, and where in them those begin and end. */
  placesAfter(lastKept: Offset): { readonly path: string; readonly start: number; readonly end: number }[] {
    return this.#segments
      .filter((segment) => segment.lastOffset > lastKept)
      .map((segment) => {
        const begins = lastKept < segment.firstOffset;
        const start = begins ? SEGMENT_HEADER_BYTES : segment.roughPlaceOf(nextOffset(lastKept));
        return { path: segment.path, start, end: segment.size };
      });
  }

  /** Takes away all records after `lastKept`, which is not below `firstOffset - 1`; durable on return. */
  cut(lastKept: Offset): void {
    invariant(lastKept >= this.firstOffset - 1, "a cut keeps the beginning of the log");
    // Newest first: a crash midway leaves a log without gaps.
    while (this.#segments.length > 1 && this.#tail.firstOffset > lastKept) {
      this.#remove(this.#segments.pop() as LogSegment);
    }
    const next = nextOffset(lastKept);
    if (lastKept < this.lastOffset) {
      this.#tail.truncate({ offset: next, position: this.#placeAfter(this.#tail, lastKept) });
    }
    syncDirectorySync(this.#directory);
  }

  /**
   * Drops segments that end at or before `offset`, oldest first, while `keepBytes` of log remain: at once, and
   * resolves when their files are gone.
   */
  async dropBehind(offset: Offset, keepBytes: number): Promise<void> {
    let bytes = this.#segments.reduce((sum, segment) => sum + recordBytes(segment), 0);
    const gone: string[] = [];
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0] as LogSegment;
      bytes -= recordBytes(oldest);
      if (oldest.lastOffset > offset || bytes < keepBytes) break;
      gone.push(this.#setAside(oldest));
      this.#segments.shift();
    }
    await removeAll(gone);
  }

  /** Makes, beside the log, the empty segment with which another log begins. */
  prepareAfresh(generation: number, firstOffset: Offset): LogSegment {
    return LogSegment.create(this.#directory, generation, firstOffset, this.#calls);
  }

  /**
   * Removes what `prepareAfresh` made: a later try uses the same generation, and then both files would count as parts
   * of one log.
   */
  async discardAfresh(first: LogSegment): Promise<void> {
    first.file.close();
    await fs.promises.unlink(first.path);
  }

  /** From here on the log is `first` alone. @returns what removes the files of the old one, for when that is safe. */
  beginAfresh(first: LogSegment): () => Promise<void> {
    const old = this.#segments;
    this.#segments = [first];
    return async () => removeAll(old.toReversed().map((segment) => this.#setAside(segment)));
  }

  /** Removes everything: an empty log of generation 0, to begin with record 1. Durable on return. */
  empty(): void {
    // Newest first, and the new one last: a crash midway leaves a beginning of the old log, or nothing.
    for (const segment of this.#segments.toReversed()) this.#remove(segment);
    this.#segments = [LogSegment.create(this.#directory, 0, 1 as Offset, this.#calls)];
    syncDirectorySync(this.#directory);
  }

  /** Makes the names in the directory durable. */
  async syncNames(): Promise<void> {
    const names = this.#nameChanges;
    await syncDirectory(this.#directory);
    this.#nameChangesSynced = Math.max(this.#nameChangesSynced, names);
  }

  /** Bytes of records after `offset`. */
  bytesAfter(offset: Offset): number {
    let bytes = 0;
    for (const segment of this.#segments) {
      if (segment.firstOffset > offset) bytes += recordBytes(segment);
      else if (segment.lastOffset > offset) bytes += segment.size - this.#placeAfter(segment, offset);
    }
    return bytes;
  }

  /**
   * Whole records from `from` on, about `bytesMax` of them and at least one.
   *
   * @returns `null` when the log does not reach back to `from`; empty bytes when `from` is yet to come.
   * @throws InterrexError `CORRUPT_LOG` when what is read fails its check.
   */
  async read(from: Offset, bytesMax: number): Promise<Buffer | null> {
    if (from < this.firstOffset) return null;
    const segment = this.#segments.findLast((candidate) => candidate.firstOffset <= from) as LogSegment;
    if (from > segment.lastOffset) return Buffer.alloc(0);
    const near = segment.nearestPlace(from);
    const truncations = segment.truncations;
    let slice = bytesMax + READ_SLACK_BYTES;
    for (;;) {
      const end = Math.min(near.position + slice, segment.size);
      const bytes = await segment.read(near.position, slice);
      if (segment.truncations !== truncations) return this.read(from, bytesMax);
      const fault = findCorruption(bytes);
      if (fault !== undefined && !(fault.torn && end < segment.size)) {
        throw corruptLog(segment.path, near.position + fault.at, fault.reason);
      }
      const whole = bytes.subarray(0, fault?.at ?? bytes.length);
      const wanted = fromRecord(whole, from, bytesMax);
      if (wanted !== null) return wanted;
      slice *= 2;
    }
  }

  /** All records after `offset` up to the present end, in slices. */
  async *recordsAfter(offset: Offset): AsyncIterable<Buffer> {
    const last = this.lastOffset;
    let next = nextOffset(offset);
    while (next <= last) {
      const bytes = await this.read(next, REPLAY_SLICE_BYTES);
      invariant(bytes !== null && bytes.length > 0, "a log is not dropped while it is replayed");
      const cursor = new RecordCursor(bytes);
      while (cursor.next()) next = nextOffset(cursor.offset);
      yield bytes;
    }
  }

  close(): void {
    this.#closed = true;
    for (const segment of this.#segments) segment.file.close();
  }

  #rotate(): void {
    try {
      this.#segments.push(
        LogSegment.create(this.#directory, this.generation, nextOffset(this.lastOffset), this.#calls),
      );
      this.#nameChanges++;
    } catch (error) {
      // A full disk may have no room for a name, and clients may hold every file descriptor; the old segment can still take
      // what was executed.
      if (!isDiskFull(error) && !isOutOfFiles(error)) throw error;
    }
  }

  #placeAfter(segment: LogSegment, lastKept: Offset): number {
    return segment.placeOf(nextOffset(lastKept)).position;
  }

  /**
   * Takes the file of a segment out of the log by its name alone: to give back the room of 64 MB takes some 30 ms, which
   * nobody shall wait for.
   *
   * @returns its path from now on.
   */
  #setAside(segment: LogSegment): string {
    const gone = `${segment.path}${GONE}`;
    try {
      fs.renameSync(segment.path, gone);
    } catch (error) {
      // A full disk may have no room for another name, and shall get back what this one takes.
      if (!isDiskFull(error)) throw error;
      fs.unlinkSync(segment.path);
    }
    this.#nameChanges++;
    segment.truncations++;
    segment.file.close();
    return gone;
  }

  #remove(segment: LogSegment): void {
    segment.truncations++;
    segment.file.close();
    fs.unlinkSync(segment.path);
    this.#nameChanges++;
  }
}

/** Off the event loop. */
async function removeAll(files: readonly string[]): Promise<void> {
  for (const file of files) await fs.promises.rm(file, { force: true });
}

/** The one message for a log that can't be trusted; names the file, the place and the way out. */
export function corruptLog(file: string, position: number, reason: string): InterrexError {
  return new InterrexError(
    "CORRUPT_LOG",
    `Cannot read the log ${file} at byte ${position}: ${reason}. The disk or something else has damaged it. ` +
      "If other members hold the data, move this data directory away and start again: the member then gets " +
      "everything from the master. Otherwise restore the file",
  );
}

function recordBytes(segment: LogSegment): number {
  return segment.size - SEGMENT_HEADER_BYTES;
}

/** The records of `bytes` from `from` on, about `bytesMax`; `null` when not even the first is there whole. */
function fromRecord(bytes: Buffer, from: Offset, bytesMax: number): Buffer | null {
  const cursor = new RecordCursor(bytes);
  let start = -1;
  while (cursor.next()) {
    if (cursor.offset === from) start = cursor.start;
    if (start >= 0 && cursor.end - start >= Math.max(bytesMax, RECORD_HEADER_BYTES)) break;
  }
  return start < 0 ? null : bytes.subarray(start, cursor.end);
}
