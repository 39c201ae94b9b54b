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
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { InterrexError, InvariantError, invariant } from "../../base/errors.ts";
import { type IncarnationId, type Millis, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import {
  type FoundDirectory,
  hasRebooted,
  type IncarnationVerdict,
  judgeIncarnation,
  type PreviousLife,
} from "../../rules/incarnation.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import { Ballast } from "./ballast.ts";
import { readBootId } from "./boot-id.ts";
import { explainDirectoryError } from "./directory-error.ts";
import { DirectoryLock } from "./directory-lock.ts";
import { DurableCell } from "./durable-cell.ts";
import { type FileCalls, nodeFileCalls, syncDirectorySync } from "./file-calls.ts";
import { GroupSync } from "./group-sync.ts";
import { type Identity, loadIdentity, saveIdentity } from "./identity-file.ts";
import { hasLog, type RecoveredLog, recoverLog } from "./log-recovery.ts";
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
import { keepRollback } from "./rollback-files.ts";
import type { SegmentedLog } from "./segmented-log.ts";
import { SnapshotCommits } from "./snapshot-commits.ts";
import { SnapshotStore } from "./snapshot-store.ts";
import { SpareDescriptor } from "./spare-descriptor.ts";

const MEGABYTE = 1024 * 1024;

export interface DiskStorageOptions {
  /** Made when it is not there. */
  readonly directory: string;
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
  readonly lock: DirectoryLock;
  readonly log: SegmentedLog;
  readonly groupSync: GroupSync;
  readonly commits: SnapshotCommits;
  readonly retention: LogRetention;
  identity: Identity;
}

export class DiskStorage implements MemberStorage {
  readonly #directory: string;
  readonly #options: DiskStorageOptions;
  readonly #ballast: Ballast;
  /** With the ballast behind them: for all that must still be written when the disk is full. */
  readonly #calls: FileCalls;
  readonly #identity: DurableCell;
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
    this.#identity = new DurableCell(this.#path("identity"), { calls: this.#calls });
    this.#state = new DurableCell(this.#path("state"), { calls: this.#calls });
    this.#snapshots = new SnapshotStore(this.#path("snapshot"));
    this.#spare = new SpareDescriptor(this.#directory);
  }

  async open(events: StorageEvents): Promise<Recovered> {
    invariant(this.#events === null, "a storage is opened once");
    this.#events = events;
    try {
      for (const name of ["log", "snapshot", "rollback"]) makeDirectory(this.#path(name));
      const bootId = await (this.#options.bootId ?? readBootId)();
      const makeRoom = (): boolean => this.#ballast.giveUpFound();
      return await this.#openWith(DirectoryLock.acquire(this.#directory, { bootId, makeRoom }), bootId);
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
    const snapshot = this.#snapshots.standing;
    const belowSnapshot = snapshot !== null && lastKept.offset < snapshot.position.offset;
    commits.outdateAbove(lastKept.offset);
    try {
      return this.#spare.lend(() => {
        const tail = log.tailAfter(lastKept.offset);
        const keep = (cut: Buffer): string | null =>
          keepRollback(this.#path("rollback"), lastKept, cut, this.#calls);
        const kept = tail === null ? null : keep(tail);
        if (belowSnapshot) this.#cutBelowSnapshot(log, lastKept.offset);
        else if (tail !== null) log.cut(lastKept.offset);
        groupSync.cut(log.lastOffset);
        this.#countLogBytes(log);
        if (tail === null) return null;
        // The cut has made room for what it took away.
        return { file: kept ?? keep(tail), bytes: tail.length };
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
    const opened = this.#use();
    const incarnation = newIncarnation();
    const identity = { ...opened.identity, incarnation, doubts: [], because: reason };
    try {
      saveIdentity(this.#identity, identity);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    opened.identity = identity;
    return incarnation;
  }

  async close(): Promise<void> {
    const { log, lock, groupSync, commits } = this.#use();
    try {
      await commits.close();
      await groupSync.stop();
      await this.#ballast.stop();
      await this.#state.close();
      if (this.#failure === null) await this.#leaveCleanly(log);
      // A sync that was under way may have failed, too: this was no clean stop.
      if (this.#failure !== null) throw this.#failure;
    } finally {
      this.#opened = null;
      log.close();
      this.#spare.close();
      this.#state.abandon();
      this.#identity.abandon();
      lock.release();
    }
  }

  crash(): void {
    if (this.#opened === null) return;
    const { log, lock, groupSync, commits } = this.#opened;
    this.#opened = null;
    groupSync.abandon();
    this.#ballast.abandon();
    commits.abandon();
    log.close();
    this.#spare.close();
    this.#state.abandon();
    this.#identity.abandon();
    lock.release();
  }

  async #leaveCleanly(log: SegmentedLog): Promise<void> {
    try {
      await log.sync();
      saveIdentity(this.#identity, { ...this.#use().identity, cleanStop: true });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #openWith(lock: DirectoryLock, bootId: string | null): Promise<Recovered> {
    try {
      return await this.#openLocked(lock, bootId);
    } catch (error) {
      this.#ballast.abandon();
      this.#identity.abandon();
      this.#state.abandon();
      lock.release();
      throw error;
    }
  }

  async #openLocked(lock: DirectoryLock, bootId: string | null): Promise<Recovered> {
    const previous = loadIdentity(this.#identity);
    const state = this.#state.load();
    const verdict = judgeIncarnation(this.#find(previous, state), bootId);
    await this.#ballast.prepare();
    const repairs = await this.#snapshots.open();
    const snapshot = this.#snapshots.standing;
    const recovered = await recoverLog({
      directory: this.#path("log"),
      rollbackDirectory: this.#path("rollback"),
      generation: this.#snapshots.logGeneration,
      snapshot,
      lastStop: lastStopOf(previous, bootId),
      segmentBytesMax: this.#options.segmentBytesMax ?? 64 * MEGABYTE,
      calls: this.#calls,
    });
    const { log } = recovered;
    try {
      // The life that begins now promises what its own policy says, of everything that is in the log.
      if (this.#options.appendfsync !== "no") await log.sync();
      if (state === null) this.#state.saveSync(Buffer.alloc(0));
      const identity = this.#begin(verdict, previous, bootId);
      // Without the clean marker, durably, before the first record of this life can be appended.
      saveIdentity(this.#identity, identity);
      const groupSync = this.#makeGroupSync(log);
      const retention = this.#makeRetention(log);
      const commits = this.#makeCommits(log, groupSync, retention);
      this.#spare.keep();
      this.#opened = { lock, log, groupSync, commits, retention, identity };
      this.#countLogBytes(log);
      return describe(recovered, snapshot, verdict, identity, state, repairs);
    } catch (error) {
      log.close();
      throw error;
    }
  }

  /** Taken before anything is made: what is missing now was lost. */
  #find(previous: PreviousLife | null, state: Buffer | null): FoundDirectory {
    const log = hasLog(this.#path("log"));
    if (previous === null) {
      const nothing = state === null && !log && fs.readdirSync(this.#path("snapshot")).length === 0;
      return nothing ? { contents: "nothing" } : { contents: "incomplete", missing: "its identity file" };
    }
    if (state === null) return { contents: "incomplete", missing: "its state file" };
    if (!log) return { contents: "incomplete", missing: "its log" };
    return { contents: "whole", previous };
  }

  #begin(verdict: IncarnationVerdict, previous: Identity | null, bootId: string | null): Identity {
    const isNew = verdict.decision === "new";
    return {
      incarnation: isNew ? newIncarnation() : verdict.incarnation,
      doubts: verdict.doubts,
      because: isNew ? verdict.reason : (previous?.because ?? ""),
      cleanStop: false,
      bootId,
      appendfsync: this.#options.appendfsync,
      voidedBy: null,
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

  /** The state at `lastKept` can't be rebuilt without a snapshot below it, unless the log reaches back to record 1. */
  #cutBelowSnapshot(log: SegmentedLog, lastKept: Offset): void {
    if (log.firstOffset === 1 && log.generation === 0) {
      this.#snapshots.drop();
      log.cut(lastKept);
    } else {
      log.empty();
      this.#snapshots.drop();
    }
  }

  #countLogBytes(log: SegmentedLog): void {
    this.#logBytes = log.bytesAfter(this.#snapshots.standing?.position.offset ?? OFFSET_ZERO);
  }

  /** After a write or sync error the page cache can't be trusted: the incarnation ends, and so must the process. */
  #fail(cause: unknown): void {
    if (cause instanceof InvariantError) throw cause;
    if (this.#failure !== null || this.#opened === null) return;
    const { identity, groupSync } = this.#opened;
    const what = describeError(cause);
    let message = `Cannot go on with the data directory ${this.#directory}: ${what}`;
    groupSync.abandon();
    try {
      this.#void({ ...identity, voidedBy: what });
    } catch (error) {
      message += `; nor could that be noted there: ${describeError(error)}`;
    }
    const failure = new InterrexError("STORAGE_FAILED", message, { cause });
    this.#failure = failure;
    queueMicrotask(() => this.#events?.failed(failure));
  }

  #void(identity: Identity): void {
    try {
      saveIdentity(this.#identity, identity);
    } catch {
      // Whatever keeps it from being written: without the file the next life is a new incarnation all the same.
      fs.rmSync(this.#identity.path, { force: true });
      syncDirectorySync(this.#directory);
    }
  }

  #use(): Opened {
    invariant(this.#opened !== null, "a storage is used between open and close");
    return this.#opened;
  }

  #path(name: string): string {
    return path.join(this.#directory, name);
  }
}

/** A void life counts as a power cut: what it wrote last can't be trusted either. */
function lastStopOf(previous: PreviousLife | null, bootId: string | null): "clean" | "crash" | "powerCut" {
  if (previous === null || previous.voidedBy !== null) return "powerCut";
  if (previous.cleanStop) return "clean";
  return hasRebooted(previous.bootId, bootId) ? "powerCut" : "crash";
}

function describe(
  recovered: RecoveredLog,
  snapshot: StoredSnapshot | null,
  verdict: IncarnationVerdict,
  identity: Identity,
  state: Buffer | null,
  repairs: readonly string[],
): Recovered {
  const { log, position, history } = recovered;
  return {
    state: state === null || state.length === 0 ? null : state,
    incarnation: identity.incarnation,
    incarnationIsNew: verdict.decision === "new" ? verdict.reason : null,
    doubts: identity.doubts,
    snapshot,
    position,
    history,
    records: () => log.recordsAfter(snapshot?.position.offset ?? OFFSET_ZERO),
    repairs: [...repairs, ...recovered.repairs],
  };
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function newIncarnation(): IncarnationId {
  return randomUUID() as IncarnationId;
}
