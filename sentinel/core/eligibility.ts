/** Who could be promoted, and why nobody can be, in words, member by member. Reads; changes nothing. */

import type { MemberId } from "../../src/base/ids.ts";
import type { ElectionRules, SurvivorFacts } from "../../src/rules/election-rules.ts";
import { type GroupRecord, type MemberRecord, votingMembers } from "../../src/rules/group-record.ts";
import { majority, sealQuorum } from "../../src/rules/quorums.ts";
import { bootstrapObstacles } from "./bootstrap.ts";
import { heldBefore } from "./gone-back.ts";
import { currentStatus, type GroupContext, isMasterOf } from "./group-context.ts";
import type { MemberWatch } from "./member-watch.ts";

/** `null` when it could be promoted now. */
export function whyIneligible(
  rules: ElectionRules,
  record: GroupRecord,
  member: MemberRecord,
  watch: MemberWatch | undefined,
): string | null {
  if (!member.voting) return "is an observer: it is never promoted";
  if (watch === undefined || watch.link === null) return "has no link to this sentinel";
  if (watch.down !== null) return `is held down, by ${watch.down.cause}`;
  const status = watch.current;
  if (status === null) return "is linked, but has not said anything yet";
  // One that has not kept any id yet is known by its incarnation: it was empty at bootstrap.
  if (status.groupId !== null && status.groupId !== record.groupId)
    return `belongs to group ${status.groupId}`;
  if (!rules.countsInSeals(record, member.id, status.incarnation)) {
    return status.doubtfulByReboot
      ? "has rebooted without appendfsync always: what it holds is in doubt until it has caught up"
      : "has lost its state and has not been recorded as caught up";
  }
  const held = heldBefore(record, watch);
  if (held !== null) {
    return `holds ${status.position.offset} records, and held ${held} that were committed: an older copy of its directory is in use; it counts again once it has caught up`;
  }
  return null;
}

/** Whether enough members answer for a failover that loses nothing, or for the recovery after a power cut. */
export function canChoose(context: GroupContext, record: GroupRecord): boolean {
  return (
    isEnough(context, record, present(context, record, null)) ||
    context.rules.mayRecover(survivors(context, record))
  );
}

interface Present {
  /** Voting members that could be promoted, and so can be counted on for what was acknowledged. */
  readonly eligible: number;
  readonly answering: number;
  /** Why each other one can't be counted. */
  readonly reasons: readonly string[];
}

/** @param lost counted as if it were gone. */
function present(context: GroupContext, record: GroupRecord, lost: MemberId | null): Present {
  const voters = votingMembers(record).filter(({ id }) => id !== lost);
  const reasons = voters.flatMap((member) => {
    const why = whyIneligible(context.rules, record, member, context.watches.get(member.id));
    return why === null ? [] : [`${member.id} ${why}`];
  });
  const answering = voters.filter((member) => context.watches.get(member.id)?.answers === true).length;
  return { eligible: voters.length - reasons.length, answering, reasons };
}

function isEnough(context: GroupContext, record: GroupRecord, { eligible, answering }: Present): boolean {
  return context.rules.sealedEnough({
    admitted: eligible,
    voting: answering,
    sealQuorum: sealQuorum(record.mode, votingMembers(record).length, record.copies),
    copies: record.copies,
  });
}

/** Every voting member as it answers now. */
export function survivors(context: GroupContext, record: GroupRecord): SurvivorFacts[] {
  return votingMembers(record).map((member) => {
    const watch = context.watches.get(member.id);
    const status = watch?.answers === true ? watch.current : null;
    const counts = status !== null && context.rules.countsInSeals(record, member.id, status.incarnation);
    const admitted = counts && heldBefore(record, watch) === null;
    return {
      answers: status !== null,
      sameGroup: status?.groupId === record.groupId || (admitted && status?.groupId === null),
      admitted,
      doubtfulByReboot: status?.doubtfulByReboot === true,
    };
  });
}

/** Why nobody can be elected now; empty when it can. A master that answers may be chosen again, and counts. */
export function obstacles(context: GroupContext, nowMs: number): string[] {
  return obstaclesWithout(context, null, majority(context.sentinels), nowMs);
}

/**
 * Why there would be no failover if the master failed now; empty when there would. So a master that serves is none of those who could go on
 * without it, and so many sentinels as must agree that it is down are needed.
 */
export function failoverObstacles(context: GroupContext, nowMs: number): string[] {
  const { ledger, config, sentinels } = context;
  const record = ledger.stored;
  if (record?.master == null) return obstacles(context, nowMs);
  const status = currentStatus(context, record.master);
  const serves = status?.established === true && isMasterOf(record, status);
  const needed = Math.max(majority(sentinels), config.quorum);
  return obstaclesWithout(context, serves ? record.master : null, needed, nowMs);
}

function obstaclesWithout(
  context: GroupContext,
  lost: MemberId | null,
  sentinelsNeeded: number,
  nowMs: number,
): string[] {
  const { ledger, sentinels } = context;
  const lines: string[] = [];
  if (ledger.blank) {
    lines.push(
      `${context.self.id} started without state: it takes part once every other sentinel has told its voted epoch`,
    );
    for (const peer of context.peers.all) {
      const report = peer.report(context.config.name, nowMs);
      if (report === null) lines.push(`${context.self.id} does not hear sentinel ${peer.id}`);
      else if (report.blank) lines.push(`sentinel ${peer.id} started without state, too`);
    }
  }
  const heard = 1 + context.peers.all.filter((peer) => peer.isHeard(nowMs)).length;
  if (heard < sentinelsNeeded) {
    lines.push(`hears ${heard} of ${sentinels} sentinels, itself included; ${sentinelsNeeded} are needed`);
  }
  const record = ledger.stored;
  if (record === null) {
    return [...lines, ...bootstrapObstacles(context, nowMs)];
  }
  if (record.paused) lines.push("is paused by an operator: no automatic failover until `interrex resume`");
  if (!canChoose(context, record)) lines.push(...shortage(context, record, null));
  else if (lost !== null) lines.push(...shortage(context, record, lost));
  return lines;
}

/** Empty when there are enough. */
function shortage(context: GroupContext, record: GroupRecord, lost: MemberId | null): string[] {
  const there = present(context, record, lost);
  if (isEnough(context, record, there)) return [];
  const voters = votingMembers(record).length;
  const quorum = sealQuorum(record.mode, voters, record.copies);
  const lead = lost === null ? "" : `without its master ${lost} the group `;
  const lines: string[] = [];
  if (there.eligible < quorum) {
    lines.push(
      `${lead}needs ${quorum} admitted of ${voters} voting members to choose from; ${there.eligible} can be counted`,
    );
  }
  if (there.answering < record.copies) {
    lines.push(
      `${lead}needs ${record.copies} of ${voters} voting members for its writes; ${there.answering} answer`,
    );
  }
  return [...lines, ...there.reasons];
}
