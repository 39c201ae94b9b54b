/**
 * What a master sends to its streaming replicas, and when: records in frames, the commit offset with them, and the rounds that
 * confirm a reign. It does not know who counts, nor what is committed by the acks.
 */
import { type Epoch, type Millis, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import type { Records } from "../../protocol/peer/node-messages.ts";
import type { MemberOutbox } from "../member-io.ts";
import type { ReplicaPeer } from "./replica-peer.ts";
import type { ReplicationLog } from "./replication-log.ts";
import { RoundClock } from "./round-clock.ts";

/** Records of a frame, about: those of several turns share one where they have waited. */
const FRAME_BYTES_MAX = 256 * 1024;
/** Bytes of log read from disk at once for a replica that is behind memory. */
export const READ_BYTES: number = 1024 * 1024;
/** Without records to carry it, the commit offset waits this long for some (not in sync mode). */
const COMMIT_FRAME_DELAY_MS: Millis = 5;
/** In async, frames with records go out at most this often: a fixed part of what a failover may lose. */
const ASYNC_FRAME_GAP_MS: Millis = 2;

export class ReplicaFrames {
  readonly rounds: RoundClock = new RoundClock();
  readonly #epoch: Epoch;
  readonly #log: ReplicationLog;
  readonly #outbox: MemberOutbox;
  #roundWanted = false;
  #commitSent: Offset = OFFSET_ZERO;
  /** When the next frames go out, if something waits for company. */
  #dueMs: Millis | undefined;
  #lastSentMs: Millis = 0;
  #last: Records | null = null;

  constructor(epoch: Epoch, log: ReplicationLog, outbox: MemberOutbox) {
    this.#epoch = epoch;
    this.#log = log;
    this.#outbox = outbox;
  }

  /** When `flush` must be called although nothing else happens. */
  get dueMs(): Millis | undefined {
    return this.#dueMs;
  }

  /** The number of a round that begins after now. */
  wantRound(): number {
    this.#roundWanted = true;
    return this.rounds.next;
  }

  /** The commit offset moved: the replicas hear of it soon, with records or without. */
  noteCommit(isSync: boolean, nowMs: Millis): void {
    if (this.#log.committed <= this.#commitSent) return;
    this.#dueMs ??= isSync ? nowMs : nowMs + COMMIT_FRAME_DELAY_MS;
  }

  /** Whether `flush` has something to do now, records of this turn aside. */
  wantsFlush(nowMs: Millis): boolean {
    return this.#roundWanted || (this.#dueMs !== undefined && this.#dueMs <= nowMs);
  }

  /** Ends a turn: sends what is new to every streaming replica. Call when the log's tail holds the turn's records. */
  flush(replicas: ReadonlyMap<unknown, ReplicaPeer>, isAsync: boolean, nowMs: Millis): void {
    const hasRecords = this.#log.tail.lastOffset >= nextToSend(replicas);
    // In async nobody waits for the replicas, so records of a few turns share a frame.
    if (hasRecords && isAsync) this.#dueMs ??= this.#lastSentMs + ASYNC_FRAME_GAP_MS;
    if (!this.wantsFlush(nowMs) && !(hasRecords && !isAsync)) return;
    this.rounds.begin(nowMs);
    this.#roundWanted = false;
    this.#lastSentMs = nowMs;
    this.#dueMs = undefined;
    this.#commitSent = this.#log.committed;
    for (const replica of replicas.values()) {
      if (!this.pump(replica)) this.sendEmpty(replica);
    }
  }

  /** Sends records until the replica has all, or may take no more. @returns whether a frame went out. */
  pump(replica: ReplicaPeer): boolean {
    let sent = false;
    while (
      replica.state.phase === "streaming" &&
      !replica.state.reading &&
      replica.state.next <= this.#log.tail.lastOffset &&
      replica.mayTakeMore
    ) {
      const { next } = replica.state;
      const chunk = this.#log.tail.chunkFrom(next, FRAME_BYTES_MAX);
      if (chunk === undefined) {
        replica.state.reading = true;
        this.#outbox.push({ type: "readLog", link: replica.link, from: next, bytesMax: READ_BYTES });
        break;
      }
      this.send(replica, chunk.bytes, chunk.lastOffset);
      sent = true;
    }
    return sent;
  }

  /** Even without records a frame tells the commit offset and asks for an ack. */
  sendEmpty(replica: ReplicaPeer): void {
    this.send(replica, Buffer.alloc(0), OFFSET_ZERO);
  }

  /** @param bytes whole records, the ones that this replica is sent next. */
  send(replica: ReplicaPeer, bytes: Buffer, lastOffset: Offset): void {
    if (replica.state.phase !== "streaming") return;
    const frame: Records = {
      type: "records",
      epoch: this.#epoch,
      frame: this.rounds.current,
      previous: this.#log.tail.positionAt((replica.state.next - 1) as Offset),
      commit: this.#log.committed,
      bytes,
    };
    // One message for all replicas that are equally far: it is encoded once.
    if (this.#last === null || !isSame(this.#last, frame)) this.#last = frame;
    this.#outbox.send(replica.link, this.#last);
    if (bytes.length === 0) return;
    replica.sent(lastOffset, bytes.length);
    replica.state.next = (lastOffset + 1) as Offset;
  }
}

function nextToSend(replicas: ReadonlyMap<unknown, ReplicaPeer>): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { state } of replicas.values()) {
    if (state.phase === "streaming") next = Math.min(next, state.next);
  }
  return next;
}

function isSame(a: Records, b: Records): boolean {
  return (
    a.frame === b.frame &&
    a.commit === b.commit &&
    a.previous.offset === b.previous.offset &&
    a.bytes.buffer === b.bytes.buffer &&
    a.bytes.byteOffset === b.bytes.byteOffset &&
    a.bytes.length === b.bytes.length
  );
}
