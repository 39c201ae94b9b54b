/**
 * One reign of this node as master: its replicas, what they acknowledged, and what is committed by that. Ends with
 * the epoch; a master chosen again in place begins a new one.
 *
 * It does not decide who is master, nor who is admitted: that is the sentinels' (the group record says it).
 */
import type { Epoch, IncarnationId, MemberId, Millis, Offset } from "../../base/ids.ts";
import { OFFSET_ZERO } from "../../base/ids.ts";
import type { LinkId } from "../../protocol/peer/identity.ts";
import type { Ack, ReplicaStatus, SyncRequest } from "../../protocol/peer/node-messages.ts";
import { RecordCursor } from "../../protocol/record.ts";
import { type ClientAddress, type GroupRecord, votingMembers } from "../../rules/group-record.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { ReplicationRules } from "../../rules/replication-rules.ts";
import type { DroppedLog, MemberOutbox } from "../member-io.ts";
import { CatchUp } from "./catch-up.ts";
import { READ_BYTES, ReplicaFrames } from "./replica-frames.ts";
import { ReplicaPeer } from "./replica-peer.ts";
import type { ReplicationLog } from "./replication-log.ts";
import { type OpenedSnapshot, SnapshotFeed } from "./snapshot-feed.ts";

export interface ReignSetup {
  readonly epoch: Epoch;
  /** Offset of the epoch-start record. */
  readonly epochStart: Offset;
  readonly record: GroupRecord;
  readonly self: MemberId;
  /** Where clients reach this member. */
  readonly client: ClientAddress;
  readonly log: ReplicationLog;
  readonly outbox: MemberOutbox;
  readonly rules: ReplicationRules;
}

/** A sync request whose answer waits for a read from disk, to know whether the records are still there. */
interface PendingSync {
  readonly replica: ReplicaPeer;
  readonly from: LogPosition;
}

export class MasterReign {
  readonly epoch: Epoch;
  readonly epochStart: Offset;
  readonly #self: MemberId;
  readonly #client: ClientAddress;
  readonly #log: ReplicationLog;
  readonly #outbox: MemberOutbox;
  readonly #rules: ReplicationRules;
  readonly #replicas = new Map<LinkId, ReplicaPeer>();
  readonly #pendingSyncs = new Map<LinkId, PendingSync>();
  readonly #frames: ReplicaFrames;
  readonly #snapshots: SnapshotFeed;
  readonly #catchUp: CatchUp;
  #record: GroupRecord;
  /** Replicas whose acks count, until one comes or goes or the record changes. */
  #counted: ReplicaPeer[] | null = null;

  constructor(setup: ReignSetup) {
    this.epoch = setup.epoch;
    this.epochStart = setup.epochStart;
    this.#record = setup.record;
    this.#self = setup.self;
    this.#client = setup.client;
    this.#log = setup.log;
    this.#outbox = setup.outbox;
    this.#rules = setup.rules;
    this.#frames = new ReplicaFrames(setup.epoch, setup.log, setup.outbox);
    this.#snapshots = new SnapshotFeed(setup.epoch, setup.outbox);
    this.#catchUp = new CatchUp(setup.rules);
  }

  get record(): GroupRecord {
    return this.#record;
  }

  /** Another record stands: it says who counts from now on. */
  set record(record: GroupRecord) {
    this.#record = record;
    this.#counted = null;
  }

  // ---- replicas come and go ------------------------------------------------------------------

  onSync(link: LinkId, id: MemberId, request: SyncRequest, nowMs: Millis): void {
    if (this.#catchUp.showsLessThanAcked(id, request.incarnation, request.lastOffset)) {
      this.#outbox.send(link, {
        type: "syncRefused",
        epoch: this.epoch,
        requested: request.epoch,
        reason: "lessThanAcked",
      });
      return;
    }
    this.#dropReplica(id, link);
    this.#catchUp.onSight(this.record, id, request.incarnation, this.#log.assigned);
    const from = this.#rules.partingPoint(
      { history: this.#log.tail.history, lastOffset: this.#log.tail.lastOffset },
      { history: request.history, lastOffset: request.lastOffset },
    );
    const next = (from.offset + 1) as Offset;
    const replica = new ReplicaPeer(
      { id, link, incarnation: request.incarnation, client: request.client },
      { phase: "streaming", next, reading: false },
      nowMs,
    );
    if (next >= this.#log.tail.firstInMemory) this.#startStreaming(replica, from, nowMs);
    else {
      this.#pendingSyncs.set(link, { replica, from });
      this.#outbox.push({ type: "readLog", link, from: next, bytesMax: READ_BYTES });
    }
  }

  onLinkDown(link: LinkId): void {
    this.#pendingSyncs.delete(link);
    const replica = this.#replicas.get(link);
    if (replica === undefined) return;
    this.#replicas.delete(link);
    this.#counted = null;
    if (replica.state.phase !== "fullSync") return;
    replica.state.notes?.broke();
    this.#outbox.push({ type: "closeSnapshot", link });
  }

  /** The reign is over: what was being read for its replicas is of no use any more. */
  end(): void {
    this.#pendingSyncs.clear();
    for (const link of [...this.#replicas.keys()]) this.onLinkDown(link);
  }

  /** Records from disk, for a replica that is behind memory; `null`: they are gone, a snapshot has to do. */
  onLogRead(link: LinkId, from: Offset, bytes: Buffer | null, nowMs: Millis): void {
    const pending = this.#pendingSyncs.get(link);
    if (pending !== undefined) {
      this.#pendingSyncs.delete(link);
      if (bytes === null) this.#startFullSync(pending.replica);
      else this.#startStreaming(pending.replica, pending.from, nowMs, bytes);
      return;
    }
    const replica = this.#replicas.get(link);
    if (replica?.state.phase !== "streaming" || !replica.state.reading || replica.state.next !== from) return;
    replica.state.reading = false;
    // The log was truncated under a replica that lagged: it is let go and resyncs.
    if (bytes === null) this.#outbox.push({ type: "closeLink", link });
    else {
      this.#frames.send(replica, bytes, lastOffsetIn(bytes), nowMs);
      this.#frames.pump(replica, nowMs);
    }
  }

  onSnapshotOpened(link: LinkId, snapshot: OpenedSnapshot, nowMs: Millis): void {
    const replica = this.#replicas.get(link);
    if (replica !== undefined) this.#snapshots.opened(replica, snapshot, nowMs);
  }

  onSnapshotRead(link: LinkId, bytes: Buffer | null, nowMs: Millis): void {
    const replica = this.#replicas.get(link);
    if (replica !== undefined) this.#snapshots.read(replica, bytes, nowMs);
  }

  /** @returns true when it may have changed what is committed, safe or confirmed. */
  onAck(link: LinkId, ack: Ack, nowMs: Millis): boolean {
    const replica = this.#replicas.get(link);
    if (replica === undefined || !this.#rules.countsAck(ack.epoch, this.epoch)) return false;
    if (replica.state.phase === "fullSync") {
      replica.lastHeardMs = nowMs;
      this.#snapshots.acknowledged(replica);
      return false;
    }
    if (ack.received > this.#log.tail.lastOffset) {
      this.#outbox.log(
        "error",
        "ack-beyond-log",
        { replica: replica.id, received: ack.received, last: this.#log.tail.lastOffset },
        "a replica acknowledged records that this master never sent",
      );
      this.#outbox.push({ type: "closeLink", link });
      return false;
    }
    // Only who had to wait goes on here: records that wait for company would lose it with every ack.
    const hadToWait = !replica.mayTakeMore;
    replica.acknowledged(ack.received, ack.applied, ack.frame, nowMs);
    this.#catchUp.onAck(replica.id, replica.incarnation, replica.received);
    if (hadToWait) this.#frames.pump(replica, nowMs);
    return true;
  }

  // ---- what follows from the acks ----------------------------------------------------------------

  /** @returns true when the commit offset moved. */
  advanceCommit(): boolean {
    const before = this.#log.committed;
    this.#log.committed = this.#rules.committedOffset({
      ownPersisted: this.#log.persisted,
      acks: this.#countedAcks(),
      copies: this.record.copies,
      epochStart: this.epochStart,
      committed: before,
    });
    return this.#log.committed > before;
  }

  /** Up to here replies may leave: committed, and in sync mode applied by the quorum too. */
  safeOffset(): Offset {
    if (this.record.mode !== "sync") return this.#log.committed;
    const applied = this.#rules.appliedByQuorum(this.#countedAcks(), this.record.copies, this.#log.committed);
    return Math.min(applied, this.#log.committed) as Offset;
  }

  confirmedRound(): number {
    return this.#rules.confirmedRound(this.#countedAcks(), this.record.copies);
  }

  /** The number of a round that begins after now: once confirmed, no other master had been made before it. */
  wantRound(): number {
    return this.#frames.wantRound();
  }

  /** Counted replicas that stream and were heard within `withinMs`. */
  goodReplicas(nowMs: Millis, withinMs: Millis): number {
    let good = 0;
    for (const { lastHeardMs } of this.#countedAcks()) if (nowMs - lastHeardMs <= withinMs) good++;
    return good;
  }

  /** Nobody could be heard for so long, up to now. */
  excuseSilence(ms: Millis): void {
    for (const replica of this.#replicas.values()) replica.lastHeardMs += ms;
  }

  /** Whether all other voting members have acknowledged a frame that was sent at or after `sinceMs`. */
  allMembersConfirmSince(sinceMs: Millis): boolean {
    return votingMembers(this.record).every((member) => {
      if (member.id === this.#self) return true;
      for (const replica of this.#replicas.values()) {
        if (replica.id === member.id && this.#frames.rounds.sentMs(replica.round) >= sinceMs) return true;
      }
      return false;
    });
  }

  /**
   * Records after it are needed of the log on disk: by replicas that are being sent a snapshot, or records that are no longer
   * in memory. `null` when there are none.
   *
   * @param base position of the standing snapshot.
   */
  logNeededAfter(base: Offset): Offset | null {
    const { firstInMemory } = this.#log.tail;
    let least: Offset | null = null;
    for (const replica of this.#replicas.values()) {
      const after = replica.logNeededAfter(firstInMemory, base);
      if (after !== null && (least === null || after < least)) least = after;
    }
    return least;
  }

  /** The log begins later now than some replicas need: nothing can come of what they are being sent. */
  onLogDropped({ firstOffset, bytes, why }: DroppedLog): void {
    const { firstInMemory } = this.#log.tail;
    for (const replica of this.#replicas.values()) {
      // A snapshot that is only now being opened is the standing one, behind which the log is whole.
      const after = replica.logNeededAfter(firstInMemory, firstOffset);
      if (after === null || after + 1 >= firstOffset) continue;
      this.#outbox.log(
        "warn",
        "sync-given-up",
        { replica: replica.id, epoch: this.epoch, why, bytes, needed: after + 1, first: firstOffset },
        "the log that a replica would need next could not be kept for it: its sync begins anew",
      );
      this.#outbox.push({ type: "closeLink", link: replica.link });
    }
  }

  countReceived(offset: Offset): number {
    let count = 0;
    for (const replica of this.#replicas.values()) if (replica.received >= offset) count++;
    return count;
  }

  replicaOf(id: MemberId): ReplicaPeer | undefined {
    for (const replica of this.#replicas.values()) if (replica.id === id) return replica;
    return undefined;
  }

  replicas(): Iterable<ReplicaPeer> {
    return this.#replicas.values();
  }

  replicaStatuses(): ReplicaStatus[] {
    return [...this.#replicas.values()].map(({ id, received, applied, client }) => ({
      id,
      received,
      applied,
      client,
    }));
  }

  /** New incarnations that hold all that this log held when they were first seen. */
  waiting(): { id: MemberId; incarnation: IncarnationId }[] {
    return this.#catchUp.waiting(this.record);
  }

  /** How many `waiting` would name. */
  waitingCount(): number {
    return this.#catchUp.waitingCount(this.record);
  }

  // ---- frames ----------------------------------------------------------------------------------

  /** The commit offset moved: the replicas hear of it soon, with records or without. */
  noteCommit(nowMs: Millis): void {
    this.#frames.noteCommit(this.record.mode === "sync", nowMs);
  }

  /** Whether `flush` has something to do now, records of this turn aside. */
  wantsFlush(nowMs: Millis): boolean {
    return this.#frames.wantsFlush(nowMs);
  }

  /** Ends a turn: sends what is new to the replicas. Call when the log's tail holds the turn's records. */
  flush(nowMs: Millis): void {
    const awaited = { counted: this.#countedAcks(), needed: this.record.copies - 1 };
    this.#frames.flush(this.#replicas, awaited, nowMs);
  }

  /** When `flush` must be called although nothing else happens; `Infinity` when it need not be. */
  deadlineMs(): Millis {
    return this.#frames.dueMs;
  }

  // ---- how a replica begins ----------------------------------------------------------------------

  #startStreaming(replica: ReplicaPeer, from: LogPosition, nowMs: Millis, bytes?: Buffer): void {
    this.#replicas.set(replica.link, replica);
    this.#counted = null;
    this.#outbox.send(replica.link, {
      type: "syncPartial",
      epoch: this.epoch,
      from,
      client: this.#client,
    });
    if (bytes !== undefined) this.#frames.send(replica, bytes, lastOffsetIn(bytes), nowMs);
    if (!this.#frames.pump(replica, nowMs) && bytes === undefined) this.#frames.sendEmpty(replica);
  }

  #startFullSync(replica: ReplicaPeer): void {
    replica.state = {
      phase: "fullSync",
      notes: null,
      reading: false,
      pieces: [],
      ended: false,
      snapshotOffset: null,
    };
    this.#replicas.set(replica.link, replica);
    this.#outbox.push({ type: "openSnapshot", link: replica.link });
  }

  /**
   * Makes room for the request on `link`. Another link of that member is closed, never just forgotten: the request may
   * be an earlier process's, held back by the network, and the living one, on the other link, must notice and ask again.
   */
  #dropReplica(id: MemberId, link: LinkId): void {
    const links = [
      ...[...this.#replicas.values()].filter((replica) => replica.id === id).map((replica) => replica.link),
      ...[...this.#pendingSyncs].filter(([, { replica }]) => replica.id === id).map(([pending]) => pending),
    ];
    for (const other of links) {
      this.onLinkDown(other);
      if (other !== link) this.#outbox.push({ type: "closeLink", link: other });
    }
  }

  #countedAcks(): ReplicaPeer[] {
    this.#counted ??= [...this.#replicas.values()].filter(
      ({ state, id, incarnation }) =>
        state.phase === "streaming" && this.#rules.countsInAcks(this.#record, id, incarnation),
    );
    return this.#counted;
  }
}

function lastOffsetIn(bytes: Buffer): Offset {
  const cursor = new RecordCursor(bytes);
  let last = OFFSET_ZERO;
  while (cursor.next()) last = cursor.offset;
  return last;
}
