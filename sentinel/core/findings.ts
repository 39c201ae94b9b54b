/** What this sentinel finds true for itself of one group: the reasons on which it would vote. Changes nothing. */
import type { MemberId, Millis } from "../../src/base/ids.ts";
import { type GroupRecord, isAdmitted, type Leader, votingMembers } from "../../src/rules/group-record.ts";
import { comparePositions } from "../../src/rules/log-position.ts";
import { sealQuorum } from "../../src/rules/quorums.ts";
import type { VoteReason } from "../../src/rules/vote-reason.ts";
import { bootstrapObstacles } from "./bootstrap.ts";
import { currentStatus, type GroupContext, isMasterOf, isSelf } from "./group-context.ts";
import { LEADER_SILENCE_MS, STEWARD_SILENCE_MS } from "./timing.ts";

/** In the order in which a candidate would ask. Never the reasons that rest on an operator's word. */
export function findReasons(context: GroupContext, nowMs: Millis): VoteReason[] {
  const record = context.ledger.stored;
  if (context.ledger.blank) return [];
  if (record === null) return bootstrapObstacles(context, nowMs).length === 0 ? ["bootstrap"] : [];
  const reasons: VoteReason[] = [];
  if (isDown(context, record)) reasons.push("down");
  if (hasNoMaster(context, record, nowMs)) reasons.push("no-master");
  if (isBrokenReign(context, record, nowMs)) reasons.push("broken-reign");
  if (isStalled(context, record, nowMs)) reasons.push("stalled");
  if (isHandedOver(context, record)) reasons.push("planned");
  if (isStewardGone(context, record.steward, nowMs) || isStewardBlind(context, record, nowMs)) {
    reasons.push("reconfigure");
  }
  return reasons;
}

function isDown(context: GroupContext, record: GroupRecord): boolean {
  return record.master !== null && (context.watches.get(record.master)?.down ?? null) !== null;
}

function hasNoMaster(context: GroupContext, record: GroupRecord, nowMs: Millis): boolean {
  const { ledger, masterProcess, config } = context;
  const settled = nowMs - ledger.epochSinceMs >= LEADER_SILENCE_MS;
  if (record.master === null) return settled;
  if (masterProcess.isGone(record.number.epoch, config.downAfterMs, nowMs)) return true;
  // The role may still be on its way to the new master, so its denial counts only after a while.
  const watch = context.watches.get(record.master);
  const status = currentStatus(context, record.master);
  if (!settled || status === null || watch?.statusAtMs == null) return false;
  return (
    watch.statusAtMs - ledger.epochSinceMs >= LEADER_SILENCE_MS &&
    !isMasterOf(record, status) &&
    status.promise.epoch <= record.number.epoch
  );
}

function isBrokenReign(context: GroupContext, record: GroupRecord, nowMs: Millis): boolean {
  const { epoch } = record.number;
  if (!isSomebodyAbove(context, record, nowMs)) return false;
  return !context.signs.atWork(epoch, null, nowMs);
}

function isSomebodyAbove(context: GroupContext, record: GroupRecord, nowMs: Millis): boolean {
  const { epoch } = record.number;
  if (context.ledger.votedEpoch > epoch) return true;
  for (const peer of context.peers.all) {
    if ((peer.report(context.config.name, nowMs)?.votedEpoch ?? 0) > epoch) return true;
  }
  return votingMembers(record).some(({ id }) => {
    const status = currentStatus(context, id);
    return status !== null && status.promise.epoch > epoch && isAdmitted(record, id, status.incarnation);
  });
}

function isStalled(context: GroupContext, record: GroupRecord, nowMs: Millis): boolean {
  const master = record.master === null ? null : currentStatus(context, record.master);
  if (master === null || !isMasterOf(record, master)) return false;
  const { stallAfterMs } = context.config;
  const voters = votingMembers(record);
  // Where the choice may fall on another failing disk, each reign gets its time: else the role would go round and round.
  const isAlone = voters.every(
    ({ id }) => id === master.id || currentStatus(context, id)?.diskFailing !== true,
  );
  const mayGo = isAlone || nowMs - context.ledger.epochSinceMs >= stallAfterMs;
  if (!(master.diskFailing && mayGo) && master.oldestUncommittedMs <= stallAfterMs) return false;
  const sees = new Map<MemberId, readonly MemberId[]>();
  let isMatched = false;
  for (const member of voters) {
    const status = currentStatus(context, member.id);
    if (member.id === record.master || status === null || status.diskFailing) continue;
    if (!isAdmitted(record, member.id, status.incarnation)) continue;
    sees.set(member.id, status.sees);
    if (comparePositions(status.position, master.position) >= 0) isMatched = true;
  }
  // In async what it has acknowledged may be nowhere else. It can still send that, and is elected again before it has.
  if (record.mode === "async" && master.diskFailing && !isMatched) return false;
  const needed = Math.max(sealQuorum(record.mode, voters.length, record.copies), record.copies);
  return context.rules.seeEachOther(sees, needed);
}

function isHandedOver(context: GroupContext, record: GroupRecord): boolean {
  const master = record.master === null ? null : currentStatus(context, record.master);
  return master !== null && isMasterOf(record, master) && master.handover?.ready === true;
}

/** It alone does not see the master, who knows which members have caught up: nobody would be admitted any more. */
function isStewardBlind(context: GroupContext, record: GroupRecord, nowMs: Millis): boolean {
  const { master, steward } = record;
  const report = context.peers.byId(steward.id)?.report(context.config.name, nowMs);
  if (master === null || report?.master !== master || !report.finds.includes("down")) return false;
  return context.watches.get(master)?.answers === true;
}

/** Stewardship ends with the process; a silent one counts as gone only after a while. */
export function isStewardGone(context: GroupContext, steward: Leader, nowMs: Millis): boolean {
  if (steward.id === context.self.id) return !isSelf(context, steward);
  const peer = context.peers.byId(steward.id);
  if (peer === undefined) return true;
  if (peer.startId !== null && peer.startId !== steward.startId) return true;
  return !peer.isHeard(nowMs) && nowMs - context.self.startedAtMs >= STEWARD_SILENCE_MS;
}
