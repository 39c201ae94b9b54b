/**
 * The small decisions of a data node, one function each, so that a test can replace exactly one
 * and the simulator must notice. Pure: numbers and records in, a verdict out.
 */
import type { Epoch, IncarnationId, MemberId, Millis, Offset } from "../base/ids.ts";
import { type LogEnd, partingPoint } from "./epoch-history.ts";
import { type GroupRecord, isAdmitted, type Leader } from "./group-record.ts";
import type { LogPosition } from "./log-position.ts";
import { majority } from "./quorums.ts";

/** What one admitted replica has said in the current epoch. */
export interface CountedAck {
  readonly received: Offset;
  readonly applied: Offset;
  /** Newest round (see `Records.frame`) that it has acknowledged. */
  readonly round: number;
}

export interface PromiseLike {
  readonly epoch: Epoch;
  readonly leader: Leader | null;
}

/** How far a reign has come. */
export interface ReignFacts {
  /** The sentinels' record of it stands at a majority. */
  readonly recorded: boolean;
  /** The keyspace holds all that the log held when the reign began. */
  readonly applied: boolean;
  readonly committed: Offset;
  readonly epochStart: Offset;
}

export interface ReplicationRules {
  /**
   * The commit offset after these acks: the greatest offset with W copies, the master's own included.
   * Only from the epoch's first record on: an old epoch's tail is committed by what follows it, never by
   * counting copies of it.
   */
  committedOffset(input: {
    readonly ownPersisted: Offset;
    readonly acks: readonly CountedAck[];
    readonly copies: number;
    readonly epochStart: Offset;
    readonly committed: Offset;
  }): Offset;
  /** The greatest offset that `copies - 1` replicas have applied (sync mode). */
  appliedByQuorum(acks: readonly CountedAck[], copies: number, committed: Offset): Offset;
  /** The newest round that `copies - 1` replicas have acknowledged: no other master can have been made before it. */
  confirmedRound(acks: readonly CountedAck[], copies: number): number;
  /** S5: whether an ack of `ackEpoch` counts in the reign of `reignEpoch`. */
  countsAck(ackEpoch: Epoch, reignEpoch: Epoch): boolean;
  /** S7: whether this incarnation counts in W. */
  countsInAcks(record: GroupRecord, id: MemberId, incarnation: IncarnationId): boolean;
  /** S4: whether a member may promise `epoch` to `leader`. */
  mayPromise(promise: PromiseLike, epoch: Epoch, leader: Leader): boolean;
  /** S5: whether a role goes on under this promise: takes records, acknowledges, commits, executes. */
  mayActIn(roleEpoch: Epoch, promiseEpoch: Epoch): boolean;
  /** Whether a sealed member may become master: same promise, and the log is what it reported. */
  mayPromote(
    promise: PromiseLike,
    epoch: Epoch,
    leader: Leader,
    log: LogPosition,
    reported: LogPosition,
  ): boolean;
  /** Whether a reign may acknowledge and be read. */
  mayServe(reign: ReignFacts): boolean;
  /** S3: where two logs part, so that a replica's tail is cut there and nowhere else (S10). */
  partingPoint(a: LogEnd, b: LogEnd): LogPosition;
  /** Whether records may be appended after `last`: the record before them must be `last` itself, epoch included. */
  continuesLog(last: LogPosition, previous: LogPosition): boolean;
  /** Up to where a replica may apply what it holds. */
  applicable(received: Offset, commit: Offset): Offset;
  /**
   * When the lease from one sentinel ends: counted from the *sending* of the pong that its ping names, never from
   * the hearing of that ping, which may have been held up on its way.
   */
  leaseEndsMs(pongSentMs: Millis, downAfterMs: Millis, pingHeardMs: Millis): Millis;
  /** What is left of a lease when the link that it came over is gone: nothing. */
  leaseAfterLinkEndsMs(endsMs: Millis): Millis;
  /** Until when a majority of the sentinels' leases stand; 0 when they do not. */
  leaseHeldUntilMs(endsMs: readonly Millis[], sentinels: number): Millis;
  /**
   * In async, how long acks of all other members stand in for the lease, counted from the sending of what they acknowledge.
   * Another master waits for half of down-after once one of them is sealed: see `mayPromoteAnother`.
   */
  confirmationLastsMs(downAfterMs: Millis): Millis;
}

/** Clocks of two machines may differ in speed; far more than quartz ever does. */
const DRIFT_SHARE = 0.02;
const DRIFT_FLOOR_MS = 5;

export const replicationRules: ReplicationRules = {
  committedOffset({ ownPersisted, acks, copies, epochStart, committed }) {
    const copiesUpTo = valuesOf(acks, ({ received }) => received);
    copiesUpTo.push(ownPersisted);
    const offset = nthLargest(copiesUpTo, copies) as Offset;
    return offset >= epochStart && offset > committed ? offset : committed;
  },
  appliedByQuorum(acks, copies, committed) {
    if (copies <= 1) return committed;
    return nthLargest(
      valuesOf(acks, ({ applied }) => applied),
      copies - 1,
    ) as Offset;
  },
  confirmedRound(acks, copies) {
    if (copies <= 1) return Number.POSITIVE_INFINITY;
    return nthLargest(
      valuesOf(acks, ({ round }) => round),
      copies - 1,
    );
  },
  countsAck: (ackEpoch, reignEpoch) => ackEpoch === reignEpoch,
  countsInAcks: isAdmitted,
  mayPromise(promise, epoch, leader) {
    if (epoch !== promise.epoch) return epoch > promise.epoch;
    return promise.leader !== null && sameLeader(promise.leader, leader);
  },
  mayActIn: (roleEpoch, promiseEpoch) => roleEpoch >= promiseEpoch,
  mayPromote(promise, epoch, leader, log, reported) {
    return (
      promise.epoch === epoch &&
      promise.leader !== null &&
      sameLeader(promise.leader, leader) &&
      samePosition(log, reported)
    );
  },
  mayServe: ({ recorded, applied, committed, epochStart }) => recorded && applied && committed >= epochStart,
  partingPoint,
  continuesLog: samePosition,
  applicable: (received, commit) => Math.min(received, commit) as Offset,
  leaseEndsMs: (pongSentMs, downAfterMs) => pongSentMs + downAfterMs - driftMs(downAfterMs),
  leaseAfterLinkEndsMs: () => 0,
  leaseHeldUntilMs: (endsMs, sentinels) => (sentinels === 0 ? 0 : nthLargest(endsMs, majority(sentinels))),
  confirmationLastsMs: (downAfterMs) => downAfterMs / 2 - driftMs(downAfterMs),
};

function driftMs(forMs: Millis): Millis {
  return Math.max(DRIFT_FLOOR_MS, forMs * DRIFT_SHARE);
}

function samePosition(a: LogPosition, b: LogPosition): boolean {
  return a.epoch === b.epoch && a.offset === b.offset;
}

export function sameLeader(a: Leader, b: Leader): boolean {
  return a.id === b.id && a.startId === b.startId;
}

/** As `acks.map(of)`, which V8 begins as an array of objects and makes one of numbers afterwards, in a call that costs more than the rest. */
function valuesOf(acks: readonly CountedAck[], of: (ack: CountedAck) => number): number[] {
  const values: number[] = [];
  for (const ack of acks) values.push(of(ack));
  return values;
}

/** The n-th largest of the values, none of them negative, counting from 1; 0 when there are fewer. */
function nthLargest(values: readonly number[], n: number): number {
  // There are few: to look at each pair is cheaper than to sort a copy, and this runs after every step.
  let found = 0;
  for (const value of values) {
    if (value <= found) continue;
    let atLeast = 0;
    for (const other of values) if (other >= value) atLeast++;
    if (atLeast >= n) found = value;
  }
  return found;
}
