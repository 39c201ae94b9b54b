/**
 * A member's durable storage in a data directory. Puts the parts together and keeps their order: what must be
 * durable before what. The parts decide everything else.
 *
 * ```text
 * lock        who uses the directory          log/FIRST-GENERATION.log     the records
 * identity    incarnation, how it stopped     snapshot/EPOCH-OFFSET-SERIAL.snap
 * state       the core's promise and group    rollback/EPOCH-OFFSET-TIME.log   what was cut
 * ballast     room for a full disk
 * ```
 */
import fs from "node:fs";
import path from "node:path";
import { InvariantError, invariant } from "../../base/errors.ts";
import { type IncarnationId, type Millis, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { FoundParts } from "../../rules/incarnation.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import { Ballast } from "./ballast.ts";
import { readBootId } from "./boot-id.ts";
import { explainDirectoryError } from "./directory-error.ts";
import { refuseOtherKind } from "./directory-kind.ts";
import { DirectoryLife } from "./directory-life.ts";
import { DurableCell } from "./durable-cell.ts";
import { type FileCalls, nodeFileCalls } from "./file-calls.ts";
import { GroupSync } from "./group-sync.ts";
import { cutLog } from "./log-cut.ts";
import { hasLog, recoverLog } from "./log-recovery.ts";
import { LogRetention } from "./log-retention.ts";
import { makeDirectory } from "./make-directory.ts";
import type {
  AppendFsync,
  MemberStorage,
  Recovered,
  Rollback,
  SnapshotWriter,
  StorageEvents,
  StoredSnapshot,
} from "./member-storage.ts";
import type { SegmentedLog } from "./segmented-log.ts";
import { SnapshotCommits } from "./snapshot-commits.ts";
import { SnapshotStore } from "./snapshot-store.ts";
import { SpareDescriptor } from "./spare-descriptor.ts";

const MEGABYTE = 1024 * 1024;

export interface DiskStorageOptions {
  /** Made when it is not there. */
  readonly directory: string;
  /** The member's id: its directory is no other's. */
  readonly owner: string;
  readonly appendfsync: AppendFsync;
  /** Records of one log file; 64 MB unless told. One larger batch still goes into one file. */
  readonly segmentBytesMax?: number;
  /** Log kept behind the snapshot for partial syncs, at least; 64 MB unless told. */
  readonly logKeepBytes?: number;
  /** Log kept for replicas that are being brought up, at most; 8 GB unless told. */
  readonly syncLogBytesMax?: number;
  /** Room kept for a full disk; 4 MB unless told. */
  readonly ballastBytes?: number;
  /** How often a full disk is tried; 1000 ms unless told. */
  readonly ballastRetryMs?: Millis;
  /** The sync interval of `everysec`; 1000 ms unless told. */
  readonly syncEveryMs?: Millis;
  readonly bootId?: () => Promise<string | null>;
  readonly calls?: FileCalls;
}

/** What is there between `open` and `close`. */
interface Opened {
  readonly life: DirectoryLife;
  readonly log: SegmentedLog;
  readonly groupSync: GroupSync;
  readonly commits: SnapshotCommits;
  readonly retention: LogRetention;
}

export class DiskStorage implements MemberStorage {
  readonly #directory: string;
  readonly #options: DiskStorageOptions;
  readonly #ballast: Ballast;
  /** With the ballast behind them: for all that must still be written when the disk is full. */
  readonly #calls: FileCalls;
  readonly #state: DurableCell;
  readonly #snapshots: SnapshotStore;
  readonly #spare: SpareDescriptor;
  #events: StorageEvents | null = null;
  #opened: Opened | null = null;
  #logBytes = 0;
  #failure: Error | null = null;

  constructor(options: DiskStorageOptions) {
    this.#options = options;
    this.#directory = options.directory;
    this.#ballast = new Ballast(
      {
        file: this.#path("ballast"),
        bytes: options.ballastBytes ?? 4 * MEGABYTE,
        retryMs: options.ballastRetryMs ?? 1000,
        onFull: () => {
          this.#opened?.commits.giveUpLogSoon();
          this.#events?.diskFull();
        },
        onOk: () => this.#events?.diskOk(),
        onFailed: (error) => this.#fail(error),
      },
      options.calls ?? nodeFileCalls,
    );
    this.#calls = this.#ballast.calls;
    this.#state = new DurableCell(this.#path("state"), { calls: this.#calls });
    this.#snapshots = new SnapshotStore(this.#path("snapshot"));
    this.#spare = new SpareDescriptor(this.#directory);
  }

  async open(events: StorageEvents): Promise<Recovered> {
    invariant(this.#events === null, "a storage is opened once");
    this.#events = events;
    try {
      refuseOtherKind(this.#directory, "node");
      for (const name of ["log", "snapshot", "rollback"]) makeDirectory(this.#path(name));
      const life = await DirectoryLife.take({
        directory: this.#directory,
        owner: this.#options.owner,
        appendfsync: this.#options.appendfsync,
        readBootId: this.#options.bootId ?? readBootId,
        calls: this.#calls,
        makeRoom: () => this.#ballast.giveUpFound(),
      });
      return await this.#openTaken(life);
    } catch (error) {
      throw explainDirectoryError(this.#directory, error);
    }
  }

  append(bytes: Buffer, firstOffset: Offset, lastOffset: Offset): void {
    const { log, groupSync, commits } = this.#use();
    invariant(!commits.replacingLog, "nothing is appended while a full sync replaces the log");
    // The failure has been told and the process is about to stop; what comes now is never reported as persisted.
    if (this.#failure !== null) return;
    try {
      log.append(bytes, firstOffset, lastOffset);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#logBytes += bytes.length;
    groupSync.written(lastOffset);
  }

  cut(lastKept: LogPosition): Rollback | null {
    const { log, groupSync, commits } = this.#use();
    invariant(!commits.replacingLog, "nothing is cut while a full sync replaces the log");
    commits.outdateAbove(lastKept.offset);
    const places = {
      log,
      snapshots: this.#snapshots,
      rollbackDirectory: this.#path("rollback"),
      calls: this.#calls,
    };
    try {
      return this.#spare.lend(() => {
        const rollback = cutLog(places, lastKept);
        groupSync.cut(log.lastOffset);
        this.#countLogBytes(log);
        return rollback;
      });
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  async saveState(state: Buffer): Promise<void> {
    this.#use();
    invariant(state.length > 0, "a state is not empty");
    try {
      await this.#state.save(state);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  readLog(from: Offset, bytesMax: number): Promise<Buffer | null> {
    return this.#use().log.read(from, bytesMax);
  }

  retainLog(after: Offset | null): void {
    const { retention, commits } = this.#use();
    if (retention.retain(after)) commits.dropLogSoon();
  }

  firstOffset(): Offset {
    return this.#use().log.firstOffset;
  }

  logBytes(): number {
    return this.#logBytes;
  }

  writeSnapshot(position: LogPosition, history: EpochHistory): Promise<SnapshotWriter> {
    return this.#use().commits.begin(position, history);
  }

  readSnapshot(): StoredSnapshot | null {
    return this.#snapshots.standing;
  }

  async startIncarnation(reason: string): Promise<IncarnationId> {
    const { life } = this.#use();
    try {
      return life.startIncarnation(reason);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    const opened = this.#use();
    try {
      await opened.commits.close();
      await opened.groupSync.stop();
      await this.#ballast.stop();
      await this.#state.close();
      if (this.#failure === null) await this.#leaveCleanly(opened);
      // A sync that was under way may have failed, too: this was no clean stop.
      if (this.#failure !== null) throw this.#failure;
    } finally {
      this.#opened = null;
      this.#letGo(opened);
    }
  }

  crash(): void {
    const opened = this.#opened;
    if (opened === null) return;
    this.#opened = null;
    opened.groupSync.abandon();
    this.#ballast.abandon();
    opened.commits.abandon();
    this.#letGo(opened);
  }

  async #leaveCleanly({ log, life }: Opened): Promise<void> {
    try {
      await log.sync();
      life.endCleanly();
    } catch (error) {
      this.#fail(error);
    }
  }

  #letGo({ log, life }: Opened): void {
    log.close();
    this.#spare.close();
    this.#state.abandon();
    life.release();
  }

  async #openTaken(life: DirectoryLife): Promise<Recovered> {
    try {
      return await this.#openParts(life);
    } catch (error) {
      this.#ballast.abandon();
      this.#state.abandon();
      life.release();
      throw error;
    }
  }

  async #openParts(life: DirectoryLife): Promise<Recovered> {
    const state = this.#state.load();
    const verdict = life.judge(this.#findParts(state));
    await this.#ballast.prepare();
    const repairs = await this.#snapshots.open();
    const snapshot = this.#snapshots.standing;
    const { log, ...recovered } = await recoverLog({
      directory: this.#path("log"),
      rollbackDirectory: this.#path("rollback"),
      generation: this.#snapshots.logGeneration,
      snapshot,
      lastStop: life.lastStop,
      segmentBytesMax: this.#options.segmentBytesMax ?? 64 * MEGABYTE,
      calls: this.#calls,
    });
    try {
      // The life that begins now promises what its own policy says, of everything that is in the log.
      if (this.#options.appendfsync !== "no") await log.sync();
      if (state === null) this.#state.saveSync(Buffer.alloc(0));
      const begun = life.begin(verdict);
      const groupSync = this.#makeGroupSync(log);
      const retention = this.#makeRetention(log);
      const commits = this.#makeCommits(log, groupSync, retention);
      this.#spare.keep();
      this.#opened = { life, log, groupSync, commits, retention };
      this.#countLogBytes(log);
      return {
        ...begun,
        state: state === null || state.length === 0 ? null : state,
        snapshot,
        position: recovered.position,
        history: recovered.history,
        records: () => log.recordsAfter(snapshot?.position.offset ?? OFFSET_ZERO),
        repairs: [...repairs, ...recovered.repairs],
      };
    } catch (error) {
      log.close();
      throw error;
    }
  }

  #findParts(state: Buffer | null): FoundParts {
    return {
      state: state !== null,
      log: hasLog(this.#path("log")),
      snapshots: fs.readdirSync(this.#path("snapshot")).length > 0,
    };
  }

  #makeGroupSync(log: SegmentedLog): GroupSync {
    return new GroupSync({
      policy: this.#options.appendfsync,
      everyMs: this.#options.syncEveryMs ?? 1000,
      sync: () => log.sync(),
      persisted: (lastOffset) => this.#events?.persisted(lastOffset),
      failed: (error) => this.#fail(error),
    });
  }

  #makeRetention(log: SegmentedLog): LogRetention {
    return new LogRetention({
      log,
      keepBytes: this.#options.logKeepBytes ?? 64 * MEGABYTE,
      syncBytesMax: this.#options.syncLogBytesMax ?? 8192 * MEGABYTE,
      dropped: (dropped) => this.#events?.logDropped(dropped),
    });
  }

  #makeCommits(log: SegmentedLog, groupSync: GroupSync, retention: LogRetention): SnapshotCommits {
    return new SnapshotCommits({
      store: this.#snapshots,
      log,
      groupSync,
      retention,
      rollbackDirectory: this.#path("rollback"),
      calls: this.#options.calls ?? nodeFileCalls,
      replaced: () => this.#countLogBytes(log),
      failed: (error) => this.#fail(error),
    });
  }

  #countLogBytes(log: SegmentedLog): void {
    this.#logBytes = log.bytesAfter(this.#snapshots.standing?.position.offset ?? OFFSET_ZERO);
  }

  /** After a write or sync error the page cache can't be trusted: the incarnation ends, and so must the process. */
  #fail(cause: unknown): void {
    if (cause instanceof InvariantError) throw cause;
    if (this.#failure !== null || this.#opened === null) return;
    const { life, groupSync } = this.#opened;
    groupSync.abandon();
    const failure = life.endVoid(cause);
    this.#failure = failure;
    queueMicrotask(() => this.#events?.failed(failure));
  }

  #use(): Opened {
    invariant(this.#opened !== null, "a storage is used between open and close");
    return this.#opened;
  }

  #path(name: string): string {
    return path.join(this.#directory, name);
  }
}
