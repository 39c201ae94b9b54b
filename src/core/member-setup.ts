/** What a member is told at its start: its configuration, what storage found, and the keyspace with its commands. */
import type { IncarnationId, MemberId, Millis, Offset, StartId } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import type { EpochHistory } from "../rules/epoch-history.ts";
import type { ClientAddress } from "../rules/group-record.ts";
import type { LogPosition } from "../rules/log-position.ts";
import type { ReplicationRules } from "../rules/replication-rules.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import type { Replayable } from "./replication/applier.ts";

/** A member of a group without sentinels knows its role from the start. */
export type StaticRole =
  | { readonly role: "master" }
  | { readonly role: "replica"; readonly masterId: MemberId; readonly masterUrl: string };

export interface MemberSetup {
  readonly id: MemberId;
  readonly startId: StartId;
  /** Where Redis clients are told to find this node. */
  readonly client: ClientAddress;
  readonly priority: number;
  readonly zone: string;
  readonly voting: boolean;
  readonly reads: "linearizable" | "local";
  readonly ackTimeoutMs: Millis;
  readonly uncommittedBytesMax: number;
  readonly snapshotAfterBytes: number;
  readonly static: StaticRole | null;
  readonly incarnation: IncarnationId;
  /** What a reboot has put in doubt, newest first: `incarnation` is what was left of them. */
  readonly doubts: readonly IncarnationId[];
  /** As `MemberState` was saved; `null` on a fresh directory. */
  readonly state: Buffer | null;
  /** The log's end. */
  readonly position: LogPosition;
  readonly history: EpochHistory;
  /** Offset of the standing snapshot; 0 without one. */
  readonly snapshotOffset: Offset;
  /** Of the standing snapshot; 0 without one. */
  readonly snapshotBytes: number;
  /** Bytes of log behind the standing snapshot. */
  readonly logBytes: number;
  /** Replaced one by one by tests that check that the rule matters. */
  readonly rules?: Partial<ReplicationRules>;
  readonly now: Instant;
}

export interface MemberKeyspace {
  readonly keyspace: Keyspace;
  readonly dispatcher: Dispatcher;
  readonly replayer: Replayable;
}
