/** Shows one group to those who answer clients and operators. Reads only. */
import { EPOCH_ZERO } from "../../src/base/ids.ts";
import type { Instant } from "../../src/base/instant.ts";
import { type GroupRecord, isAdmitted, type MemberRecord } from "../../src/rules/group-record.ts";
import { votes } from "./bootstrap.ts";
import { failoverObstacles, whyIneligible } from "./eligibility.ts";
import type { Failover } from "./failover.ts";
import type { GroupContext } from "./group-context.ts";
import type { SentinelPeer } from "./peers.ts";
import type { Publication } from "./publication.ts";
import type { GroupView, MemberView, SentinelPeerView } from "./view.ts";

export function groupView(
  context: GroupContext,
  parts: { readonly failover: Failover | null; readonly publication: Publication; readonly odown: boolean },
  now: Instant,
): GroupView {
  const { config, ledger } = context;
  const record = ledger.standing ?? ledger.stored;
  const members = (record?.members ?? configuredMembers(context)).map((member) =>
    memberView(context, record, member, now.monoMs),
  );
  const { failover } = parts;
  return {
    name: config.name,
    quorum: config.quorum,
    downAfterMs: config.downAfterMs,
    standing: ledger.standing,
    stored: ledger.stored,
    votedEpoch: ledger.votedEpoch,
    holding: parts.publication.isHolding(now.monoMs),
    // The opinion is of the recorded master; once a newer one is stored it says nothing of the published one.
    odown: parts.odown && record?.master === ledger.stored?.master,
    failover:
      failover === null
        ? null
        : { epoch: failover.epoch, step: failover.step, reason: failover.reason, target: failover.target },
    master: members.find((member) => member.id === record?.master) ?? null,
    replicas: members.filter((member) => member.id !== record?.master),
    sentinels: context.peers.all.map((peer) => sentinelView(context, peer, now.monoMs)),
    history: parts.publication.history,
    obstacles: failoverObstacles(context, now.monoMs),
  };
}

function configuredMembers(context: GroupContext): MemberRecord[] {
  return context.config.nodes.map((node) => {
    const status = context.watches.get(node.id)?.status;
    return {
      id: node.id,
      url: node.url,
      client: status?.client ?? { host: "", port: 0 },
      incarnation: status?.incarnation ?? null,
      admitted: false,
      voting: votes(node, status ?? null),
      priority: node.priority ?? status?.priority ?? 100,
      zone: node.zone ?? status?.zone ?? "",
    };
  });
}

function memberView(
  context: GroupContext,
  record: GroupRecord | null,
  member: MemberRecord,
  nowMs: number,
): MemberView {
  const watch = context.watches.get(member.id);
  const status = watch?.status ?? null;
  return {
    id: member.id,
    url: watch?.url ?? member.url,
    client: member.client.port > 0 ? member.client : (status?.client ?? null),
    linkUp: watch !== undefined && watch.link !== null,
    sdown: watch !== undefined && watch.down !== null,
    sdownForMs: watch?.down == null ? 0 : nowMs - watch.down.sinceMs,
    unansweredPings: watch?.unansweredPings ?? 0,
    unansweredForMs: watch?.unansweredSinceMs == null ? 0 : nowMs - watch.unansweredSinceMs,
    sinceLastPongMs: nowMs - (watch?.lastPongAtMs ?? context.self.startedAtMs),
    status,
    admitted: record !== null && status !== null && isAdmitted(record, member.id, status.incarnation),
    voting: member.voting,
    priority: member.priority,
    zone: member.zone,
    ineligible:
      record === null ? "no record of this group yet" : whyIneligible(context.rules, record, member, watch),
  };
}

function sentinelView(context: GroupContext, peer: SentinelPeer, nowMs: number): SentinelPeerView {
  const report = peer.reports.get(context.config.name);
  const sinceLastHeardMs = nowMs - (peer.lastHeardMs ?? context.self.startedAtMs);
  const speaksOfOurs = report !== undefined && report.master === (context.ledger.stored?.master ?? null);
  return {
    id: peer.id,
    host: peer.seat.host ?? report?.client.host ?? "",
    port: peer.seat.port ?? report?.client.port ?? 0,
    startId: peer.startId,
    linkUp: peer.link !== null,
    sdown: sinceLastHeardMs >= context.config.downAfterMs,
    sinceLastHeardMs,
    votedEpoch: report?.votedEpoch ?? EPOCH_ZERO,
    thinksMasterDown: speaksOfOurs && report !== undefined ? report.finds.includes("down") : null,
  };
}
