/**
 * A member's storage without files: for clusters inside one process and for tests.
 *
 * `MemoryDisk` is what would be on the disk and outlives the storage: a member that is killed and restarted on the
 * same one gets back what a crashed process would, everything that was appended or saved. Reboots, full disks and
 * damage happen to files only.
 */
import { InterrexError, invariant } from "../../base/errors.ts";
import { type IncarnationId, nextOffset, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import { RecordCursor } from "../../protocol/record.ts";
import { cutHistory, type EpochHistory, extendHistory } from "../../rules/epoch-history.ts";
import { EMPTY_POSITION, type LogPosition } from "../../rules/log-position.ts";
import type {
  MemberStorage,
  Recovered,
  ReplacedTail,
  Rollback,
  SnapshotWriter,
  StorageEvents,
  StoredSnapshot,
} from "./member-storage.ts";
import { asStored, type MemorySnapshot, MemorySnapshotWriter } from "./memory-snapshot.ts";

const LOG_KEEP_BYTES_DEFAULT = 16 * 1024 * 1024;
const SYNC_LOG_BYTES_MAX = 256 * 1024 * 1024;

/** One append: whole records. */
interface Batch {
  readonly first: Offset;
  readonly last: Offset;
  readonly bytes: Buffer;
}

/** What outlives a crash. Used by one storage at a time. */
export class MemoryDisk {
  /** What was cut, by the name that `cut` gave. */
  readonly rollbacks: Map<string, Buffer> = new Map();
  state: Buffer | null = null;
  incarnation: IncarnationId | null = null;
  snapshot: MemorySnapshot | null = null;
  batches: Batch[] = [];
  /** Incarnations begun on this disk; never reset, so that no two lives share a name. */
  incarnationsBegun = 0;
  user: MemoryStorage | null = null;
  readonly #name: string;

  /** @param name of the member; incarnation ids begin with it. */
  constructor(name = "memory") {
    this.#name = name;
  }

  /** As if the data directory had been removed. Only while no storage uses it. */
  wipe(): void {
    invariant(this.user === null, "a disk in use is not wiped");
    this.state = null;
    this.incarnation = null;
    this.snapshot = null;
    this.batches = [];
    this.rollbacks.clear();
  }

  beginIncarnation(): IncarnationId {
    this.incarnationsBegun++;
    this.incarnation = `${this.#name}-${this.incarnationsBegun}-${crypto.randomUUID()}` as IncarnationId;
    return this.incarnation;
  }
}

export class MemoryStorage implements MemberStorage {
  readonly #disk: MemoryDisk;
  readonly #logKeepBytes: number;
  readonly #syncLogBytesMax: number;
  readonly #pending: Set<MemorySnapshotWriter> = new Set();
  #events: StorageEvents | null = null;
  #logBytes = 0;
  #retainedAfter: Offset | null = null;
  #unreported: Offset | null = null;

  /**
   * @param options.logKeepBytes log kept behind the snapshot for partial syncs, at least; 16 MB unless told.
   * @param options.syncLogBytesMax log kept for replicas that are being brought up, at most; 256 MB unless told.
   */
  constructor(
    disk: MemoryDisk,
    options: { readonly logKeepBytes?: number; readonly syncLogBytesMax?: number } = {},
  ) {
    this.#disk = disk;
    this.#syncLogBytesMax = options.syncLogBytesMax ?? SYNC_LOG_BYTES_MAX;
    this.#logKeepBytes = options.logKeepBytes ?? LOG_KEEP_BYTES_DEFAULT;
  }

  /** Of the events only `persisted` and `logDropped` ever come. @throws InterrexError `DATA_DIR_IN_USE` */
  async open(events: StorageEvents): Promise<Recovered> {
    const disk = this.#disk;
    if (disk.user !== null) {
      throw new InterrexError(
        "DATA_DIR_IN_USE",
        "Cannot open the memory disk: another storage uses it. Close or crash that one first",
      );
    }
    disk.user = this;
    this.#events = events;
    const isNew = disk.incarnation === null;
    const base = disk.snapshot?.position ?? EMPTY_POSITION;
    this.#countLogBytes();
    const end = this.#endOfLog(base);
    return {
      state: disk.state,
      incarnation: disk.incarnation ?? disk.beginIncarnation(),
      incarnationIsNew: isNew ? "the data directory is empty" : null,
      doubts: [],
      snapshot: this.readSnapshot(),
      position: end.position,
      history: end.history,
      records: () => this.#recordsAfter(base.offset),
      repairs: [],
    };
  }

  append(bytes: Buffer, firstOffset: Offset, lastOffset: Offset): void {
    this.#use();
    invariant(firstOffset === nextOffset(this.#lastOffset), "S3: records are appended without gaps");
    // A copy: what was handed in may be part of a larger buffer, which it would keep alive.
    this.#disk.batches.push({ first: firstOffset, last: lastOffset, bytes: Buffer.from(bytes) });
    this.#logBytes += bytes.length;
    if (this.#unreported === null) queueMicrotask(() => this.#report());
    this.#unreported = lastOffset;
  }

  cut(lastKept: LogPosition): Rollback | null {
    this.#use();
    const disk = this.#disk;
    for (const pending of this.#pending) pending.outdateAbove(lastKept.offset);
    const cut: Buffer[] = [];
    const kept: Batch[] = [];
    for (const batch of disk.batches) {
      const at = startAfter(batch, lastKept.offset);
      if (at > 0)
        kept.push({
          ...batch,
          last: minOffset(batch.last, lastKept.offset),
          bytes: batch.bytes.subarray(0, at),
        });
      if (at < batch.bytes.length) cut.push(batch.bytes.subarray(at));
    }
    const reachesBack = kept[0]?.first === 1;
    disk.batches = kept;
    if (disk.snapshot !== null && lastKept.offset < disk.snapshot.position.offset) {
      disk.snapshot = null;
      if (!reachesBack) disk.batches = [];
    }
    if (this.#unreported !== null) this.#unreported = minOffset(this.#unreported, this.#lastOffset);
    this.#countLogBytes();
    return this.#keep(lastKept, cut);
  }

  async saveState(state: Buffer): Promise<void> {
    this.#use();
    this.#disk.state = Buffer.from(state);
  }

  async readLog(from: Offset, bytesMax: number): Promise<Buffer | null> {
    this.#use();
    if (from < this.firstOffset()) return null;
    const parts: Buffer[] = [];
    let bytes = 0;
    for (const batch of this.#disk.batches.slice(this.#batchAt(from))) {
      if (bytes >= Math.max(1, bytesMax)) break;
      const part = batch.bytes.subarray(startAfter(batch, (from - 1) as Offset));
      parts.push(bytes + part.length > bytesMax ? firstRecords(part, bytesMax - bytes) : part);
      bytes += part.length;
    }
    return Buffer.concat(parts);
  }

  retainLog(after: Offset | null): void {
    this.#use();
    this.#retainedAfter = after === null ? null : (Math.max(after, this.firstOffset() - 1) as Offset);
    const { snapshot } = this.#disk;
    if (snapshot !== null) this.#dropBehind(this.#retainedBehind(snapshot.position.offset));
  }

  firstOffset(): Offset {
    return this.#disk.batches[0]?.first ?? nextOffset(this.#lastOffset);
  }

  logBytes(): number {
    return this.#logBytes;
  }

  async writeSnapshot(position: LogPosition, history: EpochHistory): Promise<SnapshotWriter> {
    this.#use();
    const writer = new MemorySnapshotWriter(position, (content, { keepLog, keepAfter = null }) => {
      this.#use();
      const kept = keepLog || keepAfter === null ? null : this.#keepReplaced(keepAfter);
      this.#pending.delete(writer);
      if (keepLog)
        invariant(position.offset <= this.#lastOffset, "a local snapshot stands at a position in the log");
      this.#disk.snapshot = { position, history, content };
      if (keepLog) this.#makeRoomBehind(position.offset);
      else this.#beginAfresh();
      this.#countLogBytes();
      return kept;
    });
    this.#pending.add(writer);
    return writer;
  }

  readSnapshot(): StoredSnapshot | null {
    const { snapshot } = this.#disk;
    return snapshot === null ? null : asStored(snapshot);
  }

  async startIncarnation(_reason: string): Promise<IncarnationId> {
    this.#use();
    return this.#disk.beginIncarnation();
  }

  async close(): Promise<void> {
    this.#use();
    this.crash();
  }

  /** In memory the same as a clean stop: what was appended is there. */
  crash(): void {
    if (this.#disk.user !== this) return;
    this.#disk.user = null;
    this.#unreported = null;
  }

  get #lastOffset(): Offset {
    return this.#disk.batches.at(-1)?.last ?? this.#disk.snapshot?.position.offset ?? OFFSET_ZERO;
  }

  #keep(lastKept: LogPosition, cut: readonly Buffer[]): Rollback | null {
    if (cut.length === 0) return null;
    const { rollbacks } = this.#disk;
    const file = `rollback/${lastKept.epoch}-${nextOffset(lastKept.offset)}-${rollbacks.size + 1}.log`;
    const bytes = Buffer.concat(cut);
    rollbacks.set(file, bytes);
    return { file, bytes: bytes.length };
  }

  #keepReplaced(lastKept: LogPosition): ReplacedTail {
    const tails = this.#disk.batches.map((batch) => batch.bytes.subarray(startAfter(batch, lastKept.offset)));
    const kept = this.#keep(
      lastKept,
      tails.filter((tail) => tail.length > 0),
    );
    return { ...(kept ?? { file: null, bytes: 0 }), firstOffset: this.firstOffset() };
  }

  #report(): void {
    const lastOffset = this.#unreported;
    this.#unreported = null;
    if (lastOffset !== null) this.#events?.persisted(lastOffset);
  }

  #endOfLog(base: LogPosition): { position: LogPosition; history: EpochHistory } {
    let position = base;
    let history: EpochHistory = cutHistory(this.#disk.snapshot?.history ?? [], base.offset);
    for (const batch of this.#disk.batches) {
      const cursor = new RecordCursor(batch.bytes);
      while (cursor.next()) {
        if (cursor.offset <= base.offset) continue;
        if (cursor.epoch !== position.epoch) history = extendHistory(history, cursor.epoch, cursor.offset);
        position = { epoch: cursor.epoch, offset: cursor.offset };
      }
    }
    return { position, history };
  }

  async *#recordsAfter(offset: Offset): AsyncIterable<Buffer> {
    for (const batch of [...this.#disk.batches]) {
      const bytes = batch.bytes.subarray(startAfter(batch, offset));
      if (bytes.length > 0) yield bytes;
    }
  }

  #batchAt(offset: Offset): number {
    const { batches } = this.#disk;
    let low = 0;
    let high = batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((batches[middle] as Batch).last < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where the log may be dropped, with a snapshot at `offset`. */
  #retainedBehind(offset: Offset): Offset {
    return this.#retainedAfter === null ? offset : minOffset(offset, this.#retainedAfter);
  }

  /** Drops what a snapshot at `offset` covers; what is kept for replicas, too, when it is too much. */
  #makeRoomBehind(offset: Offset): void {
    const retained = this.#retainedBehind(offset);
    const bytes = retained === offset ? 0 : this.#bytesAfter(retained);
    if (bytes <= this.#syncLogBytesMax) return this.#dropBehind(retained);
    this.#dropBehind(offset);
    const firstOffset = this.firstOffset();
    if (retained + 1 >= firstOffset) return;
    this.#retainedAfter = null;
    this.#events?.logDropped({ firstOffset, bytes, why: "limit" });
  }

  #dropBehind(offset: Offset): void {
    const { batches } = this.#disk;
    let bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
    let dropped = 0;
    for (const batch of batches) {
      bytes -= batch.bytes.length;
      if (batch.last > offset || bytes < this.#logKeepBytes) break;
      dropped++;
    }
    batches.splice(0, dropped);
  }

  #beginAfresh(): void {
    this.#disk.batches = [];
    this.#unreported = null;
    for (const pending of this.#pending) pending.outdateAbove(OFFSET_ZERO);
  }

  #countLogBytes(): void {
    this.#logBytes = this.#bytesAfter(this.#disk.snapshot?.position.offset ?? OFFSET_ZERO);
  }

  #bytesAfter(offset: Offset): number {
    let bytes = 0;
    for (const batch of this.#disk.batches) bytes += batch.bytes.length - startAfter(batch, offset);
    return bytes;
  }

  #use(): void {
    invariant(this.#disk.user === this, "a storage is used between open and close");
  }
}

/** Where in the batch the first record after `offset` begins: 0 when all are, its length when none is. */
function startAfter(batch: Batch, offset: Offset): number {
  if (offset < batch.first) return 0;
  if (offset >= batch.last) return batch.bytes.length;
  const cursor = new RecordCursor(batch.bytes);
  while (cursor.next() && cursor.offset < offset);
  return cursor.end;
}

/** About `bytesMax` of whole records, at least one. */
function firstRecords(bytes: Buffer, bytesMax: number): Buffer {
  const cursor = new RecordCursor(bytes);
  while (cursor.next() && cursor.end < bytesMax);
  return bytes.subarray(0, cursor.end);
}

function minOffset(a: Offset, b: Offset): Offset {
  return a < b ? a : b;
}
