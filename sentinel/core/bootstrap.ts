/**
 * The first record of a group: only where no sentinel holds one, and all nodes are empty or an operator names
 * whose data counts. Computes; the elected leader writes it.
 */
import type { Epoch, GroupId, MemberId, Millis } from "../../src/base/ids.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import type { GroupRecord, MemberRecord } from "../../src/rules/group-record.ts";
import { defaultCopies } from "../../src/rules/quorums.ts";
import type { GroupNode } from "./core-config.ts";
import { currentStatus, type GroupContext, selfAsLeader } from "./group-context.ts";

/** Why the first record can't be minted now, in words; empty when it can. */
export function bootstrapObstacles(context: GroupContext, nowMs: Millis): string[] {
  const nodes = context.config.nodes.flatMap((node) => {
    const status = currentStatus(context, node.id);
    if (status === null) return [`${node.id} has not answered yet: all nodes must, before the first record`];
    const { position, groupId } = status;
    if (context.rules.mayBeFounder({ offset: position.offset, groupId })) return [];
    if (position.offset > 0) {
      return [
        `${node.id} holds data (log position ${position.epoch}:${position.offset}), ` +
          `but no sentinel has a record of this group: \`interrex adopt ${node.id}\` if its data counts`,
      ];
    }
    return [`${node.id} belongs to group ${groupId}, of which no sentinel knows`];
  });
  return [...unrecordedObstacles(context, nowMs), ...nodes, ...voterObstacles(context)];
}

/** Why no member's data can be adopted now, in words; empty when it can. */
export function adoptObstacles(context: GroupContext, nowMs: Millis): string[] {
  return [...unrecordedObstacles(context, nowMs), ...voterObstacles(context)];
}

/** A record that no write could ever satisfy is not minted: nobody could change it any more. */
function voterObstacles({ config, watches }: GroupContext): string[] {
  const voters = config.nodes.filter((node) => votes(node, watches.get(node.id)?.status ?? null)).length;
  if (voters === 0) return ["all nodes are observers: at least one must vote"];
  const { copies } = config.replication;
  if (copies === null || copies <= voters) return [];
  const nodes = voters === 1 ? "1 node votes" : `${voters} nodes vote`;
  return [`copies is ${copies}, but only ${nodes}: no write could ever be acknowledged`];
}

/** Whether a node of the first record votes: what sentinel.yaml says of it, else what it says of itself. */
export function votes(node: GroupNode, status: NodeStatus | null): boolean {
  return node.voting ?? status?.voting ?? true;
}

/** A first record may be minted only once all sentinels have said, from durable state, that they hold none. */
function unrecordedObstacles(context: GroupContext, nowMs: Millis): string[] {
  if (context.ledger.stored !== null) return ["there is a record of this group already"];
  if (context.ledger.blank) return [`${context.self.id} has not heard every other sentinel yet`];
  return context.peers.all.flatMap((peer) => {
    const report = peer.report(context.config.name, nowMs);
    if (report === null)
      return [`sentinel ${peer.id} has not answered yet: all must, before the first record`];
    if (report.blank) return [`sentinel ${peer.id} has not heard every other sentinel yet`];
    const knows = report.stored !== null || report.learnt !== null;
    return knows ? [`sentinel ${peer.id} has a record of this group`] : [];
  });
}

/**
 * The first record, without a master yet.
 *
 * @param adopted the member whose data counts; `null` when all are empty and all are admitted.
 */
export function firstRecord(context: GroupContext, epoch: Epoch, adopted: MemberId | null): GroupRecord {
  const { config } = context;
  const members = config.nodes.map((node) =>
    firstMember(node, context.watches.get(node.id)?.status ?? null, adopted),
  );
  const voters = members.filter((member) => member.voting).length;
  const keeps = adopted === null ? null : (context.watches.get(adopted)?.status?.groupId ?? null);
  return {
    name: config.name,
    groupId: keeps ?? mintGroupId(context),
    number: { epoch, seq: 0 },
    steward: selfAsLeader(context),
    master: null,
    members,
    mode: config.replication.mode,
    copies: config.replication.copies ?? defaultCopies(config.replication.mode, voters),
    paused: false,
  };
}

function firstMember(node: GroupNode, status: NodeStatus | null, adopted: MemberId | null): MemberRecord {
  return {
    id: node.id,
    url: node.url,
    client: status?.client ?? { host: "", port: 0 },
    incarnation: status?.incarnation ?? null,
    admitted: status !== null && (adopted === null || adopted === node.id),
    voting: votes(node, status),
    priority: node.priority ?? status?.priority ?? 100,
    zone: node.zone ?? status?.zone ?? "",
  };
}

/** Unlike any other: the start id is random for each process, the rest tells its groups apart. */
function mintGroupId(context: GroupContext): GroupId {
  const suffix = context.randomness.below(0x100000000).toString(16).padStart(8, "0");
  return `${context.self.startId}-${suffix}` as GroupId;
}
