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
  readonly doubtfulByReboot: boolean;
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
  /** RESP commands that rebuild the state, in chunks that end between commands. */
  chunks(): AsyncIterable<Buffer>;
}

/** Writes one snapshot beside the standing one; nothing is replaced before `commit`. */
export interface SnapshotWriter {
  /** Resolves when the writer can take more; chunks end between commands. */
  write(chunk: Buffer): Promise<void>;
  /**
   * Makes the snapshot durable and the standing one, atomically.
   *
   * `keepLog`: the log already holds what follows the snapshot (a local snapshot): only segments wholly behind
   * it are dropped. Otherwise (a full sync) the log starts afresh after the snapshot's position.
   */
  commit(options: { readonly keepLog: boolean }): Promise<void>;
  abort(): Promise<void>;
}

export interface StorageEvents {
  /** All records up to here are in the log as `appendfsync` says: written, or synced for `always`. */
  persisted(lastOffset: Offset): void;
  /** No space left: what was appended is still kept (the ballast was freed), but take no more writes. */
  diskFull(): void;
  /** There is space again. */
  diskOk(): void;
  /** Any other write or sync error. The incarnation has been voided; the process must stop. */
  failed(error: Error): void;
}

export interface MemberStorage {
  open(): Promise<Recovered>;
  /**
   * Appends whole encoded records, in order. The write is done on return; `persisted` comes later in the same
   * turn at the earliest (never from within `append`), after a group fdatasync for `always`.
   */
  append(bytes: Buffer, firstOffset: Offset, lastOffset: Offset): void;
  /**
   * Takes away all records after `lastKept` and keeps them in a rollback file.
   *
   * @returns the rollback file's path, or `null` when nothing was cut. Done and durable on return.
   */
  cut(lastKept: LogPosition): string | null;
  /** Durable under every policy when it resolves. Saves are carried out in call order. */
  saveState(state: Buffer): Promise<void>;
  /** Encoded records from `from` on, about `bytesMax` of them and at least one; `null` when they are gone. */
  readLog(from: Offset, bytesMax: number): Promise<Buffer | null>;
  /** First offset that `readLog` can still give; the snapshot covers what is before it. */
  firstOffset(): Offset;
  /** Bytes of log behind the newest snapshot: when it is large, a new snapshot is due. */
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
