/**
 * What sentinels say to each other. Requests go on a link that the asker has, answers return by the same link.
 * Bytes are in `codec.ts`, validation in `sentinel-schema.ts`.
 */
import type { Epoch, MemberId, Millis, StartId } from "../../base/ids.ts";
import type { ClientAddress, GroupRecord, Leader, RecordNumber } from "../../rules/group-record.ts";
import type { VoteReason } from "../../rules/vote-reason.ts";

/**
 * What a sentinel holds and thinks of one group. Sent when a link comes up, on the changes that others wait for, and as a heartbeat.
 * Two sentinels may share two links, so `seq` says which report is the newer one.
 */
export interface Report {
  readonly type: "report";
  readonly group: string;
  /** Counts up within one process. */
  readonly seq: number;
  /** Version of the sentinel membership; a peer with another one is refused. */
  readonly membership: number;
  /** Where Redis clients reach this sentinel. */
  readonly client: ClientAddress;
  /** True while it has no durable state and has not yet heard enough to take part. */
  readonly blank: boolean;
  readonly votedEpoch: Epoch;
  /** Number of the newest record that is durable here; counts towards "stands at a majority". */
  readonly stored: RecordNumber | null;
  /** Of the record that it knows of and, having lost its state, does not hold; then `stored` is `null`. */
  readonly learnt: RecordNumber | null;
  /** The body of `stored`, for a blank sentinel that of `learnt` too; only when it has not yet gone over this link. */
  readonly record: GroupRecord | null;
  /** The master that `finds` speaks of. */
  readonly master: MemberId | null;
  /** What it finds true for itself now; `down` is its opinion that the master is down. */
  readonly finds: readonly VoteReason[];
  /** The epoch that this very process leads now; a leader at work is not disturbed. */
  readonly leading: Epoch | null;
}

/** "Would you" (`pre`), or "do you give me your vote in this epoch?" Answered by `vote`. */
export interface AskVote {
  readonly type: "askVote";
  readonly group: string;
  readonly epoch: Epoch;
  readonly leader: Leader;
  readonly reason: VoteReason;
  /** Asks without binding anyone, so that an epoch is only spent on an election that can be won. */
  readonly pre: boolean;
  /** Returned in the answer, so that answers to an earlier question are told apart. */
  readonly round: number;
}

/** A lease that the voter has given and that may still stand. */
export interface LeaseLeft {
  /** The process that may hold it; `null` when given by the voter's earlier life, to an unknown one. */
  readonly process: StartId | null;
  /** At most this long from the sending of the message. */
  readonly leftMs: Millis;
}

/** A vote leaves only once it is durable; from then on the voter gives no lease and stores no record below it. */
export interface Vote {
  readonly type: "vote";
  readonly group: string;
  readonly epoch: Epoch;
  readonly pre: boolean;
  readonly round: number;
  readonly granted: boolean;
  /** In words, for logs: why not. */
  readonly why: string;
  readonly votedEpoch: Epoch;
  /** The voter's newest record; the winner goes on from the newest of all. */
  readonly record: GroupRecord | null;
  readonly leases: readonly LeaseLeft[];
  /** Processes of the group's members that the voter knows to be dead. */
  readonly dead: readonly StartId[];
}

/** Leader or steward: "store this record." Answered by `stored`, once it is durable or refused. */
export interface Store {
  readonly type: "store";
  readonly group: string;
  readonly record: GroupRecord;
}

interface Stored {
  readonly type: "stored";
  readonly group: string;
  readonly number: RecordNumber;
  readonly ok: boolean;
  readonly votedEpoch: Epoch;
}

/** The record stands at a majority and its master has taken the role: answer clients from it. */
export interface Stands {
  readonly type: "stands";
  readonly group: string;
  readonly record: GroupRecord;
  /** Why this reign or record came to be, for the history. */
  readonly reason: string;
}

/** An operator's word that only the steward can carry out, passed on to it. Answered by `operated`. */
export interface Operate {
  readonly type: "operate";
  readonly group: string;
  readonly id: number;
  readonly command: "pause" | "resume";
}

export interface Operated {
  readonly type: "operated";
  readonly group: string;
  readonly id: number;
  readonly ok: boolean;
  readonly text: string;
}

export type SentinelMessage = Report | AskVote | Vote | Store | Stored | Stands | Operate | Operated;
