/** The voter's side: whether this sentinel would vote for a candidate, and what it says with its vote. */
import { unreachable } from "../../src/base/errors.ts";
import type { Epoch, Millis, SentinelId, StartId } from "../../src/base/ids.ts";
import type { LeaseLeft } from "../../src/protocol/peer/sentinel-messages.ts";
import type { GroupRecord } from "../../src/rules/group-record.ts";
import { isHeldByPause, type VoteReason } from "../../src/rules/vote-reason.ts";
import { adoptObstacles } from "./bootstrap.ts";
import { findReasons } from "./findings.ts";
import type { GroupContext } from "./group-context.ts";

/** What a vote tells beside yes: the newest record, leases that may stand, processes that are dead. */
export interface Testimony {
  readonly record: GroupRecord | null;
  readonly leases: readonly LeaseLeft[];
  readonly dead: readonly StartId[];
}

/**
 * Why this sentinel would not vote for `candidate`, in words; `null` when it would.
 *
 * @param leading the epoch that this sentinel itself leads, if any.
 */
export function whyNotVote(
  context: GroupContext,
  candidate: SentinelId,
  asked: { readonly epoch: Epoch; readonly reason: VoteReason },
  leading: Epoch | null,
  nowMs: Millis,
): string | null {
  const { ledger } = context;
  if (ledger.blank) return "lost its state, and has not heard every other sentinel yet";
  if (!ledger.mayVote(asked.epoch)) {
    return `has voted in epoch ${ledger.votedEpoch} and holds a record of epoch ${ledger.storedEpoch}`;
  }
  if (leading !== null) return `leads epoch ${leading} itself`;
  if (context.signs.atWork(ledger.storedEpoch, candidate, nowMs)) return "hears another leader at work";
  if (isHeldBack(context, asked.reason)) return "the group is paused";
  return findsTrue(context, asked.reason, nowMs) ? null : `does not find "${asked.reason}" true`;
}

function findsTrue(context: GroupContext, reason: VoteReason, nowMs: Millis): boolean {
  switch (reason) {
    case "forced":
    case "recover":
      return context.ledger.stored !== null;
    case "adopt":
      return adoptObstacles(context, nowMs).length === 0;
    case "down":
    case "no-master":
    case "broken-reign":
    case "stalled":
      return findReasons(context, nowMs).some((found) => isTrouble(found) && !isHeldBack(context, found));
    case "planned":
    case "reconfigure":
    case "bootstrap":
      return findReasons(context, nowMs).includes(reason);
    default:
      return unreachable(reason);
  }
}

/**
 * That the master serves nobody. Where the network is cut in parts, one sentinel finds it down and another one stalled;
 * each denying the other's word, there would never be a majority for what both of them want.
 */
function isTrouble(reason: VoteReason): boolean {
  return reason === "down" || reason === "no-master" || reason === "broken-reign" || reason === "stalled";
}

function isHeldBack(context: GroupContext, reason: VoteReason): boolean {
  return context.ledger.stored?.paused === true && isHeldByPause(reason);
}

/** Taken when the vote is given: from then on no lease is granted below its epoch. */
export function testify(context: GroupContext, nowMs: Millis): Testimony {
  return {
    record: context.ledger.stored,
    leases: context.leases.left(nowMs),
    dead: [...context.watches.values()].flatMap((watch) => watch.dead),
  };
}
