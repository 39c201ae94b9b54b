/**
 * The replica's side of replication: asks the master for what it lacks, writes what comes to the log, acknowledges
 * it. It accepts records of one epoch from one link only; whom to follow is the sentinels' decision.
 */
import {
  type Epoch,
  type GroupId,
  type IncarnationId,
  type MemberId,
  type Millis,
  OFFSET_ZERO,
  type Offset,
} from "../../base/ids.ts";
import type { LinkId } from "../../protocol/peer/identity.ts";
import type {
  Records,
  SnapshotChunk,
  SyncFull,
  SyncPartial,
  SyncRefused,
} from "../../protocol/peer/node-messages.ts";
import { findCorruption, RecordCursor } from "../../protocol/record.ts";
import type { LogEnd } from "../../rules/epoch-history.ts";
import type { ClientAddress } from "../../rules/group-record.ts";
import { EMPTY_POSITION, type LogPosition } from "../../rules/log-position.ts";
import type { ReplicationRules } from "../../rules/replication-rules.ts";
import type { MemberOutbox } from "../member-io.ts";
import type { Applier } from "./applier.ts";
import { FullSyncNotes } from "./full-sync-notes.ts";
import type { ReceivedSnapshot } from "./received-snapshot.ts";
import type { ReplicationLog } from "./replication-log.ts";

type SyncState =
  /** No link to the master, or not yet allowed to ask (the promise is not durable, the disk is full). */
  | { readonly phase: "waiting" }
  | { readonly phase: "asking"; readonly link: LinkId }
  | { readonly phase: "staging"; readonly link: LinkId }
  | { readonly phase: "streaming"; readonly link: LinkId };

export interface FollowerSetup {
  readonly epoch: Epoch;
  readonly master: MemberId;
  readonly log: ReplicationLog;
  readonly applier: Applier;
  readonly received: ReceivedSnapshot;
  readonly outbox: MemberOutbox;
  readonly rules: ReplicationRules;
  /** What a sync request says of this member, as it is when it is sent. */
  describe(): {
    readonly groupId: GroupId | null;
    readonly incarnation: IncarnationId;
    readonly client: ClientAddress;
    /** Position of the standing snapshot: the log cannot be cut below it. */
    readonly base: Offset;
  };
  /** Whether asynchronous replication allows that committed records are cut. */
  readonly mayLoseCommitted: boolean;
  /** Told right before the log is cut or replaced. */
  beforeCut(): void;
}

export class Follower {
  readonly epoch: Epoch;
  readonly master: MemberId;
  readonly #setup: FollowerSetup;
  #state: SyncState = { phase: "waiting" };
  #link: LinkId | null = null;
  #allowed = false;
  /** Frames that want an ack and have none yet: each is acknowledged once its last record is persisted. */
  #unacked: { readonly frame: number; readonly lastOffset: Offset }[] = [];
  #ackedFrame = 0;
  #ackedApplied: Offset = OFFSET_ZERO;
  /** Where the two logs part, when that is below the snapshot: ask as if this member had nothing. */
  #partedBelow: LogPosition | null = null;
  /** The incarnation that must end before this member may be emptied; `null` while it need not be. */
  #emptiedAs: IncarnationId | null = null;
  #commit: Offset = OFFSET_ZERO;
  /** Every committed record that the master had when this link opened has been applied. */
  #synced = false;
  /** Refused again and again while the sentinels elect: said once aloud. */
  #refusals = 0;
  #masterClient: ClientAddress | null = null;
  lastHeardMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(setup: FollowerSetup) {
    this.#setup = setup;
    this.epoch = setup.epoch;
    this.master = setup.master;
  }

  get streaming(): boolean {
    return this.#state.phase === "streaming";
  }

  /** True once this process holds a state that the current master's commit offset covers. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Where clients reach the master, as it says itself; `null` before it has said so. */
  get masterClient(): ClientAddress | null {
    return this.#masterClient;
  }

  get commit(): Offset {
    return this.#commit;
  }

  /** The promise is durable: from now on this follower may ask and acknowledge. */
  allow(): void {
    this.#allowed = true;
    this.#ask();
  }

  /** It takes the place of one whose end has not been told yet: what was under way there does not go on here. */
  onLinkUp(link: LinkId): void {
    if (this.#link !== null) this.onLinkDown(this.#link);
    this.#link = link;
    this.#ask();
  }

  onLinkDown(link: LinkId): void {
    if (this.#link !== link) return;
    this.#link = null;
    this.#unacked = [];
    this.#setup.received.abort();
    this.#state = { phase: "waiting" };
  }

  /** Ends this follower: another role or epoch begins. */
  stop(): void {
    this.#setup.received.abort();
    this.#allowed = false;
    this.#state = { phase: "waiting" };
  }

  /** Something that held the follower back is gone (a new incarnation began, the disk has space again). */
  retry(): void {
    if (this.#state.phase === "waiting" || this.#state.phase === "asking") this.#ask();
  }

  tick(): void {
    if (this.#state.phase === "waiting") this.#ask();
  }

  onSyncPartial(link: LinkId, message: SyncPartial): void {
    if (!this.#isAnswer(link, message.epoch)) return;
    const { log, applier } = this.#setup;
    const { from } = message;
    if (from.offset > log.tail.lastOffset) return this.#distrust("the master continues beyond this log");
    const base = this.#setup.describe().base;
    if (from.offset < base) {
      if (from.offset > 0) {
        this.#partedBelow = from;
        this.#ask();
        return;
      }
      this.#beginWithNothing();
      return;
    }
    this.#partedBelow = null;
    this.#masterClient = message.client;
    if (from.offset < log.tail.lastOffset) this.#cut(from, applier);
    this.#state = { phase: "streaming", link };
    this.#unacked = [];
    this.#ackedFrame = 0;
  }

  /**
   * The master has the whole log from its first record, and sends no snapshot: all is dropped, atomically. Until it has
   * caught up this member must not be promoted for what it was, so it goes on as a new incarnation.
   */
  #beginWithNothing(): void {
    const { outbox, received, beforeCut } = this.#setup;
    const { incarnation } = this.#setup.describe();
    this.#state = { phase: "waiting" };
    this.#emptiedAs ??= incarnation;
    if (this.#emptiedAs === incarnation) {
      outbox.push({ type: "startIncarnation", reason: "it begins anew with the master's log" });
      return;
    }
    this.#emptiedAs = null;
    const parting = this.#partingFrom({ history: [], lastOffset: OFFSET_ZERO });
    this.#partedBelow = null;
    beforeCut();
    received.begin({ position: EMPTY_POSITION, history: [], notes: null, parting });
    received.commit();
  }

  onSyncFull(link: LinkId, message: SyncFull, nowMs: Millis): void {
    if (!this.#isAnswer(link, message.epoch)) return;
    const { received, outbox } = this.#setup;
    const { position, history } = message;
    const parties = { master: this.master, epoch: this.epoch };
    const notes = new FullSyncNotes(outbox, parties, position, nowMs);
    const parting = this.#partingFrom({ history, lastOffset: position.offset });
    received.begin({ position, history, notes, parting });
    this.#state = { phase: "staging", link };
  }

  onSnapshotChunk(link: LinkId, message: SnapshotChunk): void {
    const state = this.#state;
    if (state.phase !== "staging" || state.link !== link || message.epoch !== this.epoch) return;
    const { received } = this.#setup;
    // Also without bytes, since each piece is answered.
    if (message.bytes.length > 0 || !message.last) received.write(message.bytes);
    if (!message.last) return;
    received.commit();
    this.#partedBelow = null;
    this.#state = { phase: "waiting" };
  }

  /** A piece is in the file: the master may send another one, no faster than this disk is. */
  onSnapshotWritten(): void {
    if (this.#state.phase !== "staging") return;
    const { outbox, log } = this.#setup;
    // Received is still the old position: until the new state stands, the old one is what this member has.
    outbox.send(this.#state.link, {
      type: "ack",
      epoch: this.epoch,
      frame: 0,
      received: log.persisted,
      applied: log.applied,
    });
  }

  /** The received snapshot could not be kept: the old state still stands, ask again on a fresh link. */
  onSnapshotFailed(): void {
    this.#distrust("the received snapshot could not be written");
  }

  /** @returns true when the master says that this member has lost what it once acknowledged. */
  onSyncRefused(link: LinkId, message: SyncRefused): boolean {
    if (this.#state.phase !== "asking" || this.#state.link !== link) return false;
    if (message.requested !== this.epoch) return false;
    // Asked again at the next tick: the master may take the role a moment later.
    this.#state = { phase: "waiting" };
    const level = this.#refusals++ === 0 ? "info" : "debug";
    this.#setup.outbox.log(
      level,
      "sync-refused",
      { master: this.master, epoch: this.epoch, masterEpoch: message.epoch, reason: message.reason },
      "the master refuses to sync this member",
    );
    return message.reason === "lessThanAcked";
  }

  onRecords(link: LinkId, message: Records, nowMs: Millis): void {
    if (this.#state.phase !== "streaming" || this.#state.link !== link || message.epoch !== this.epoch)
      return;
    const { log, rules } = this.#setup;
    this.lastHeardMs = nowMs;
    if (!rules.continuesLog(log.tail.position, message.previous)) {
      return this.#distrust("records do not continue this log");
    }
    if (message.bytes.length > 0 && !this.#append(message.bytes)) return;
    if (message.commit > this.#commit) this.#commit = message.commit;
    const committed = rules.applicable(log.tail.lastOffset, this.#commit);
    if (committed > log.committed) log.committed = committed;
    if (message.wantsAck) this.#unacked.push({ frame: message.frame, lastOffset: log.tail.lastOffset });
    if (message.bytes.length === 0) this.#acknowledge();
    // What is beyond the limits is read from disk when its time comes: while a large keyspace loads, all would pile up.
    log.tail.trim(log.persisted);
    this.noteApplied();
  }

  onPersisted(): void {
    if (this.#unacked.length > 0) this.#acknowledge();
  }

  /** The keyspace moved on. In sync mode the master waits to hear of it. */
  noteApplied(): void {
    const { log } = this.#setup;
    // A demoted master's keyspace may be ahead of the commit; until that is settled nobody may read it.
    const isCommitted = log.applied >= this.#commit && log.applied <= log.committed;
    if (this.streaming && this.#commit > 0 && isCommitted) this.#synced = true;
  }

  /** Tells the master how far the keyspace is, when that is news. */
  acknowledgeApplied(): void {
    if (this.streaming && this.#setup.log.applied > this.#ackedApplied) this.#sendAck();
  }

  #ask(): void {
    if (!this.#allowed || this.#link === null || this.#setup.received.replacing) return;
    if (this.#state.phase === "streaming") return;
    const { log, outbox } = this.#setup;
    const { groupId, incarnation, client } = this.#setup.describe();
    this.#state = { phase: "asking", link: this.#link };
    outbox.send(this.#link, {
      type: "sync",
      groupId,
      epoch: this.epoch,
      incarnation,
      lastOffset: this.#partedBelow === null ? log.tail.lastOffset : OFFSET_ZERO,
      history: this.#partedBelow === null ? log.tail.history : [],
      client,
    });
  }

  #isAnswer(link: LinkId, epoch: Epoch): boolean {
    return this.#state.phase === "asking" && this.#state.link === link && epoch === this.epoch;
  }

  /**
   * After what of this log, all of which is about to go, the master has nothing of it; `null` when it has it all. What it
   * sends instead is enough to tell: it is sent only where the log that it still has begins beyond that point.
   */
  #partingFrom(sent: LogEnd): LogPosition | null {
    const { log, rules } = this.#setup;
    const { history, lastOffset } = log.tail;
    const parting = this.#partedBelow ?? rules.partingPoint(sent, { history, lastOffset });
    return parting.offset < lastOffset ? parting : null;
  }

  #cut(last: LogPosition, applier: Applier): void {
    const { log, outbox, mayLoseCommitted } = this.#setup;
    if (last.offset < log.committed) {
      outbox.log(
        mayLoseCommitted ? "warn" : "error",
        "cut-below-commit",
        { last: last.offset, committed: log.committed },
        "committed records are cut from this log: the master does not have them",
      );
      log.committed = last.offset;
    }
    this.#setup.beforeCut();
    outbox.push({ type: "cut", last });
    log.tail.cut(last);
    if (log.persisted > last.offset) log.persisted = last.offset;
    if (log.applied > last.offset) applier.rebuild();
  }

  #append(bytes: Buffer): boolean {
    const { log, outbox } = this.#setup;
    const corruption = findCorruption(bytes);
    if (corruption !== undefined) {
      this.#distrust(`records are damaged: ${corruption.reason}`);
      return false;
    }
    const cursor = new RecordCursor(bytes);
    const firstOffset = (log.tail.lastOffset + 1) as Offset;
    let lastOffset = log.tail.lastOffset;
    let epoch = log.tail.position.epoch;
    const starts: { epoch: Epoch; firstOffset: Offset }[] = [];
    while (cursor.next()) {
      if (cursor.offset !== lastOffset + 1 || cursor.epoch < epoch || cursor.epoch > this.epoch) {
        this.#distrust(`record ${cursor.epoch}/${cursor.offset} cannot follow ${epoch}/${lastOffset}`);
        return false;
      }
      if (cursor.epoch > epoch) starts.push({ epoch: cursor.epoch, firstOffset: cursor.offset });
      lastOffset = cursor.offset;
      epoch = cursor.epoch;
    }
    log.tail.append({ firstOffset, lastOffset, bytes }, starts);
    outbox.push({ type: "append", bytes, firstOffset, lastOffset });
    return true;
  }

  #acknowledge(): void {
    const { log } = this.#setup;
    let done = 0;
    for (const { frame, lastOffset } of this.#unacked) {
      if (lastOffset > log.persisted) break;
      this.#ackedFrame = frame;
      done++;
    }
    if (done === 0) return;
    this.#unacked = this.#unacked.slice(done);
    this.#sendAck();
  }

  #sendAck(): void {
    if (this.#state.phase !== "streaming") return;
    const { log, outbox } = this.#setup;
    this.#ackedApplied = log.applied;
    outbox.send(this.#state.link, {
      type: "ack",
      epoch: this.epoch,
      frame: this.#ackedFrame,
      received: log.persisted,
      applied: log.applied,
    });
  }

  /** What the master sends makes no sense here: begin again on a fresh link. */
  #distrust(reason: string): void {
    const { outbox } = this.#setup;
    outbox.log(
      "warn",
      "resync",
      { master: this.master, epoch: this.epoch, reason },
      "closing the link to the master",
    );
    if (this.#link !== null) outbox.push({ type: "closeLink", link: this.#link });
    this.#state = { phase: "waiting" };
  }
}
