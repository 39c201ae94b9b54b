/**
 * One master, replica or sentinel as SENTINEL MASTER(S), REPLICAS and SENTINELS list it: Redis 7.0's fields, in its
 * order, with its flags. Masters and replicas are told from the *standing* record only (S9), so that a switch shows in
 * all answers at once and no flag of the failover outlives it.
 */
import type { MemberId } from "../../src/base/ids.ts";
import {
  type ClientAddress,
  type GroupRecord,
  type MemberRecord,
  memberOf,
} from "../../src/rules/group-record.ts";
import type { FailoverStep, GroupView, MemberView, SentinelPeerView } from "../core/view.ts";
import { replicaName } from "./replica-name.ts";

/** Names and values, in order. */
export type InstanceFields = readonly (readonly [string, string | number])[];

/** Redis's words for what a failover of ours does. */
const FAILOVER_STATES: Readonly<Record<FailoverStep, string>> = {
  mint: "wait_start",
  seal: "select_slave",
  promote: "wait_promotion",
  record: "update_config",
};

/** A group whose standing record names a master: the only kind that clients are told of. */
export interface StandingGroup {
  readonly view: GroupView;
  readonly record: GroupRecord;
  readonly master: MemberRecord;
}

/** `undefined` while nobody rules: before bootstrap's end, or after a restart until a majority confirms. */
export function standingGroup(view: GroupView | undefined): StandingGroup | undefined {
  const record = view?.standing;
  if (view === undefined || record === null || record === undefined || record.master === null)
    return undefined;
  const master = memberOf(record, record.master);
  return master === undefined || !hasAddress(master.client) ? undefined : { view, record, master };
}

/** Those that a client could reach: a member that was never heard has no address yet, and node-redis would dial it. */
export function replicasOf(group: StandingGroup): MemberRecord[] {
  return group.record.members.filter((member) => member.id !== group.master.id && hasAddress(member.client));
}

export function hasAddress({ host, port }: ClientAddress): boolean {
  return host !== "" && port > 0;
}

export function otherSentinels(view: GroupView, self: string): SentinelPeerView[] {
  return view.sentinels.filter((sentinel) => sentinel.id !== self);
}

/** Redis asks for s_down before o_down; so does a switch, after which the old opinion must not stick to the new master. */
export function isMasterOdown(group: StandingGroup): boolean {
  return group.view.odown && isMasterSdown(group);
}

export function isMasterSdown(group: StandingGroup): boolean {
  return opinionOf(group.view, group.master.id)?.sdown === true;
}

export function masterFields(
  group: StandingGroup,
  about: { readonly self: string; readonly failoverTimeoutMs: number },
): InstanceFields {
  const { view, record, master } = group;
  const opinion = opinionOf(view, master.id);
  const failover = failoverInProgress(group);
  const flags = [
    ...(opinion?.sdown === true ? ["s_down"] : []),
    ...(isMasterOdown(group) ? ["o_down"] : []),
    "master",
    ...(opinion?.linkUp === true ? [] : ["disconnected"]),
    ...(failover === null ? [] : ["failover_in_progress"]),
    // Ours, in maintenance only: it must be seen wherever an operator looks.
    ...(record.paused ? ["paused"] : []),
  ];
  const replicas = replicasOf(group);
  return [
    ["name", record.name],
    ["ip", master.client.host],
    ["port", master.client.port],
    ["runid", opinion?.status?.startId ?? ""],
    ["flags", flags.join(",")],
    ["link-pending-commands", pendingCommands(opinion)],
    ["link-refcount", 1],
    ...(failover === null ? [] : ([["failover-state", FAILOVER_STATES[failover.step]]] as const)),
    ...heartbeatFields(opinion),
    ...(isMasterOdown(group) ? ([["o-down-time", Math.round(opinion?.sdownForMs ?? 0)]] as const) : []),
    ["down-after-milliseconds", Math.round(view.downAfterMs)],
    ...roleFields(opinion, "master"),
    ["config-epoch", record.number.epoch],
    ["num-slaves", replicas.length],
    ["num-other-sentinels", otherSentinels(view, about.self).length],
    ["quorum", view.quorum],
    ["failover-timeout", Math.round(about.failoverTimeoutMs)],
    // All replicas are told to follow at once.
    ["parallel-syncs", Math.max(1, replicas.length)],
  ];
}

export function replicaFields(group: StandingGroup, replica: MemberRecord): InstanceFields {
  const opinion = opinionOf(group.view, replica.id);
  const status = opinion?.status ?? null;
  const followed = status?.following == null ? undefined : memberOf(group.record, status.following.master);
  const linkOk = status?.following?.linkUp === true;
  const flags = [
    ...(opinion?.sdown === true ? ["s_down"] : []),
    "slave",
    ...(opinion?.linkUp === true ? [] : ["disconnected"]),
  ];
  return [
    ["name", replicaName(replica.client)],
    ["ip", replica.client.host],
    ["port", replica.client.port],
    ["runid", status?.startId ?? ""],
    ["flags", flags.join(",")],
    ["link-pending-commands", pendingCommands(opinion)],
    ["link-refcount", 1],
    ...heartbeatFields(opinion),
    ["down-after-milliseconds", Math.round(group.view.downAfterMs)],
    ...roleFields(opinion, "slave"),
    ["master-link-down-time", 0],
    ["master-link-status", linkOk ? "ok" : "err"],
    ["master-host", followed?.client.host ?? "?"],
    ["master-port", followed?.client.port ?? 0],
    // 0 is Redis's word for "never promote".
    ["slave-priority", replica.voting ? replica.priority : 0],
    ["slave-repl-offset", status?.applied ?? 0],
    ["replica-announced", 1],
  ];
}

export function sentinelFields(view: GroupView, peer: SentinelPeerView): InstanceFields {
  const flags = [
    ...(peer.sdown ? ["s_down"] : []),
    "sentinel",
    ...(peer.linkUp ? [] : ["disconnected"]),
    ...(peer.thinksMasterDown === true ? ["master_down"] : []),
  ];
  const heardMs = Math.round(peer.sinceLastHeardMs);
  return [
    ["name", peer.id],
    ["ip", peer.host],
    ["port", peer.port],
    ["runid", peer.id],
    ["flags", flags.join(",")],
    ["link-pending-commands", peer.linkUp ? 0 : 1],
    ["link-refcount", 1],
    ["last-ping-sent", peer.linkUp ? 0 : heardMs],
    ["last-ok-ping-reply", heardMs],
    ["last-ping-reply", heardMs],
    ...(peer.sdown ? ([["s-down-time", Math.max(0, heardMs - Math.round(view.downAfterMs))]] as const) : []),
    ["down-after-milliseconds", Math.round(view.downAfterMs)],
    ["last-hello-message", heardMs],
    ["voted-leader", "?"],
    ["voted-leader-epoch", peer.votedEpoch],
  ];
}

/**
 * The failover that clients are to hear of. Not one that the standing record has overtaken, and none where the old
 * master goes on or holds commands for its heir: node-redis drops a master with this flag and sleeps a second.
 */
function failoverInProgress(group: StandingGroup): GroupView["failover"] {
  const failover = group.view.failover;
  if (failover === null || failover.epoch <= group.record.number.epoch) return null;
  return failover.reason === "planned" || failover.reason === "reconfigure" ? null : failover;
}

export function opinionOf(view: GroupView, id: MemberId): MemberView | undefined {
  if (view.master?.id === id) return view.master;
  return view.replicas.find((member) => member.id === id);
}

/** Redis, too, has some pending for one that it dials: those that it will say first. */
function pendingCommands(opinion: MemberView | undefined): number {
  return opinion?.linkUp === true ? opinion.unansweredPings : 1;
}

function heartbeatFields(opinion: MemberView | undefined): InstanceFields {
  const pongMs = Math.round(opinion?.sinceLastPongMs ?? 0);
  return [
    ["last-ping-sent", Math.round(opinion?.unansweredForMs ?? 0)],
    ["last-ok-ping-reply", pongMs],
    ["last-ping-reply", pongMs],
    ...(opinion?.sdown === true ? ([["s-down-time", Math.round(opinion.sdownForMs)]] as const) : []),
  ];
}

function roleFields(opinion: MemberView | undefined, expected: "master" | "slave"): InstanceFields {
  const pongMs = Math.round(opinion?.sinceLastPongMs ?? 0);
  const role = opinion?.status?.role;
  const reported = role === undefined ? expected : role === "master" ? "master" : "slave";
  return [
    ["info-refresh", pongMs],
    ["role-reported", reported],
    ["role-reported-time", pongMs],
  ];
}
