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
/**
 * Without records to carry it, the commit offset waits this long for some; in sync mode, where replies wait for it, those
 * who hold all that is committed hear of it at once.
 */
const COMMIT_FRAME_DELAY_MS: Millis = 5;
/**
 * To replicas that no reply waits for, frames with records go out at most this often. In async that is all of them, and
 * a fixed part of what a failover may lose; in the other modes it bounds how long a write waits when an awaited one is late.
 */
const UNAWAITED_FRAME_GAP_MS: Millis = 2;
/**
 * Where no reply waits for any ack, one is asked for this often, or after so many bytes: each costs both sides a wake-up.
 */
const ACK_GAP_MS: Millis = 10;
const UNASKED_BYTES_MAX = 1024 * 1024;
const NEVER = Number.POSITIVE_INFINITY;
const NOBODY: readonly ReplicaPeer[] = [];

/** Whose acks replies wait for. */
interface AwaitedReplicas {
  /** Replicas whose acks count. */
  readonly counted: readonly ReplicaPeer[];
  /** How many of them must acknowledge. */
  readonly needed: number;
}

export class ReplicaFrames {
  readonly rounds: RoundClock = new RoundClock();
  readonly #epoch: Epoch;
  readonly #log: ReplicationLog;
  readonly #outbox: MemberOutbox;
  #roundWanted = false;
  /** Whoever holds all that is committed shall hear of it with the next flush. */
  #commitAwaited = false;
  /** When the commit offset moved last. */
  #committedMs: Millis = 0;
  /** Who has not been told of this commit by then is told of it, with records or without. */
  #commitDue: { readonly offset: Offset; readonly atMs: Millis } | undefined;
  /** When whoever lacks records gets them. */
  #recordsDueMs: Millis | undefined;
  /** End of the log when everybody last got what was lacking, and when that was. */
  #lastForAll: Offset = OFFSET_ZERO;
  #lastForAllMs: Millis = 0;
  /** Nobody waits for an ack before then. */
  #ackDueMs: Millis = 0;
  #last: Records | null = null;

  constructor(epoch: Epoch, log: ReplicationLog, outbox: MemberOutbox) {
    this.#epoch = epoch;
    this.#log = log;
    this.#outbox = outbox;
  }

  /** When `flush` must be called although nothing else happens; `Infinity` when it need not be. */
  get dueMs(): Millis {
    return Math.min(this.#recordsDueMs ?? NEVER, this.#commitDue?.atMs ?? NEVER);
  }

  /** The number of a round that begins after now. */
  wantRound(): number {
    this.#roundWanted = true;
    return this.rounds.next;
  }

  /** The commit offset moved: the replicas hear of it soon, with records or without. */
  noteCommit(isSync: boolean, nowMs: Millis): void {
    if (isSync) this.#commitAwaited = true;
    this.#committedMs = nowMs;
    this.#commitDue ??= { offset: this.#log.committed, atMs: nowMs + COMMIT_FRAME_DELAY_MS };
  }

  /** Whether `flush` has something to do now, records of this turn aside. */
  wantsFlush(nowMs: Millis): boolean {
    return this.#roundWanted || this.#commitAwaited || this.dueMs <= nowMs;
  }

  /**
   * Ends a turn: sends what is new at once to the replicas that replies wait for, as many as are needed and those that
   * answer soonest, and to the others a little later, with what has come meanwhile. So the machines of those others,
   * and this one, have far less to do, and a replica that is late holds up no write for long.
   *
   * Call when the log's tail holds the turn's records.
   */
  flush(replicas: ReadonlyMap<unknown, ReplicaPeer>, awaited: AwaitedReplicas, nowMs: Millis): void {
    const { lastOffset } = this.#log.tail;
    const hasNews = isAnyFree(replicas.values(), lastOffset);
    if (hasNews) this.#recordsDueMs ??= this.#lastForAllMs + UNAWAITED_FRAME_GAP_MS;
    const forAll = this.#roundWanted || (this.#recordsDueMs ?? NEVER) <= nowMs;
    // For what is committed nobody waits any more.
    const soonest = hasNews && this.#log.committed < lastOffset ? this.#soonest(awaited, nowMs) : NOBODY;
    const wantsAck = awaited.needed > 0 || this.#roundWanted || nowMs >= this.#ackDueMs;
    let begun = false;
    for (const replica of replicas.values()) {
      const isOwed = this.#isOwedFrame(replica, awaited, nowMs);
      if (!isOwed && !(isFree(replica, lastOffset) && (forAll || soonest.includes(replica)))) continue;
      if (!begun) this.rounds.begin(nowMs);
      begun = true;
      if (!this.pump(replica, nowMs, wantsAck) && isOwed) this.sendEmpty(replica);
    }
    if (begun && wantsAck) this.#ackDueMs = nowMs + ACK_GAP_MS;
    this.#settle(forAll, nowMs);
    if (!isAnyFree(replicas.values(), lastOffset)) this.#recordsDueMs = undefined;
  }

  /** Whether it gets a frame now even if there are no records for it. */
  #isOwedFrame(replica: ReplicaPeer, { counted }: AwaitedReplicas, nowMs: Millis): boolean {
    if (replica.state.phase !== "streaming") return false;
    if (this.#roundWanted) return true;
    const holdsAll = replica.received >= this.#log.committed;
    if (this.#commitAwaited && holdsAll && counted.includes(replica)) return true;
    const due = this.#commitDue;
    return due !== undefined && due.atMs <= nowMs && replica.commitTold < due.offset;
  }

  #settle(forAll: boolean, nowMs: Millis): void {
    const { committed, tail } = this.#log;
    const due = this.#commitDue;
    if (this.#roundWanted) this.#commitDue = undefined;
    else if (due !== undefined && due.atMs <= nowMs) {
      const atMs = this.#committedMs + COMMIT_FRAME_DELAY_MS;
      this.#commitDue = committed > due.offset ? { offset: committed, atMs } : undefined;
    }
    this.#roundWanted = false;
    this.#commitAwaited = false;
    if (!forAll) return;
    this.#recordsDueMs = undefined;
    this.#lastForAll = tail.lastOffset;
    this.#lastForAllMs = nowMs;
  }

  /** Sends records until the replica has all, or may take no more. @returns whether a frame went out. */
  pump(replica: ReplicaPeer, nowMs: Millis, wantsAck = true): boolean {
    let sent = false;
    const { state } = replica;
    while (state.phase === "streaming" && isFree(replica, this.#log.tail.lastOffset)) {
      const { next } = state;
      const chunk = this.#log.tail.chunkFrom(next, FRAME_BYTES_MAX);
      if (chunk === undefined) {
        state.reading = true;
        this.#outbox.push({ type: "readLog", link: replica.link, from: next, bytesMax: READ_BYTES });
        break;
      }
      this.send(replica, chunk.bytes, chunk.lastOffset, nowMs, wantsAck);
      sent = true;
    }
    return sent;
  }

  /** Even without records a frame tells the commit offset and asks for an ack. */
  sendEmpty(replica: ReplicaPeer): void {
    this.#send(replica, Buffer.alloc(0), true);
  }

  /** @param bytes whole records, the ones that this replica is sent next; possibly none. */
  send(replica: ReplicaPeer, bytes: Buffer, lastOffset: Offset, nowMs: Millis, wantsAck = true): void {
    if (replica.state.phase !== "streaming") return;
    const asks = wantsAck || replica.unaskedBytes + bytes.length > UNASKED_BYTES_MAX;
    this.#send(replica, bytes, asks);
    if (bytes.length === 0) return;
    replica.sent({ lastOffset, bytes: bytes.length, sentMs: nowMs }, asks);
    replica.state.next = (lastOffset + 1) as Offset;
  }

  #send(replica: ReplicaPeer, bytes: Buffer, wantsAck: boolean): void {
    if (replica.state.phase !== "streaming") return;
    const frame: Records = {
      type: "records",
      epoch: this.#epoch,
      frame: this.rounds.current,
      previous: this.#log.tail.positionAt((replica.state.next - 1) as Offset),
      commit: this.#log.committed,
      wantsAck,
      bytes,
    };
    // One message for all replicas that are equally far: it is encoded once.
    if (this.#last === null || !isSame(this.#last, frame)) this.#last = frame;
    replica.commitTold = frame.commit;
    this.#outbox.send(replica.link, this.#last);
  }

  /** The replicas to wait for: those of whom an ack can be expected soonest. */
  #soonest({ counted, needed }: AwaitedReplicas, nowMs: Millis): readonly ReplicaPeer[] {
    if (needed >= counted.length) return counted;
    if (needed <= 0) return NOBODY;
    // Who lags behind the frames to all would first have to take those.
    const delayMs = (replica: ReplicaPeer): Millis =>
      lacks(replica, this.#lastForAll) ? NEVER : replica.ackDelayMs(nowMs);
    return [...counted].sort((a, b) => delayMs(a) - delayMs(b)).slice(0, needed);
  }
}

function isAnyFree(replicas: Iterable<ReplicaPeer>, offset: Offset): boolean {
  for (const replica of replicas) if (isFree(replica, offset)) return true;
  return false;
}

/** Whether it lacks something and can be sent it now; who cannot goes on with its next ack, or with what is read for it. */
function isFree(replica: ReplicaPeer, offset: Offset): boolean {
  const { state } = replica;
  return state.phase === "streaming" && state.next <= offset && !state.reading && replica.mayTakeMore;
}

/** Whether it is still to be sent something up to `offset`. */
function lacks({ state }: ReplicaPeer, offset: Offset): boolean {
  return state.phase === "streaming" && state.next <= offset;
}

function isSame(a: Records, b: Records): boolean {
  return (
    a.frame === b.frame &&
    a.commit === b.commit &&
    a.wantsAck === b.wantsAck &&
    a.previous.offset === b.previous.offset &&
    a.bytes.buffer === b.bytes.buffer &&
    a.bytes.byteOffset === b.bytes.byteOffset &&
    a.bytes.length === b.bytes.length
  );
}
