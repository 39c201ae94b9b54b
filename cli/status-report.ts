/** Turns a sentinel's view of a group into lines for people. Pure: asks no one, prints nothing. */
import type { GroupView, MemberView, SentinelPeerView } from "../sentinel/core/view.ts";
import type { Millis } from "../src/base/ids.ts";
import type { NodeStatus } from "../src/protocol/peer/node-messages.ts";
import { hasAppliedItsLog } from "../src/rules/choose-candidate.ts";
import { comparePositions, EMPTY_POSITION, type LogPosition } from "../src/rules/log-position.ts";
import { durationText } from "./duration.ts";
import { type HostPort, hostPortText } from "./flags.ts";
import { layOut } from "./table.ts";
import { paint, type Terminal } from "./terminal.ts";

export interface StatusContext {
  /** The sentinel whose view it is. */
  readonly asked: HostPort;
  readonly terminal: Pick<Terminal, "colours">;
}

export function statusLines(view: GroupView, context: StatusContext): string[] {
  return [
    headline(view, context),
    ...notes(view, context),
    "",
    ...layOut(nodeRows(view, context)),
    "",
    ...layOut(sentinelRows(view, context)),
    "",
    ...outlook(view, context),
  ];
}

function headline(view: GroupView, { terminal }: StatusContext): string {
  const name = paint(terminal, "bold", view.name);
  const { standing } = view;
  if (standing === null) return `${name}  no master has ever been recorded`;
  const voters = standing.members.filter((member) => member.voting).length;
  const mode = standing.mode === "async" ? "async" : `${standing.mode}, W ${standing.copies} of ${voters}`;
  const reign = `record ${standing.number.epoch}.${standing.number.seq}`;
  return `${name}  master ${standing.master ?? "none"}, epoch ${standing.number.epoch}, ${mode}, ${reign}`;
}

function notes(view: GroupView, { terminal }: StatusContext): string[] {
  const lines: string[] = [];
  const warn = (text: string): void => void lines.push(paint(terminal, "yellow", `! ${text}`));
  if (view.standing?.paused === true) warn("maintenance: no automatic failover until `interrex resume`");
  if (view.odown) warn(`the master is down: at least ${view.quorum} sentinels agree`);
  const { failover } = view;
  if (failover !== null) {
    const target = failover.target === null ? "" : ` to ${failover.target}`;
    warn(`failover${target} under way in epoch ${failover.epoch}: ${failover.step} (${failover.reason})`);
  }
  return lines;
}

function nodeRows(view: GroupView, context: StatusContext): string[][] {
  const header = ["NODE", "ROLE", "ADDRESS", "POSITION", "LAG", "PROMISE", "LEASE", "STATE", "NOTE"];
  const members = [...(view.master === null ? [] : [view.master]), ...view.replicas];
  const head = view.master?.status?.position.offset ?? null;
  const master = view.master?.id ?? null;
  const reign = { master, head, slowMs: view.downAfterMs };
  return [dim(header, context), ...members.map((member) => nodeRow(member, reign, context))];
}

interface Reign {
  readonly master: string | null;
  /** Offset of the master's last record, as far as it has told. */
  readonly head: number | null;
  /** A write that waits for its copies for longer than this is worth a word. */
  readonly slowMs: Millis;
}

function nodeRow(member: MemberView, reign: Reign, { terminal }: StatusContext): string[] {
  const { master, head } = reign;
  const { status } = member;
  const isMaster = member.id === master;
  const address = member.client === null ? "-" : hostPortText(member.client);
  if (status === null)
    return [member.id, "-", address, "-", "-", "-", "-", stateOf(member, terminal), noteOf(member, reign)];
  return [
    paint(terminal, isMaster ? "bold" : "dim", member.id),
    roleOf(member, isMaster),
    address,
    `${status.position.epoch}:${status.position.offset}`,
    isMaster || head === null ? "-" : String(Math.max(0, head - status.position.offset)),
    status.promise.leader === null ? "-" : `${status.promise.epoch} ${status.promise.leader.id}`,
    isMaster ? leaseOf(member, status.leaseHeld, terminal) : "-",
    stateOf(member, terminal),
    noteOf(member, reign),
  ];
}

function roleOf({ status, voting, sdown }: MemberView, isMaster: boolean): string {
  const role = status?.role ?? "none";
  // What a dead member last said of itself is the past.
  if (sdown) return `was ${role}`;
  if (role === "master" && !isMaster) return "old master";
  if (role === "master" && status?.established === false) return "master, not yet acknowledging";
  return voting ? role : `${role}, observer`;
}

function leaseOf(member: MemberView, held: boolean, terminal: Pick<Terminal, "colours">): string {
  // Its word is old: a lease ends without one.
  if (member.sdown || !member.linkUp) return "?";
  return held ? "held" : paint(terminal, "yellow", "none");
}

function stateOf(member: MemberView, terminal: Pick<Terminal, "colours">): string {
  if (member.sdown) return paint(terminal, "red", `down for ${durationText(member.sdownForMs)}`);
  if (!member.linkUp) return paint(terminal, "yellow", "no link");
  return paint(terminal, "green", "up");
}

function noteOf(member: MemberView, { master, slowMs }: Reign): string {
  const { status, sdown, linkUp } = member;
  if (status?.diskFailing === true) return "its disk fails";
  if (status?.handover) return `handing over to ${status.handover.target}`;
  if (status?.role === "replica" && status.following?.linkUp === false) {
    return `not connected to ${status.following.master}`;
  }
  // All may be up and linked, and heartbeats pass, where the network drops long packets alone.
  const waitedMs = member.id === master && linkUp && !sdown ? (status?.oldestUncommittedMs ?? 0) : 0;
  if (waitedMs > slowMs) return `no write confirmed for ${durationText(waitedMs)}`;
  return member.ineligible ?? backlogOf(status);
}

/** What a member that has restarted still replays: it has the log, so its lag is small, and could not serve yet. */
function backlogOf(status: NodeStatus | null): string {
  if (status === null || hasAppliedItsLog(status)) return "";
  return `replays its log: ${status.position.offset - status.applied} records to go`;
}

function sentinelRows(view: GroupView, context: StatusContext): string[][] {
  const header = ["SENTINEL", "ADDRESS", "VOTED", "MASTER IS", "STATE"];
  const { terminal } = context;
  const own = opinion(view.master === null ? null : view.master.sdown, terminal);
  const state = paint(terminal, "green", "up");
  return [
    dim(header, context),
    ["(asked)", hostPortText(context.asked), String(view.votedEpoch), own, state],
    ...view.sentinels.map((peer) => [
      peer.id,
      hostPortText(peer),
      String(peer.votedEpoch),
      opinion(peer.thinksMasterDown, terminal),
      peerState(peer, terminal),
    ]),
  ];
}

function opinion(down: boolean | null, terminal: Pick<Terminal, "colours">): string {
  if (down === null) return "unknown";
  return down ? paint(terminal, "red", "down") : "up";
}

function peerState(peer: SentinelPeerView, terminal: Pick<Terminal, "colours">): string {
  const heard = `heard ${durationText(peer.sinceLastHeardMs)} ago`;
  if (peer.sdown) return paint(terminal, "red", `down, ${heard}`);
  return peer.linkUp ? paint(terminal, "green", "up") : paint(terminal, "yellow", `no link, ${heard}`);
}

function outlook(view: GroupView, { terminal }: StatusContext): string[] {
  if (view.obstacles.length === 0) return [paint(terminal, "green", "A failover is possible now.")];
  return [
    paint(terminal, "yellow", "No failover is possible now:"),
    ...view.obstacles.map((obstacle) => `  - ${obstacle}`),
    ...wayOut(view),
  ];
}

/** Nobody serves, and by itself that changes only when members come back. Who holds most is named; whether to use it is the operator's to say. */
function wayOut({ odown, failover, standing, master, replicas }: GroupView): string[] {
  if (!odown || failover !== null || standing === null || standing.paused || master?.linkUp === true)
    return [];
  let best: { readonly id: string; readonly position: LogPosition } | null = null;
  for (const { id, linkUp, sdown, voting, status } of replicas) {
    if (!linkUp || sdown || !voting || status === null) continue;
    if (comparePositions(status.position, best?.position ?? EMPTY_POSITION) > 0) {
      best = { id, position: status.position };
    }
  }
  if (best === null) return [];
  return [
    "Start the members that are down: nothing is lost then. If they are gone for good,",
    `\`interrex recover ${best.id} --accept-loss\` goes on without what only they had.`,
  ];
}

function dim(titles: readonly string[], { terminal }: StatusContext): string[] {
  return titles.map((title) => paint(terminal, "dim", title));
}
