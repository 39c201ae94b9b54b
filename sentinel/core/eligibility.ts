/** Who could be promoted, and why nobody can be, in words, member by member. Reads; changes nothing. */

import type { ElectionRules, SurvivorFacts } from "../../src/rules/election-rules.ts";
import { type GroupRecord, type MemberRecord, votingMembers } from "../../src/rules/group-record.ts";
import { majority, sealQuorum } from "../../src/rules/quorums.ts";
import { bootstrapObstacles } from "./bootstrap.ts";
import type { GroupContext } from "./group-context.ts";
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
  return null;
}

/** Whether enough members answer for a failover that loses nothing, or for the recovery after a power cut. */
export function canChoose(context: GroupContext, record: GroupRecord): boolean {
  const voters = votingMembers(record);
  const eligible = voters.filter(
    (member) => whyIneligible(context.rules, record, member, context.watches.get(member.id)) === null,
  ).length;
  const answering = voters.filter((member) => context.watches.get(member.id)?.answers === true).length;
  const enough = context.rules.sealedEnough({
    admitted: eligible,
    voting: answering,
    sealQuorum: sealQuorum(record.mode, voters.length, record.copies),
    copies: record.copies,
  });
  return enough || context.rules.mayRecover(survivors(context, record));
}

/** Every voting member as it answers now. */
export function survivors(context: GroupContext, record: GroupRecord): SurvivorFacts[] {
  return votingMembers(record).map((member) => {
    const watch = context.watches.get(member.id);
    const status = watch?.answers === true ? watch.current : null;
    const admitted = status !== null && context.rules.countsInSeals(record, member.id, status.incarnation);
    return {
      answers: status !== null,
      sameGroup: status?.groupId === record.groupId || (admitted && status?.groupId === null),
      admitted,
      doubtfulByReboot: status?.doubtfulByReboot === true,
    };
  });
}

/** Why no failover is possible now; empty when it is. */
export function obstacles(context: GroupContext, nowMs: number): string[] {
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
  if (heard < majority(sentinels)) {
    lines.push(
      `hears ${heard} of ${sentinels} sentinels, itself included; ${majority(sentinels)} are needed`,
    );
  }
  const record = ledger.stored;
  if (record === null) {
    return [...lines, ...bootstrapObstacles(context, nowMs)];
  }
  if (record.paused) lines.push("is paused by an operator: no automatic failover until `interrex resume`");
  if (!canChoose(context, record)) lines.push(...shortage(context, record));
  return lines;
}

function shortage(context: GroupContext, record: GroupRecord): string[] {
  const voters = votingMembers(record);
  const quorum = sealQuorum(record.mode, voters.length, record.copies);
  const reasons = voters.flatMap((member) => {
    const why = whyIneligible(context.rules, record, member, context.watches.get(member.id));
    return why === null ? [] : [`${member.id} ${why}`];
  });
  return [
    `needs ${quorum} admitted of ${voters.length} voting members (${record.copies} answering); ` +
      `${voters.length - reasons.length} can be counted`,
    ...reasons,
  ];
}
