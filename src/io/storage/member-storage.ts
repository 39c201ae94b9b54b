/**
 * What a data node's shell needs of durable storage. Two implementations: files, and memory that outlives a
 * simulated crash. Storage decides nothing about roles; it keeps bytes and tells the truth about them.
 */
import type { IncarnationId, Offset } from "../../base/ids.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { LogPosition } from "../../rules/log-position.ts";

export type AppendFsync = "always" | "everysec" | "no";

/** What `open` found. Records and snapshot are streamed, so that a large log needs no large memory. */
export interface Recovered {
  /** The core's durable state (promise, group, record), as last saved; `null` on a fresh directory. */
  readonly state: Buffer | null;
  readonly incarnation: IncarnationId;
  /** Why `incarnation` is new, in words; `null` when the old one goes on. */
  readonly incarnationIsNew: string | null;
  /** What a reboot has put in doubt, newest first: `incarnation` is what was left of them. */
  readonly doubts: readonly IncarnationId[];
  readonly snapshot: StoredSnapshot | null;
  /** Position and history of the log's end, snapshot included. */
  readonly position: LogPosition;
  readonly history: EpochHistory;
  /** Encoded records after the snapshot, in order, CRC already checked. */
  records(): AsyncIterable<Buffer>;
  /** What was cut or repaired, for the log; empty when nothing. */
  readonly repairs: readonly string[];
}

export interface StoredSnapshot {
  readonly position: LogPosition;
  readonly history: EpochHistory;
  /** Of all chunks, as far as storage has to tell: how they are framed may count too. */
  readonly bytes: number;
  /**
   * RESP commands that rebuild the state, in the chunks that were written.
   *
   * @throws InterrexError `SNAPSHOT_GONE` when a newer one stood before the first chunk was read: ask again.
   *   `CORRUPT_SNAPSHOT` at a damaged chunk.
   */
  chunks(): AsyncIterable<Buffer>;
}

export interface CommitOptions {
  readonly keepLog: boolean;
  readonly keepAfter?: LogPosition | null;
}

/** Writes one snapshot beside the standing one; nothing is replaced before `commit`. */
export interface SnapshotWriter {
  /** Resolves when the writer can take more; chunks are not empty and end between commands. One call at a time. */
  write(chunk: Buffer): Promise<void>;
  /**
   * Makes the snapshot durable and the standing one, atomically.
   *
   * `keepLog`: the log already holds what follows the snapshot (a local snapshot): only segments wholly behind
   * it are dropped. Otherwise (a full sync) the log starts afresh after the snapshot's position, and nothing may be
   * appended or cut between the call and its end.
   *
   * `keepAfter`, with a full sync: what the old log has after it is in a rollback file, durably, before the old log goes.
   *
   * @returns what became of that; `null` when it was not asked for.
   * @throws InterrexError `SNAPSHOT_STALE` when the log was cut below the snapshot, or replaced, since it was begun;
   *   `DISK_FULL`. The standing snapshot and the log are then untouched.
   */
  commit(options: CommitOptions): Promise<ReplacedTail | null>;
  abort(): Promise<void>;
}

/** Records that a cut took away. */
export interface Rollback {
  /** Where they are kept; `null` when a full disk had no room for them, and they are lost, or there were none. */
  readonly file: string | null;
  readonly bytes: number;
}

/** Records that went with a replaced log. */
export interface ReplacedTail extends Rollback {
  /** First record that the log had: what was asked for before it was in the replaced snapshot only, which tells no records. */
  readonly firstOffset: Offset;
}

/** Log that was to be kept and could not be. */
export interface DroppedLog {
  /** First record that the log still has. */
  readonly firstOffset: Offset;
  /** What was to be kept. */
  readonly bytes: number;
  /** It was more than may be kept so, or the disk is full. */
  readonly why: "limit" | "diskFull";
}

export interface StorageEvents {
  /** All records up to here are in the log as `appendfsync` says: written, or synced for `always`. */
  persisted(lastOffset: Offset): void;
  /** No space left: what was appended is still kept (the ballast was freed; else `failed` comes), but take no more writes. */
  diskFull(): void;
  /** There is space again. */
  diskOk(): void;
  /** What `retainLog` asked for went all the same; nothing is kept so any more until it is asked for again. */
  logDropped(dropped: DroppedLog): void;
  /** Any other write or sync error. The incarnation has been voided; the process must stop. */
  failed(error: Error): void;
}

export interface MemberStorage {
  /**
   * Takes the storage into use; once, before anything else.
   *
   * @param events told from here on until `close` or `crash`; `diskFull` may come before `open` resolves.
   * @throws InterrexError `BAD_DATA_DIR`, also for another's directory, `DATA_DIR_IN_USE`, `CORRUPT_LOG`, `CORRUPT_SNAPSHOT`, `CORRUPT_STATE`,
   *   `UNKNOWN_FORMAT`: each names the file and what to do. Nothing is in use then.
   */
  open(events: StorageEvents): Promise<Recovered>;
  /**
   * Appends whole encoded records, in order. The write is done on return; `persisted` comes later in the same
   * turn at the earliest (never from within `append`), after a group fdatasync for `always`.
   *
   * Does not throw for the disk's faults: those come as `failed`, and then nothing more is persisted.
   */
  append(bytes: Buffer, firstOffset: Offset, lastOffset: Offset): void;
  /**
   * Takes away all records after `lastKept` and keeps them in a rollback file: before the cut, and where the disk has
   * no room for that, after it.
   *
   * Below the standing snapshot the state can't be rebuilt: the snapshot goes too, and with it the whole log unless
   * that reaches back to record 1. Then the storage is empty, whatever `lastKept` says, and takes a full sync or
   * record 1 next.
   *
   * @returns `null` when nothing was cut. Done and durable on return.
   */
  cut(lastKept: LogPosition): Rollback | null;
  /** Durable under every policy when it resolves. Saves are carried out in call order; `state` is not empty. */
  saveState(state: Buffer): Promise<void>;
  /**
   * Encoded records from `from` on, about `bytesMax` of them and at least one; `null` when they are gone, empty when
   * they are yet to come.
   *
   * @throws InterrexError `CORRUPT_LOG`
   */
  readLog(from: Offset, bytesMax: number): Promise<Buffer | null>;
  /**
   * Keeps the records after `after`, as far as they are still there, whatever snapshot stands; `null`: no more than any
   * snapshot leaves. What is kept only for this goes soon after it is no longer asked for. It is bounded: see `logDropped`.
   */
  retainLog(after: Offset | null): void;
  /** First offset that `readLog` can still give; the snapshot covers what is before it. */
  firstOffset(): Offset;
  /** Bytes of records after the standing snapshot: when there are many, a new snapshot is due. Cheap. */
  logBytes(): number;
  writeSnapshot(position: LogPosition, history: EpochHistory): Promise<SnapshotWriter>;
  /** The standing snapshot, for a full sync; `null` when there is none. */
  readSnapshot(): StoredSnapshot | null;
  /** Begin a new incarnation from here on, durable when it resolves (the member showed less than it acked). */
  startIncarnation(reason: string): Promise<IncarnationId>;
  /** Syncs everything, leaves the clean marker, closes. */
  close(): Promise<void>;
  /** Drops everything open without syncing, as a killed process would. */
  crash(): void;
}
