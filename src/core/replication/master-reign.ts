/**
 * One reign of this node as master: its replicas, what they acknowledged, what is committed by that, and the
 * frames that go out. Ends with the epoch; a master chosen again in place begins a new one.
 *
 * It does not decide who is master, nor who is admitted: that is the sentinels' (the group record says it).
 */
import type { Epoch, IncarnationId, MemberId, Millis, Offset } from "../../base/ids.ts";
import { OFFSET_ZERO } from "../../base/ids.ts";
import type { LinkId } from "../../protocol/peer/identity.ts";
import type { Ack, Records, ReplicaStatus, SyncRequest } from "../../protocol/peer/node-messages.ts";
import { RecordCursor } from "../../protocol/record.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import { type ClientAddress, type GroupRecord, votingMembers } from "../../rules/group-record.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { ReplicationRules } from "../../rules/replication-rules.ts";
import type { MemberOutbox } from "../member-io.ts";
import { CatchUp } from "./catch-up.ts";
import { FullSyncNotes } from "./full-sync-notes.ts";
import { ReplicaPeer, SNAPSHOT_PIECES_IN_FLIGHT } from "./replica-peer.ts";
import type { ReplicationLog } from "./replication-log.ts";
import { RoundClock } from "./round-clock.ts";

/** Records of a frame, about: those of several turns share one where they have waited. */
const FRAME_BYTES_MAX = 256 * 1024;
/** Bytes of log read from disk at once for a replica that is behind memory. */
const READ_BYTES = 1024 * 1024;
/** Without records to carry it, the commit offset waits this long for some (not in sync mode). */
const COMMIT_FRAME_DELAY_MS: Millis = 5;
/** In async, frames with records go out at most this often: a fixed part of what a failover may lose. */
const ASYNC_FRAME_GAP_MS: Millis = 2;

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
  readonly #rounds = new RoundClock();
  readonly #catchUp: CatchUp;
  #record: GroupRecord;
  /** Replicas whose acks count, until one comes or goes or the record changes. */
  #counted: ReplicaPeer[] | null = null;
  #roundWanted = false;
  #commitSent: Offset = OFFSET_ZERO;
  /** When the next frames go out, if something waits for company. */
  #frameDueMs: Millis | undefined;
  #lastFramesMs: Millis = 0;
  #lastFrame: Records | null = null;

  constructor(setup: ReignSetup) {
    this.epoch = setup.epoch;
    this.epochStart = setup.epochStart;
    this.#record = setup.record;
    this.#self = setup.self;
    this.#client = setup.client;
    this.#log = setup.log;
    this.#outbox = setup.outbox;
    this.#rules = setup.rules;
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
    if (next >= this.#log.tail.firstInMemory) this.#startStreaming(replica, from);
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

  /** Records from disk, for a replica that is behind memory; `null`: they are gone, a snapshot has to do. */
  onLogRead(link: LinkId, from: Offset, bytes: Buffer | null): void {
    const pending = this.#pendingSyncs.get(link);
    if (pending !== undefined) {
      this.#pendingSyncs.delete(link);
      if (bytes === null) this.#startFullSync(pending.replica);
      else this.#startStreaming(pending.replica, pending.from, bytes);
      return;
    }
    const replica = this.#replicas.get(link);
    if (replica?.state.phase !== "streaming" || !replica.state.reading || replica.state.next !== from) return;
    replica.state.reading = false;
    // The log was truncated under a replica that lagged: it is let go and resyncs.
    if (bytes === null) this.#outbox.push({ type: "closeLink", link });
    else {
      this.#sendFrame(replica, bytes, lastOffsetIn(bytes));
      this.#pump(replica);
    }
  }

  onSnapshotOpened(
    link: LinkId,
    snapshot: { readonly position: LogPosition; readonly history: EpochHistory } | null,
    nowMs: Millis,
  ): void {
    const replica = this.#replicas.get(link);
    if (replica?.state.phase !== "fullSync") return;
    if (snapshot === null) {
      this.#outbox.log(
        "error",
        "full-sync-failed",
        { replica: replica.id },
        "no snapshot and no log to sync from",
      );
      this.#outbox.push({ type: "closeLink", link });
      return;
    }
    const { position, history } = snapshot;
    const parties = { replica: replica.id, epoch: this.epoch };
    replica.state.notes = new FullSyncNotes(this.#outbox, parties, position, nowMs);
    this.#outbox.send(link, { type: "syncFull", epoch: this.epoch, position, history });
    for (let i = 0; i < SNAPSHOT_PIECES_IN_FLIGHT; i++) this.#outbox.push({ type: "readSnapshot", link });
  }

  onSnapshotRead(link: LinkId, bytes: Buffer | null, nowMs: Millis): void {
    const state = this.#replicas.get(link)?.state;
    if (state?.phase !== "fullSync" || state.ended) return;
    state.ended = bytes === null;
    state.notes?.carried(bytes?.length ?? 0);
    if (state.ended) state.notes?.done(nowMs);
    this.#outbox.send(link, {
      type: "snapshotChunk",
      epoch: this.epoch,
      last: bytes === null,
      bytes: bytes ?? Buffer.alloc(0),
    });
  }

  /** @returns true when it may have changed what is committed, safe or confirmed. */
  onAck(link: LinkId, ack: Ack, nowMs: Millis): boolean {
    const replica = this.#replicas.get(link);
    if (replica === undefined || !this.#rules.countsAck(ack.epoch, this.epoch)) return false;
    if (replica.state.phase === "fullSync") {
      // Each piece is acknowledged, so that no more of them pile up than the replica takes.
      replica.lastHeardMs = nowMs;
      if (!replica.state.ended) this.#outbox.push({ type: "readSnapshot", link });
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
    // Only who had to wait goes on here: in async, records that wait for company would lose it with every ack.
    const hadToWait = !replica.mayTakeMore;
    replica.acknowledged(ack.received, ack.applied, ack.frame, nowMs);
    this.#catchUp.onAck(replica.id, replica.incarnation, replica.received);
    if (hadToWait) this.#pump(replica);
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
    this.#roundWanted = true;
    return this.#rounds.next;
  }

  /** Counted replicas that stream and were heard within `withinMs`. */
  goodReplicas(nowMs: Millis, withinMs: Millis): number {
    let good = 0;
    for (const { lastHeardMs } of this.#countedAcks()) if (nowMs - lastHeardMs <= withinMs) good++;
    return good;
  }

  /** Whether all other voting members have acknowledged a frame that was sent at or after `sinceMs`. */
  allMembersConfirmSince(sinceMs: Millis): boolean {
    return votingMembers(this.record).every((member) => {
      if (member.id === this.#self) return true;
      for (const replica of this.#replicas.values()) {
        if (replica.id === member.id && this.#rounds.sentMs(replica.round) >= sinceMs) return true;
      }
      return false;
    });
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
    if (this.#log.committed <= this.#commitSent) return;
    this.#frameDueMs ??= this.record.mode === "sync" ? nowMs : nowMs + COMMIT_FRAME_DELAY_MS;
  }

  /** Whether `flush` has something to do now, records of this turn aside. */
  wantsFlush(nowMs: Millis): boolean {
    return this.#roundWanted || (this.#frameDueMs !== undefined && this.#frameDueMs <= nowMs);
  }

  /** Ends a turn: sends what is new to every streaming replica. Call when the log's tail holds the turn's records. */
  flush(nowMs: Millis): void {
    const { mode } = this.record;
    const hasRecords = this.#log.tail.lastOffset >= this.#nextToSend();
    // In async nobody waits for the replicas, so records of a few turns share a frame.
    if (hasRecords && mode === "async") this.#frameDueMs ??= this.#lastFramesMs + ASYNC_FRAME_GAP_MS;
    const isDue = this.#frameDueMs !== undefined && this.#frameDueMs <= nowMs;
    if (!isDue && !this.#roundWanted && !(hasRecords && mode !== "async")) return;
    this.#rounds.begin(nowMs);
    this.#roundWanted = false;
    this.#lastFramesMs = nowMs;
    this.#frameDueMs = undefined;
    this.#commitSent = this.#log.committed;
    for (const replica of this.#replicas.values()) {
      // Even without records a frame tells the commit offset and asks for an ack.
      if (!this.#pump(replica)) this.#sendFrame(replica, Buffer.alloc(0), OFFSET_ZERO);
    }
  }

  /** When `flush` must be called although nothing else happens. */
  deadlineMs(): Millis | undefined {
    return this.#frameDueMs;
  }

  #nextToSend(): Offset {
    let next = Number.POSITIVE_INFINITY;
    for (const replica of this.#replicas.values()) {
      if (replica.state.phase === "streaming") next = Math.min(next, replica.state.next);
    }
    return next as Offset;
  }

  /** Sends records until the replica has all, or may take no more. @returns whether a frame went out. */
  #pump(replica: ReplicaPeer): boolean {
    let sent = false;
    while (
      replica.state.phase === "streaming" &&
      !replica.state.reading &&
      replica.state.next <= this.#log.tail.lastOffset &&
      replica.mayTakeMore
    ) {
      const chunk = this.#log.tail.chunkFrom(replica.state.next, FRAME_BYTES_MAX);
      if (chunk === undefined) {
        replica.state.reading = true;
        this.#outbox.push({
          type: "readLog",
          link: replica.link,
          from: replica.state.next,
          bytesMax: READ_BYTES,
        });
        break;
      }
      this.#sendFrame(replica, chunk.bytes, chunk.lastOffset);
      sent = true;
    }
    return sent;
  }

  #sendFrame(replica: ReplicaPeer, bytes: Buffer, lastOffset: Offset): void {
    if (replica.state.phase !== "streaming") return;
    const frame: Records = {
      type: "records",
      epoch: this.epoch,
      frame: this.#rounds.current,
      previous: this.#log.tail.positionAt((replica.state.next - 1) as Offset),
      commit: this.#log.committed,
      bytes,
    };
    // One message for all replicas that are equally far: it is encoded once.
    if (this.#lastFrame === null || !isSameFrame(this.#lastFrame, frame)) this.#lastFrame = frame;
    this.#outbox.send(replica.link, this.#lastFrame);
    if (bytes.length === 0) return;
    replica.sent(lastOffset, bytes.length);
    replica.state.next = (lastOffset + 1) as Offset;
  }

  #startStreaming(replica: ReplicaPeer, from: LogPosition, bytes?: Buffer): void {
    this.#replicas.set(replica.link, replica);
    this.#counted = null;
    this.#outbox.send(replica.link, {
      type: "syncPartial",
      epoch: this.epoch,
      from,
      client: this.#client,
    });
    if (bytes !== undefined) this.#sendFrame(replica, bytes, lastOffsetIn(bytes));
    // Without anything to send, the first frame still tells the commit offset and asks for an ack.
    if (!this.#pump(replica) && bytes === undefined) this.#sendFrame(replica, Buffer.alloc(0), OFFSET_ZERO);
  }

  #startFullSync(replica: ReplicaPeer): void {
    replica.state = { phase: "fullSync", notes: null, ended: false };
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

function isSameFrame(a: Records, b: Records): boolean {
  return (
    a.frame === b.frame &&
    a.commit === b.commit &&
    a.previous.offset === b.previous.offset &&
    a.bytes.buffer === b.bytes.buffer &&
    a.bytes.byteOffset === b.bytes.byteOffset &&
    a.bytes.length === b.bytes.length
  );
}

function lastOffsetIn(bytes: Buffer): Offset {
  const cursor = new RecordCursor(bytes);
  let last = OFFSET_ZERO;
  while (cursor.next()) last = cursor.offset;
  return last;
}
