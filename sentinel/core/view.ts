/** What the sentinel's core shows of its groups to those who answer clients and operators. Read-only. */
import type { Epoch, MemberId, Millis, SentinelId, StartId } from "../../src/base/ids.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import type { ClientAddress, GroupRecord } from "../../src/rules/group-record.ts";

export interface MemberView {
  readonly id: MemberId;
  readonly url: string;
  /** `null` until the member was first heard or recorded. */
  readonly client: ClientAddress | null;
  readonly linkUp: boolean;
  readonly sdown: boolean;
  /** Time since this opinion began; 0 when up. */
  readonly sdownForMs: Millis;
  /** Sent over the present link since its last pong. */
  readonly unansweredPings: number;
  /** Time since the first ping that no pong has followed, over whatever link; 0 for none. */
  readonly unansweredForMs: Millis;
  readonly sinceLastPongMs: Millis;
  /** Its newest word of itself; `null` when never heard. */
  readonly status: NodeStatus | null;
  readonly admitted: boolean;
  readonly voting: boolean;
  readonly priority: number;
  readonly zone: string;
  /** Why it could not be promoted now, in words; `null` when it could. */
  readonly ineligible: string | null;
}

export interface SentinelPeerView {
  readonly id: SentinelId;
  readonly host: string;
  readonly port: number;
  readonly startId: StartId | null;
  readonly linkUp: boolean;
  readonly sdown: boolean;
  readonly sinceLastHeardMs: Millis;
  readonly votedEpoch: Epoch;
  /** Its opinion of the master, `null` when unknown. */
  readonly thinksMasterDown: boolean | null;
}

/** Mint the first record, seal the members, promote the one chosen, record that at a majority. */
export type FailoverStep = "mint" | "seal" | "promote" | "record";

export interface GroupView {
  readonly name: string;
  readonly quorum: number;
  readonly downAfterMs: Millis;
  /** The newest record known to stand at a majority; only from it are clients answered (S9). */
  readonly standing: GroupRecord | null;
  /** The newest record stored here. */
  readonly stored: GroupRecord | null;
  readonly votedEpoch: Epoch;
  /** True while replies to SENTINEL queries about this group are to be held (docs/protocol.md, Failover, step 7). */
  readonly holding: boolean;
  readonly odown: boolean;
  readonly failover: {
    readonly epoch: Epoch;
    readonly step: FailoverStep;
    readonly reason: string;
    readonly target: MemberId | null;
  } | null;
  readonly master: MemberView | null;
  readonly replicas: readonly MemberView[];
  readonly sentinels: readonly SentinelPeerView[];
  /** Newest last, bounded. */
  readonly history: readonly HistoryEntry[];
  /** Why there would be no failover if the master failed now, in words, member by member; empty when there would. */
  readonly obstacles: readonly string[];
}

export interface HistoryEntry {
  readonly atWallMs: number;
  readonly epoch: Epoch;
  readonly from: MemberId | null;
  readonly to: MemberId | null;
  readonly reason: string;
  /** From the leader's election to the record's standing; `null` on sentinels that did not lead. */
  readonly tookMs: Millis | null;
}
