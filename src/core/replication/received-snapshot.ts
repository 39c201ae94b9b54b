/**
 * A full sync's last step: the received snapshot takes the place of the old state, atomically. It belongs to the
 * member, not to a follower: once storage was told to, no change of role can stop it, and until it is done the log's
 * end is not known.
 */
import type { Millis } from "../../base/ids.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { MemberOutbox, ReplacedTail } from "../member-io.ts";
import type { Applier } from "./applier.ts";
import type { FullSyncNotes } from "./full-sync-notes.ts";
import type { ReplicationLog } from "./replication-log.ts";

interface Snapshot {
  readonly position: LogPosition;
  readonly history: EpochHistory;
  /** `null`: the master has the whole log, and this is only the emptying before it. */
  readonly notes: FullSyncNotes | null;
  /** Where the old log leaves the master's; `null`: it has nothing that the master does not have. */
  readonly parting: LogPosition | null;
}

export class ReceivedSnapshot {
  readonly #log: ReplicationLog;
  readonly #applier: Applier;
  readonly #outbox: MemberOutbox;
  #staged: Snapshot | null = null;
  #committing: Snapshot | null = null;

  constructor(log: ReplicationLog, applier: Applier, outbox: MemberOutbox) {
    this.#log = log;
    this.#applier = applier;
    this.#outbox = outbox;
  }

  /** Storage is replacing the old state: the log may neither grow nor be spoken of. */
  get replacing(): boolean {
    return this.#committing !== null;
  }

  begin(snapshot: Snapshot): void {
    const { position, history } = snapshot;
    this.#staged = snapshot;
    this.#outbox.push({ type: "beginSnapshot", kind: "received", position, history });
  }

  write(bytes: Buffer): void {
    this.#staged?.notes?.carried(bytes.length);
    this.#outbox.push({ type: "writeSnapshot", bytes });
  }

  commit(): void {
    this.#committing = this.#staged;
    this.#staged = null;
    this.#outbox.push({ type: "commitSnapshot", keepAfter: this.#committing?.parting ?? null });
  }

  /** The stream broke off. What is already being committed goes on. */
  abort(): void {
    if (this.#staged === null) return;
    this.#staged.notes?.broke();
    this.#staged = null;
    this.#outbox.push({ type: "abortSnapshot" });
  }

  /** It stands: the log begins after it, the keyspace is rebuilt from it. */
  onCommitted(rollback: ReplacedTail | null, nowMs: Millis): void {
    const snapshot = this.#committing;
    if (snapshot === null) return;
    this.#committing = null;
    if (rollback !== null && snapshot.parting !== null) this.#report(rollback, snapshot.parting);
    snapshot.notes?.done(nowMs);
    this.#log.tail.reset(snapshot.position, snapshot.history);
    this.#log.persisted = snapshot.position.offset;
    this.#log.committed = snapshot.position.offset;
    this.#applier.rebuild();
  }

  onFailed(): void {
    this.#staged?.notes?.broke();
    this.#committing?.notes?.broke();
    this.#staged = null;
    this.#committing = null;
  }

  #report({ file, bytes, firstOffset }: ReplacedTail, { epoch, offset }: LogPosition): void {
    const inSnapshot = Math.min(firstOffset - 1, this.#log.tail.lastOffset) - offset;
    const fields = { file, bytes, epoch, offset, inSnapshot: Math.max(0, inSnapshot) };
    const what = "records that the master does not have went with the log that a full sync replaced";
    const but = inSnapshot > 0 ? `; the first ${inSnapshot} of them were in the replaced snapshot only` : "";
    if (file !== null)
      this.#outbox.log("warn", "rollback", fields, `${what}; they are kept in the file${but}`);
    else {
      const why = bytes > 0 ? ": the full disk has no room" : "";
      this.#outbox.log("error", "rollback-lost", fields, `${what} and are lost${why}${but}`);
    }
  }
}
