/** What the parts of one group share. Each part changes only what is its own. */
import type { Epoch, MemberId, Millis, SentinelId, StartId } from "../../src/base/ids.ts";
import type { Randomness } from "../../src/base/randomness.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import type { SentinelMessage } from "../../src/protocol/peer/sentinel-messages.ts";
import type { ElectionRules } from "../../src/rules/election-rules.ts";
import type { ClientAddress, GroupRecord, Leader } from "../../src/rules/group-record.ts";
import type { Beat } from "./beat.ts";
import type { GroupConfig } from "./core-config.ts";
import type { LeaderSigns } from "./leader-signs.ts";
import type { LeasesGiven } from "./leases.ts";
import type { GroupLedger } from "./ledger.ts";
import type { MasterProcess } from "./master-process.ts";
import type { MemberWatch } from "./member-watch.ts";
import type { GroupNotices } from "./notices.ts";
import type { SentinelOutbox } from "./outbox.ts";
import type { SentinelPeers } from "./peers.ts";

export interface SelfIdentity {
  readonly id: SentinelId;
  readonly startId: StartId;
  readonly client: ClientAddress;
  readonly membership: number;
  readonly startedAtMs: Millis;
}

export interface GroupContext {
  readonly config: GroupConfig;
  readonly self: SelfIdentity;
  /** Size of the sentinel set. */
  readonly sentinels: number;
  readonly beat: Beat;
  readonly rules: ElectionRules;
  readonly randomness: Randomness;
  readonly outbox: SentinelOutbox;
  readonly notices: GroupNotices;
  readonly peers: SentinelPeers;
  readonly ledger: GroupLedger;
  readonly leases: LeasesGiven;
  readonly signs: LeaderSigns;
  readonly masterProcess: MasterProcess;
  readonly watches: ReadonlyMap<MemberId, MemberWatch>;
}

export function selfAsLeader(context: GroupContext): Leader {
  return { id: context.self.id, startId: context.self.startId };
}

export function isSelf(context: GroupContext, leader: Leader): boolean {
  return leader.id === context.self.id && leader.startId === context.self.startId;
}

/** Its present word, if it answers. */
export function currentStatus(context: GroupContext, id: MemberId): NodeStatus | null {
  const watch = context.watches.get(id);
  return watch?.answers === true ? watch.current : null;
}

/** Whether `status` is the word of the recorded reign's master. */
export function isMasterOf(record: GroupRecord, status: NodeStatus): boolean {
  return status.id === record.master && status.role === "master" && status.roleEpoch === record.number.epoch;
}

/** The greatest epoch that this sentinel has heard of from anyone. */
export function highestEpochSeen(context: GroupContext): Epoch {
  let highest = Math.max(context.ledger.votedEpoch, context.ledger.storedEpoch);
  for (const peer of context.peers.all) {
    const report = peer.reports.get(context.config.name);
    if (report !== undefined) highest = Math.max(highest, report.votedEpoch, report.stored?.epoch ?? 0);
  }
  for (const watch of context.watches.values()) {
    if (watch.status === null) continue;
    // A log may come from a time without sentinels, with epochs of its own.
    const { promise, roleEpoch, position } = watch.status;
    highest = Math.max(highest, promise.epoch, roleEpoch, position.epoch);
  }
  return highest as Epoch;
}

/** To every other sentinel with a link. */
export function sendToSentinels(context: GroupContext, message: SentinelMessage): void {
  for (const peer of context.peers.all) {
    if (peer.link !== null) context.outbox.send(peer.link, message);
  }
}
