/**
 * Snapshots under way, and what a commit does to log and snapshot together: which moment makes it stand, and what
 * must be durable before that.
 *
 * Commits go one after the other: each decides on what stands after the one before.
 */
import { invariant } from "../../base/errors.ts";
import { nextOffset, type Offset } from "../../base/ids.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { FileCalls } from "./file-calls.ts";
import type { GroupSync } from "./group-sync.ts";
import type { LogRetention } from "./log-retention.ts";
import type { CommitOptions, ReplacedTail, SnapshotWriter } from "./member-storage.ts";
import { PendingSnapshot } from "./pending-snapshot.ts";
import { type KeptTail, keepTail } from "./replaced-log.ts";
import type { SegmentedLog } from "./segmented-log.ts";
import { SnapshotFile, SnapshotFileWriter } from "./snapshot-file.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface SnapshotCommitsOptions {
  readonly store: SnapshotStore;
  readonly log: SegmentedLog;
  readonly groupSync: GroupSync;
  readonly retention: LogRetention;
  readonly rollbackDirectory: string;
  /** Without a ballast: a snapshot may not use up the room of the log. */
  readonly calls: FileCalls;
  /** Another snapshot stands. */
  readonly replaced: () => void;
  /** A sync failed after which the files can't be trusted. */
  readonly failed: (error: unknown) => void;
}

export class SnapshotCommits {
  readonly #options: SnapshotCommitsOptions;
  readonly #pending: Set<PendingSnapshot> = new Set();
  #queue: Promise<void> = Promise.resolve();
  #replacingLog = false;
  #closed = false;

  constructor(options: SnapshotCommitsOptions) {
    this.#options = options;
  }

  /** A full sync is about to replace the log: nothing may go into the old one. */
  get replacingLog(): boolean {
    return this.#replacingLog;
  }

  async begin(position: LogPosition, history: EpochHistory): Promise<SnapshotWriter> {
    const { store, calls } = this.#options;
    const file = await SnapshotFileWriter.create(store.temporaryPath(), position, history, calls);
    const pending = new PendingSnapshot(position, history, file, {
      commit: (snapshot, options) => this.#enqueue(snapshot, options),
      ended: (snapshot) => this.#pending.delete(snapshot),
    });
    this.#pending.add(pending);
    return pending;
  }

  /** The log was cut after `lastKept`. */
  outdateAbove(lastKept: Offset): void {
    for (const pending of this.#pending) {
      if (pending.position.offset > lastKept) pending.outdate(`the log was cut after ${lastKept}`);
    }
  }

  /** Drops what is behind the standing snapshot and is not kept; after what is being committed, which may change both. */
  dropLogSoon(): void {
    this.#whenSettled((retention, offset) => retention.dropBehind(offset));
  }

  /** The disk is full: as `dropLogSoon`, and nothing is kept for replicas. */
  giveUpLogSoon(): void {
    this.#whenSettled((retention, offset) => retention.giveUp(offset, "diskFull"));
  }

  /** Aborts what is not yet being committed, waits for what is. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const pending of [...this.#pending]) await pending.abort();
    await this.#queue;
  }

  /** Leaves the files as they are, as a killed process would. */
  abandon(): void {
    this.#closed = true;
    for (const pending of this.#pending) pending.abandon();
  }

  /** Not before: the standing snapshot's name may not be durable yet. */
  #whenSettled(drop: (retention: LogRetention, offset: Offset) => Promise<void>): void {
    const dropped = this.#queue.then(async () => {
      const { standing } = this.#options.store;
      if (this.#closed || standing === null) return;
      await this.#orFail(drop(this.#options.retention, standing.position.offset));
    });
    this.#queue = dropped.catch(() => undefined);
  }

  #enqueue(
    snapshot: PendingSnapshot,
    { keepLog, keepAfter = null }: CommitOptions,
  ): Promise<ReplacedTail | null> {
    if (!keepLog) this.#replacingLog = true;
    const commit = this.#queue.then(async () => {
      try {
        snapshot.checkStands();
        if (!keepLog) return await this.#commitInPlaceOfLog(snapshot, keepAfter);
        await this.#commitBesideLog(snapshot);
        return null;
      } finally {
        if (!keepLog) this.#replacingLog = false;
      }
    });
    // Whoever asked gets the error; those in line behind it only wait.
    this.#queue = commit.then(
      () => undefined,
      () => undefined,
    );
    return commit;
  }

  async #commitBesideLog(snapshot: PendingSnapshot): Promise<void> {
    const { store, log, retention, replaced } = this.#options;
    const { offset } = snapshot.position;
    invariant(
      offset <= log.lastOffset && offset >= log.firstOffset - 1,
      "a local snapshot stands at a position in the log",
    );
    // A log that a power cut ended below its snapshot would have a gap.
    await this.#orFail(log.sync());
    await snapshot.file.finish(store.nextSerial, log.generation);
    const finished = await SnapshotFile.open(snapshot.file.path);
    snapshot.checkStands();
    const old = store.install(finished);
    replaced();
    await this.#orFail(store.settle(old));
    // A cut meanwhile has taken the snapshot away again, or the storage is closed: the log is no longer ours to drop.
    if (!snapshot.stands) return;
    await this.#orFail(retention.dropBehind(offset));
  }

  async #commitInPlaceOfLog(
    snapshot: PendingSnapshot,
    keepAfter: LogPosition | null,
  ): Promise<ReplacedTail | null> {
    const { store, log, groupSync, replaced } = this.#options;
    const generation = log.generation + 1;
    await snapshot.file.finish(store.nextSerial, generation);
    const finished = await SnapshotFile.open(snapshot.file.path);
    snapshot.checkStands();
    const first = log.prepareAfresh(generation, nextOffset(snapshot.position.offset));
    let old: SnapshotFile | null;
    let kept: KeptTail | null = null;
    try {
      await this.#orFail(log.syncNames());
      snapshot.checkStands();
      // Last of all: a commit that fails before this, and is tried again, leaves no file each time.
      if (keepAfter !== null) kept = await this.#orFail(this.#keepTail(keepAfter));
      snapshot.checkStands();
      // The rename is the moment: before it the old log counts, after it the new one.
      old = store.install(finished);
    } catch (error) {
      // A killed process removes nothing, and by now the directory may be another's.
      if (snapshot.abandoned) first.file.close();
      else await this.#orFail(log.discardAfresh(first));
      if (!snapshot.abandoned) await kept?.discard();
      throw error;
    }
    const removeOldLog = log.beginAfresh(first);
    groupSync.restart(snapshot.position.offset);
    replaced();
    for (const other of this.#pending)
      if (other !== snapshot) other.outdate("a full sync has replaced the log");
    await this.#orFail(store.settle(old));
    if (snapshot.stands) await this.#orFail(removeOldLog());
    return kept;
  }

  #keepTail(lastKept: LogPosition): Promise<KeptTail> {
    const { log, rollbackDirectory, calls } = this.#options;
    return keepTail(log, lastKept, rollbackDirectory, calls);
  }

  async #orFail<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      this.#options.failed(error);
      throw error;
    }
  }
}
