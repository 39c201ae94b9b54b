/** The group record: what the sentinels agree on, stored at a majority, numbered (epoch, seq). */
import type { Epoch, GroupId, IncarnationId, MemberId, SentinelId, StartId } from "../base/ids.ts";

export type ReplicationMode = "async" | "semi-sync" | "sync";

/** The sentinel process elected for an epoch. The leadership ends with the process. */
export interface Leader {
  readonly id: SentinelId;
  readonly startId: StartId;
}

/** Where Redis clients reach a member. */
export interface ClientAddress {
  readonly host: string;
  readonly port: number;
}

export interface MemberRecord {
  readonly id: MemberId;
  /** WebSocket URL of the peer port, for example `ws://127.0.0.1:16379`. */
  readonly url: string;
  readonly client: ClientAddress;
  /** The incarnation that the record speaks of; `null` until the member was first heard. */
  readonly incarnation: IncarnationId | null;
  /** True when `incarnation` is known as caught up; only then it counts in W and R. */
  readonly admitted: boolean;
  /** False for an observer: follows, counts nowhere, is never promoted. */
  readonly voting: boolean;
  /** Lower is preferred. */
  readonly priority: number;
  readonly zone: string;
}

/** Records are ordered by epoch, then by seq. */
export interface RecordNumber {
  readonly epoch: Epoch;
  readonly seq: number;
}

export interface GroupRecord {
  readonly name: string;
  readonly groupId: GroupId;
  readonly number: RecordNumber;
  /** Leader of `number.epoch`; as steward it alone writes records of that epoch. */
  readonly steward: Leader;
  /** The master of this reign; `null` only between bootstrap's first record and the first promotion. */
  readonly master: MemberId | null;
  readonly members: readonly MemberRecord[];
  readonly mode: ReplicationMode;
  /** W: copies of a write, the master's own included, before it is acknowledged. */
  readonly copies: number;
  /** Maintenance: no automatic failover until resumed. */
  readonly paused: boolean;
}

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. */
export function compareRecordNumbers(a: RecordNumber, b: RecordNumber): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** n: the voting members, those included whose state was lost; n never shrinks by itself. */
export function votingMembers(record: GroupRecord): MemberRecord[] {
  return record.members.filter((member) => member.voting);
}

/** The member of that id, or `undefined`. */
export function memberOf(record: GroupRecord, id: MemberId): MemberRecord | undefined {
  return record.members.find((member) => member.id === id);
}

/** True when this incarnation of the member counts in W and R (S7). */
export function isAdmitted(record: GroupRecord, id: MemberId, incarnation: IncarnationId): boolean {
  const member = memberOf(record, id);
  return member?.voting === true && member.admitted && member.incarnation === incarnation;
}

export function isSameAddress(a: ClientAddress, b: ClientAddress): boolean {
  return a.host === b.host && a.port === b.port;
}
