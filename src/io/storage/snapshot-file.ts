/**
 * One snapshot, one file: written beside the standing one, whole or not there at all.
 *
 * Keeps bytes and tells whether they are sound; which snapshot stands is `snapshot-store.ts`'s.
 *
 * ```text
 * "IRXSNAP1"   u32 length, u32 CRC-32, JSON {epoch, offset, history}
 * chunks:      u32 length (never 0), u32 CRC-32, bytes
 * footer:      u32 0, u32 CRC-32 of the rest, u32 chunks, u32 serial, u32 log generation
 * ```
 */
import fs from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { InterrexError, invariant } from "../../base/errors.ts";
import { crc32 } from "../../protocol/crc32.ts";
import { anyHistorySchema, epochSchema, offsetSchema } from "../../protocol/peer/schema.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import { type FileCalls, isDiskFull, isErrno, readFully, SharedFd, writeFully } from "./file-calls.ts";
import type { StoredSnapshot } from "./member-storage.ts";

const MAGIC = Buffer.from("IRXSNAP1", "latin1");
const FRAME_BYTES = 8;
const FOOTER_BYTES = 20;
const CHUNK_BYTES_MAX = 1024 * 1024 * 1024;
const META_BYTES_MAX = 16 * 1024 * 1024;

const openFile = promisify(fs.open);

const metaSchema = z.object({ epoch: epochSchema, offset: offsetSchema, history: anyHistorySchema });

export interface SnapshotFooter {
  readonly chunks: number;
  /** Rises with each snapshot that is committed here: tells the newest, which positions don't. */
  readonly serial: number;
  /** The log that goes on after this snapshot; segments of any other are left over. */
  readonly logGeneration: number;
}

interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A snapshot that took the last of a disk would have writes refused, and soon again with the next one. */
const LEFT_FOR_LOG_BYTES = 8 * 1024 * 1024;
/** How often it is looked, in bytes written. */
const ROOM_LOOK_BYTES = 1024 * 1024;

/** Writes to a file that does not count yet. */
export class SnapshotFileWriter {
  readonly path: string;
  readonly #file: SharedFd;
  readonly #calls: FileCalls;
  #position = 0;
  #chunks = 0;
  /** Up to where there is room for the file, and for the log beside it, as far as was looked. */
  #roomUpTo = 0;

  private constructor(path: string, file: SharedFd, calls: FileCalls) {
    this.path = path;
    this.#file = file;
    this.#calls = calls;
  }

  /** @throws InterrexError `DISK_FULL`, as all writes here. */
  static async create(
    path: string,
    position: LogPosition,
    history: EpochHistory,
    calls: FileCalls,
  ): Promise<SnapshotFileWriter> {
    const writer = new SnapshotFileWriter(path, new SharedFd(await openFile(path, "w")), calls);
    const meta = Buffer.from(JSON.stringify({ epoch: position.epoch, offset: position.offset, history }));
    try {
      await writer.#write(MAGIC);
      await writer.#write(frame(meta));
      await writer.#write(meta);
    } catch (error) {
      await writer.discard();
      throw error;
    }
    return writer;
  }

  /** Not to be called again before it resolves. */
  async writeChunk(chunk: Buffer): Promise<void> {
    invariant(
      chunk.length > 0 && chunk.length <= CHUNK_BYTES_MAX,
      "a snapshot chunk is not empty nor above 1 GB",
    );
    await this.#write(frame(chunk));
    await this.#write(chunk);
    this.#chunks++;
  }

  /** Writes the footer and makes the content durable; the name is the caller's. */
  async finish(serial: number, logGeneration: number): Promise<void> {
    const footer = Buffer.alloc(FOOTER_BYTES);
    footer.writeUInt32LE(this.#chunks, 8);
    footer.writeUInt32LE(serial, 12);
    footer.writeUInt32LE(logGeneration, 16);
    footer.writeUInt32LE(crc32(footer, 8, FOOTER_BYTES), 4);
    await this.#write(footer);
    await this.#file.use((fd) => this.#calls.fdatasync(fd));
    this.#file.close();
  }

  /** Lets go of the file, which stays where it is, as a killed process would; a write under way may then fail. */
  abandon(): void {
    this.#file.close();
  }

  /** Closes and removes the file. */
  async discard(): Promise<void> {
    this.#file.close();
    await fs.promises.rm(this.path, { force: true });
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#position + bytes.length > this.#roomUpTo) await this.#lookForRoom(bytes.length);
    try {
      await this.#file.use((fd) => writeFully(this.#calls, fd, bytes, this.#position));
    } catch (cause) {
      if (!isDiskFull(cause)) throw cause;
      throw this.#diskFull("no space left", cause);
    }
    this.#position += bytes.length;
  }

  async #lookForRoom(length: number): Promise<void> {
    const bytes = await this.#calls.freeBytes(dirname(this.path));
    if (bytes !== null && bytes < length + LEFT_FOR_LOG_BYTES) {
      throw this.#diskFull(`the last ${LEFT_FOR_LOG_BYTES} bytes of the disk are left to the log`);
    }
    this.#roomUpTo = this.#position + length + ROOM_LOOK_BYTES;
  }

  #diskFull(why: string, cause?: unknown): InterrexError {
    return new InterrexError("DISK_FULL", `Cannot write the snapshot ${this.path}: ${why}`, { cause });
  }
}

/** A finished snapshot. Its header and footer were checked; its chunks are when they are read. */
export class SnapshotFile implements StoredSnapshot {
  readonly path: string;
  readonly position: LogPosition;
  readonly history: EpochHistory;
  readonly footer: SnapshotFooter;
  /** Where in the file the chunks are. */
  readonly body: ByteRange;

  constructor(
    path: string,
    meta: { readonly position: LogPosition; readonly history: EpochHistory },
    footer: SnapshotFooter,
    body: ByteRange,
  ) {
    this.path = path;
    this.position = meta.position;
    this.history = meta.history;
    this.footer = footer;
    this.body = body;
  }

  get bytes(): number {
    return this.body.end - this.body.start;
  }

  /** @throws InterrexError `CORRUPT_SNAPSHOT`: it was whole when it got its name, so something damaged it. */
  static async open(path: string): Promise<SnapshotFile> {
    const handle = await fs.promises.open(path, "r");
    try {
      const size = (await handle.stat()).size;
      const head = await readFully(handle.fd, 0, MAGIC.length + FRAME_BYTES);
      if (head.length < MAGIC.length + FRAME_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) {
        throw corruptSnapshot(path, 0, "this is no snapshot");
      }
      const metaBytes = head.readUInt32LE(MAGIC.length);
      if (metaBytes > Math.min(META_BYTES_MAX, size))
        throw corruptSnapshot(path, 8, "the header's length is wrong");
      const meta = await readFully(handle.fd, head.length, metaBytes);
      if (crc32(meta, 0, meta.length) !== head.readUInt32LE(MAGIC.length + 4)) {
        throw corruptSnapshot(path, 8, "the header fails its CRC");
      }
      const footerAt = Math.max(0, size - FOOTER_BYTES);
      const footer = decodeFooter(await readFully(handle.fd, footerAt, FOOTER_BYTES));
      if (footer === null) throw corruptSnapshot(path, footerAt, "the footer fails its CRC");
      const position = parseMeta(meta);
      const body = { start: head.length + metaBytes, end: footerAt };
      if (position === null || body.start > body.end)
        throw corruptSnapshot(path, 8, "the header makes no sense");
      return new SnapshotFile(path, position, footer, body);
    } finally {
      await handle.close();
    }
  }

  /**
   * @throws InterrexError `SNAPSHOT_GONE` when a newer one has taken its place before the first chunk was read (ask for
   *   the standing one again), `CORRUPT_SNAPSHOT` for a chunk that fails its CRC.
   */
  async *chunks(): AsyncIterable<Buffer> {
    const handle = await this.#openForReading();
    try {
      let at = this.body.start;
      for (let read = 0; read < this.footer.chunks; read++) {
        const head = await readFully(handle.fd, at, FRAME_BYTES);
        const length = head.length === FRAME_BYTES ? head.readUInt32LE(0) : 0;
        // Against the file's own length, before it takes memory.
        if (length === 0 || length > this.body.end - at - FRAME_BYTES)
          throw corruptSnapshot(this.path, at, "a chunk's length is wrong");
        const chunk = await readFully(handle.fd, at + FRAME_BYTES, length);
        if (chunk.length < length || crc32(chunk, 0, length) !== head.readUInt32LE(4)) {
          throw corruptSnapshot(this.path, at, "a chunk fails its CRC");
        }
        at += FRAME_BYTES + length;
        yield chunk;
      }
      if (at !== this.body.end) throw corruptSnapshot(this.path, at, "more chunks than the footer counts");
    } finally {
      await handle.close();
    }
  }

  async #openForReading(): Promise<fs.promises.FileHandle> {
    try {
      return await fs.promises.open(this.path, "r");
    } catch (cause) {
      if (!isErrno(cause, "ENOENT")) throw cause;
      throw new InterrexError("SNAPSHOT_GONE", `Cannot read ${this.path}: a newer one has replaced it`, {
        cause,
      });
    }
  }
}

function frame(bytes: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_BYTES);
  head.writeUInt32LE(bytes.length, 0);
  head.writeUInt32LE(crc32(bytes, 0, bytes.length), 4);
  return head;
}

function decodeFooter(bytes: Buffer): SnapshotFooter | null {
  if (bytes.length < FOOTER_BYTES || bytes.readUInt32LE(0) !== 0) return null;
  if (crc32(bytes, 8, FOOTER_BYTES) !== bytes.readUInt32LE(4)) return null;
  return {
    chunks: bytes.readUInt32LE(8),
    serial: bytes.readUInt32LE(12),
    logGeneration: bytes.readUInt32LE(16),
  };
}

/** `null` for a sound header of something else: nothing else of it can be trusted. */
function parseMeta(bytes: Buffer): { position: LogPosition; history: EpochHistory } | null {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return null;
  }
  const { data: meta } = metaSchema.safeParse(value);
  if (meta === undefined) return null;
  return { position: { epoch: meta.epoch, offset: meta.offset }, history: meta.history };
}

function corruptSnapshot(file: string, at: number, reason: string): InterrexError {
  return new InterrexError(
    "CORRUPT_SNAPSHOT",
    `Cannot read the snapshot ${file} at byte ${at}: ${reason}. The disk or something else has damaged it. ` +
      "A member that runs has its data in memory, and a master takes a new snapshot: let it run until that stands. " +
      "One that can't start gets everything from the master once its data directory is moved away; keep the " +
      "directory until another member is known to hold the data. Otherwise restore the file",
  );
}
