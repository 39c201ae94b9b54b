/**
 * What a data node says and hears on its peer port: replication between members, and the sentinels' orders.
 * Validation is in `schema.ts`, bytes in `codec.ts`. Numbered invariants: docs/protocol.md.
 */
import type { Epoch, GroupId, IncarnationId, MemberId, Millis, Offset, StartId } from "../../base/ids.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { ClientAddress, GroupRecord, Leader, RecordNumber } from "../../rules/group-record.ts";
import type { LogPosition } from "../../rules/log-position.ts";

/** The highest epoch and leader for which a member has been sealed or that it follows (S4, S5). */
export interface MemberPromise {
  readonly epoch: Epoch;
  /** `null` only at epoch 0. */
  readonly leader: Leader | null;
}

/** What a member tells of itself: in each pong, and pushed as `status` on the changes that sentinels can't wait for. */
export interface NodeStatus {
  readonly id: MemberId;
  readonly startId: StartId;
  readonly groupId: GroupId | null;
  readonly incarnation: IncarnationId;
  /** True when this incarnation is new only because the machine of an admitted one rebooted without `appendfsync always`. */
  readonly doubtfulByReboot: boolean;
  /** `none`: a process that nobody has given a role yet, or a sealed one. A role ends with its process. */
  readonly role: "master" | "replica" | "none";
  /** Epoch of the role; 0 without one. */
  readonly roleEpoch: Epoch;
  /** On a master: its epoch-start record is committed and its reign is recorded, so it acknowledges. */
  readonly established: boolean;
  readonly promise: MemberPromise;
  readonly position: LogPosition;
  /** Known as committed, and durable here: but for async, the log of this incarnation never ends before it again (S10). */
  readonly committed: Offset;
  readonly applied: Offset;
  /** Number of the newest group record that this member holds. */
  readonly record: RecordNumber | null;
  /** On a replica: whom it follows, and whether records can flow. */
  readonly following: { readonly master: MemberId; readonly linkUp: boolean } | null;
  /** Members with which this one has exchanged something within the last half of down-after. */
  readonly sees: readonly MemberId[];
  /** On a master: age of its oldest uncommitted record (a probe when idle), or in async of its refusal of writes; 0 when none. */
  readonly oldestUncommittedMs: Millis;
  /** The last write to its disk failed; it refuses writes. */
  readonly diskFailing: boolean;
  /** On a master during a switchover; it serves on until `target` lags little. */
  readonly handover: {
    readonly target: MemberId;
    /** The target holds all of the log and the lease has been given up. */
    readonly ready: boolean;
  } | null;
  /** On a master: new incarnations that have caught up and wait for the steward to admit them. */
  readonly waiting: readonly { readonly id: MemberId; readonly incarnation: IncarnationId }[];
  /** On a master: its replicas as it sees them, for INFO and SENTINEL REPLICAS. */
  readonly replicas: readonly ReplicaStatus[];
  readonly leaseHeld: boolean;
  readonly client: ClientAddress;
  readonly priority: number;
  readonly zone: string;
  readonly voting: boolean;
}

export interface ReplicaStatus {
  readonly id: MemberId;
  readonly received: Offset;
  readonly applied: Offset;
  readonly client: ClientAddress | null;
}

// ---- sentinel to node --------------------------------------------------------------------------

/** Heartbeat. Sequence numbers count up from 1 for each link. */
export interface Ping {
  readonly type: "ping";
  readonly group: string;
  readonly seq: number;
  /** Newest pong of this link that the sentinel has received; 0 for none. The lease counts from its *sending*. */
  readonly sawPong: number;
  /** The epoch for which this sentinel grants the lease; `null` when it grants none. */
  readonly leaseEpoch: Epoch | null;
  readonly downAfterMs: Millis;
  readonly stallAfterMs: Millis;
  /** Size of the sentinel set: a lease needs a majority of it. */
  readonly sentinels: number;
}

/** "Promise this epoch to this leader." Answered by `sealed` once the promise is durable, or by `refused`. */
export interface Seal {
  readonly type: "seal";
  readonly group: string;
  /** A member without a group keeps this id with the promise; one of another group refuses. */
  readonly groupId: GroupId;
  readonly epoch: Epoch;
  readonly leader: Leader;
}

/**
 * "Be master." Refused unless the promise is this leader's epoch and the log is still at `position`.
 * `record` is the reign's record, not yet standing: its members, mode and W hold from here on.
 */
export interface Promote {
  readonly type: "promote";
  readonly group: string;
  readonly epoch: Epoch;
  readonly leader: Leader;
  readonly position: LogPosition;
  readonly record: GroupRecord;
}

/** "Follow `record.master`." Also seals: the promise is durable before `following` is answered. */
export interface Follow {
  readonly type: "follow";
  readonly group: string;
  readonly epoch: Epoch;
  readonly leader: Leader;
  readonly record: GroupRecord;
}

/**
 * A record that stands at a sentinel majority. To the master of that reign: it may acknowledge, and count
 * whom the record admits. To a member without a role, or in an older epoch: follow its master.
 */
export interface StandingRecord {
  readonly type: "standing";
  readonly record: GroupRecord;
}

/** "The new master is published": a demoted node may now close its clients' sockets. */
export interface Published {
  readonly type: "published";
  readonly group: string;
  readonly epoch: Epoch;
}

/** Switchover, first step, to the master: once `target` lags little, hold commands, bring it to parity, give up the lease. */
export interface PrepareHandover {
  readonly type: "prepareHandover";
  readonly group: string;
  readonly epoch: Epoch;
  readonly target: MemberId;
  /** Not sealed within this time, the master resumes. */
  readonly timeoutMs: Millis;
}

export interface CancelHandover {
  readonly type: "cancelHandover";
  readonly group: string;
  readonly epoch: Epoch;
}

export type SentinelToNode =
  | Ping
  | Seal
  | Promote
  | Follow
  | StandingRecord
  | Published
  | PrepareHandover
  | CancelHandover;

// ---- node to sentinel --------------------------------------------------------------------------

export interface Pong {
  readonly type: "pong";
  readonly seq: number;
  readonly status: NodeStatus;
}

/** Pushed when a link comes up, and on the changes that `StatusChanges` names. */
export interface StatusPush {
  readonly type: "status";
  readonly status: NodeStatus;
}

/** The promise is durable. `status` is of the sealed state: its position can only change by this leader's word. */
export interface Sealed {
  readonly type: "sealed";
  readonly epoch: Epoch;
  readonly status: NodeStatus;
}

export interface Promoted {
  readonly type: "promoted";
  readonly epoch: Epoch;
}

export interface Following {
  readonly type: "following";
  readonly epoch: Epoch;
}

export interface Refused {
  readonly type: "refused";
  readonly what: "seal" | "promote" | "follow" | "prepareHandover";
  /** The epoch that was asked for. */
  readonly epoch: Epoch;
  readonly promise: MemberPromise;
  /** In words, for logs and `interrex status`. */
  readonly reason: string;
}

export type NodeToSentinel = Pong | StatusPush | Sealed | Promoted | Following | Refused;

// ---- member to member: the follower dials, the master answers -------------------------------------

/** Sent by the dialler once a link between members is up, and while it says nothing else there; shows who sees whom. */
export interface Beat {
  readonly type: "beat";
  readonly epoch: Epoch;
}

/** A replica opens: its log position and epoch history. */
export interface SyncRequest {
  readonly type: "sync";
  readonly groupId: GroupId | null;
  readonly epoch: Epoch;
  readonly incarnation: IncarnationId;
  readonly lastOffset: Offset;
  readonly history: EpochHistory;
  readonly client: ClientAddress;
}

/** The logs agree up to `from`: cut what is after it, records from `from.offset + 1` follow. */
export interface SyncPartial {
  readonly type: "syncPartial";
  readonly epoch: Epoch;
  readonly from: LogPosition;
  /** Where the master's clients reach it: a replica without sentinels has no record that says so. */
  readonly client: ClientAddress;
}

/** A snapshot at `position` follows in `snapshotChunk` frames, then records from `position.offset + 1`. */
export interface SyncFull {
  readonly type: "syncFull";
  readonly epoch: Epoch;
  readonly position: LogPosition;
  readonly history: EpochHistory;
}

export interface SyncRefused {
  readonly type: "syncRefused";
  /** Of the one who refuses; 0 without a role. */
  readonly epoch: Epoch;
  /** The epoch of the request: an answer to an earlier one means nothing any more. */
  readonly requested: Epoch;
  readonly reason: string;
}

/** Binary. Records of the log, in order; also alone (no bytes) to carry the commit offset or ask for an ack. */
export interface Records {
  readonly type: "records";
  readonly epoch: Epoch;
  /** Number of the round that it belongs to: rounds count up within a reign, and acks name the newest. */
  readonly frame: number;
  /** The record right before the first one here; must be the replica's last. */
  readonly previous: LogPosition;
  readonly commit: Offset;
  /** An ack is wanted as soon as all of it is persisted. */
  readonly wantsAck: boolean;
  /** Whole encoded records (`src/protocol/record.ts`), possibly none. */
  readonly bytes: Buffer;
}

/** Binary. What the replica holds; sent once a frame that wants it is in its log as `appendfsync` says. */
export interface Ack {
  readonly type: "ack";
  readonly epoch: Epoch;
  /** Greatest frame that wanted an ack and whose records are all in `received`. */
  readonly frame: number;
  readonly received: Offset;
  readonly applied: Offset;
}

/** Binary. A piece of a snapshot stream: see `SyncFull`. */
export interface SnapshotChunk {
  readonly type: "snapshotChunk";
  readonly epoch: Epoch;
  readonly last: boolean;
  readonly bytes: Buffer;
}

/** PUBLISH travels to replicas' subscribers; it is no log record. In order; strings are latin1: one byte a character. */
export interface Publications {
  readonly type: "publications";
  readonly published: readonly { readonly channel: string; readonly message: string }[];
}

export type MemberToMember =
  | Beat
  | SyncRequest
  | SyncPartial
  | SyncFull
  | SyncRefused
  | Records
  | Ack
  | SnapshotChunk
  | Publications;

export type NodeMessage = SentinelToNode | NodeToSentinel | MemberToMember;
