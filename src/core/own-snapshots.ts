/**
 * Snapshots of this member's own keyspace, in slices while commands go on, so that the log can be truncated.
 * A snapshot becomes the standing one only when its offset is committed.
 */
import type { Millis, Offset } from "../base/ids.ts";
import type { LogPosition } from "../rules/log-position.ts";
import type { MemberOutbox } from "./member-io.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";

/** Bytes of snapshot made at once: a millisecond or so of work. */
const SLICE_BYTES = 64 * 1024;
/** While a replica is being brought up from disk, the log may grow to so many times what else makes a snapshot due. */
const LONG_LOG_FACTOR = 16;

/** The keyspace's snapshot cursor, as far as it is needed here. */
export interface SliceSource {
  /** The next commands, or `undefined` when everything was handed over. */
  nextSlice(budgetBytes: number): Buffer | undefined;
  abort(): void;
}

/** One is due so long after the latest when so much has changed since. */
export interface SnapshotRule {
  readonly afterMs: Millis;
  readonly changesMin: number;
}

interface Taken {
  readonly position: LogPosition;
  /** The keyspace's count of changes when it was begun. */
  readonly changes: number;
}

type SnapshotState =
  | { readonly phase: "idle" }
  | (Taken & { readonly phase: "writing"; readonly source: SliceSource })
  /** All is written; its offset is not committed yet. */
  | (Taken & { readonly phase: "waiting" })
  | (Taken & { readonly phase: "committing" });

export class OwnSnapshots {
  readonly #log: ReplicationLog;
  readonly #outbox: MemberOutbox;
  readonly #begin: () => SliceSource;
  readonly #changes: () => number;
  readonly #afterBytes: number;
  #state: SnapshotState = { phase: "idle" };
  /** Offset of the standing snapshot; the log cannot be cut below it. */
  #base: Offset;
  /** How large it is. */
  #baseBytes: number;
  /** `log.tail.appendedBytes` at the last snapshot; below 0 for what an earlier process left. */
  #bytesMark: number;
  /** The keyspace's count of changes when it was what the standing snapshot holds. */
  #changesMark = 0;
  #wanted = false;
  /** The standing snapshot can't be read: another one is due, though nothing may have come since. */
  #baseIsDamaged = false;
  /** Further reasons to take one, as CONFIG's `save` gives them. */
  rules: readonly SnapshotRule[] = [];
  #lastFailed = false;
  /** When the latest was begun, or when this process first asked whether one is due. */
  #sinceMs: Millis | undefined;

  constructor(setup: {
    log: ReplicationLog;
    outbox: MemberOutbox;
    begin: () => SliceSource;
    /** Changes of the keyspace since it was made. */
    changes: () => number;
    afterBytes: number;
    base: Offset;
    baseBytes: number;
    logBytes: number;
  }) {
    this.#log = setup.log;
    this.#outbox = setup.outbox;
    this.#begin = setup.begin;
    this.#changes = setup.changes;
    this.#afterBytes = setup.afterBytes;
    this.#base = setup.base;
    this.#baseBytes = setup.baseBytes;
    this.#bytesMark = -setup.logBytes;
  }

  get base(): Offset {
    return this.#base;
  }

  /** The log cannot be cut below it: the standing snapshot's offset, or that of the one which may stand any moment. */
  get floor(): Offset {
    return this.#state.phase === "committing" ? this.#state.position.offset : this.#base;
  }

  /** Changes that the standing snapshot does not hold. */
  get changesSince(): number {
    return this.#changes() - this.#changesMark;
  }

  /** The keyspace has become what the standing snapshot holds. */
  onLoaded(): void {
    this.#changesMark = this.#changes();
  }

  /** The latest that was taken to its end could not be kept. */
  get lastFailed(): boolean {
    return this.#lastFailed;
  }

  get busy(): boolean {
    return this.#state.phase !== "idle";
  }

  /** One is being taken, or will be. */
  get pending(): boolean {
    return this.busy || this.#wanted;
  }

  /** BGSAVE: take one as soon as possible. */
  want(): void {
    this.#wanted = true;
  }

  /** The standing one is damaged. What is in memory is sound: a new one takes its place as soon as possible. */
  replaceDamaged(): void {
    // One that is being taken will do.
    if (this.busy || this.#baseIsDamaged) return;
    this.#baseIsDamaged = true;
    this.#wanted = true;
    this.#outbox.log(
      "error",
      "snapshot-damaged",
      { offset: this.#base },
      "the standing snapshot can't be read: a new one is taken of what is in memory; until it stands, this process must not stop",
    );
  }

  /**
   * Begins a snapshot when one is due. Call only when the keyspace is exactly the log up to `log.applied`.
   *
   * @param logIsNeeded a replica is being sent what only the disk has. The disk has enough to do then, and what a snapshot
   *   would let go of is kept for that replica: only BGSAVE and a very long log bring one.
   */
  runIfDue(nowMs: Millis, logIsNeeded: boolean): void {
    const { appendedBytes } = this.#log.tail;
    this.#sinceMs ??= nowMs;
    const bytes = appendedBytes - this.#bytesMark;
    const factor = logIsNeeded ? LONG_LOG_FACTOR : 1;
    // No sooner than the log is as long as the snapshot was: all the data would be written anew for a small part of it.
    const isLong = bytes >= Math.max(this.#afterBytes * factor, this.#baseBytes);
    const isDue = isLong || (!logIsNeeded && this.#isDueByRule(nowMs - this.#sinceMs));
    if (this.busy || !(this.#wanted || isDue)) return;
    if (this.#log.applied <= this.#base && !this.#baseIsDamaged) {
      this.#wanted = false;
      return;
    }
    this.#wanted = false;
    this.#bytesMark = appendedBytes;
    this.#sinceMs = nowMs;
    const position = this.#log.tail.positionAt(this.#log.applied);
    const history = this.#log.tail.history.filter(({ firstOffset }) => firstOffset <= position.offset);
    this.#outbox.push({ type: "beginSnapshot", kind: "own", position, history });
    this.#state = { phase: "writing", position, changes: this.#changes(), source: this.#begin() };
    this.onWritten();
  }

  #isDueByRule(elapsedMs: Millis): boolean {
    return this.rules.some(
      ({ afterMs, changesMin }) => elapsedMs >= afterMs && this.changesSince >= changesMin,
    );
  }

  /** The writer can take the next slice. */
  onWritten(): void {
    if (this.#state.phase !== "writing") return;
    const { position, changes, source } = this.#state;
    const slice = source.nextSlice(SLICE_BYTES);
    if (slice !== undefined) {
      this.#outbox.push({ type: "writeSnapshot", bytes: slice });
      return;
    }
    this.#state = { phase: "waiting", position, changes };
    this.onCommitMoved();
  }

  onCommitMoved(): void {
    if (this.#state.phase !== "waiting" || this.#state.position.offset > this.#log.committed) return;
    const { position, changes } = this.#state;
    this.#state = { phase: "committing", position, changes };
    this.#outbox.push({ type: "commitSnapshot", keepAfter: null });
  }

  /** A snapshot stands: this one, or one received from the master. */
  onCommitted(position: LogPosition, bytes: number): void {
    this.#base = position.offset;
    this.#baseBytes = bytes;
    this.#baseIsDamaged = false;
    if (this.#state.phase === "committing") {
      this.#changesMark = this.#state.changes;
      this.#state = { phase: "idle" };
      this.#lastFailed = false;
    }
    this.#outbox.log(
      "info",
      "snapshot",
      { epoch: position.epoch, offset: position.offset },
      "snapshot stands",
    );
  }

  /** It could not be written; the next one is due after as much log again. */
  onFailed(): void {
    if (this.#state.phase === "writing") this.#state.source.abort();
    this.#state = { phase: "idle" };
    this.#lastFailed = true;
    // The next replica that asks for the damaged one sets it going again.
    this.#baseIsDamaged = false;
  }

  /** What was being taken is worthless: its tail was cut, or a full sync needs the writer. */
  abort(): void {
    if (this.#state.phase === "idle" || this.#state.phase === "committing") return;
    if (this.#state.phase === "writing") this.#state.source.abort();
    this.#state = { phase: "idle" };
    this.#baseIsDamaged = false;
    this.#outbox.push({ type: "abortSnapshot" });
  }
}
