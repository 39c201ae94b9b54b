/**
 * Rules that another rule guards as well. Each is made wrong together with its guard: what is then found must be gone
 * when only the guard is off, so that the rule itself is seen to hold.
 */
import { replicationRules } from "../../../src/rules/replication-rules.ts";
import type { Mutant, WrongParts } from "./mutant.ts";
import {
  backFromAnUncommittedTail,
  forcedByRestartedSentinels,
  rebootedSentinels,
  wipedBetweenSealAndPromotion,
} from "./scenarios.ts";
import { plainPlan, plainPlanOf } from "./stage.ts";

/** Earlier leases are forgotten with the process that gave them. */
const FORGETFUL: WrongParts = {
  electionRules: { earlierLeaseMayStandUntilMs: () => Number.NEGATIVE_INFINITY },
};

export const MASKED_MUTANTS: readonly Mutant[] = [
  {
    name: "a lease outlives the link that it came over",
    scenario: { plan: plainPlan, script: forcedByRestartedSentinels },
    replicationRules: { leaseAfterLinkEndsMs: (endsMs) => endsMs },
    masked: { why: "a sentinel owns up to what it has granted, over whichever link", ...FORGETFUL },
  },
  {
    name: "a sentinel just started takes silence for evidence",
    scenario: { plan: plainPlan, script: rebootedSentinels },
    electionRules: {
      isSilent: (sincePongMs, _runningForMs, downAfterMs) =>
        sincePongMs === null || sincePongMs >= downAfterMs,
    },
    masked: { why: "it owns up to leases that an earlier life may have given", ...FORGETFUL },
  },
  {
    name: "a promotion does not ask whether the log is what was reported",
    scenario: { plan: plainPlan, script: wipedBetweenSealAndPromotion },
    replicationRules: {
      mayPromote: (promise, epoch, leader) => replicationRules.mayPromise(promise, epoch, leader),
    },
    masked: {
      why: "a sealed log does not move, and a seal counts only while the same process is linked",
      electionRules: { isSameProcess: () => true },
    },
  },
  {
    name: "records are appended wherever the offset fits",
    replicationRules: { continuesLog: (last, previous) => last.offset === previous.offset },
    masked: {
      why: "the handshake of a sync has compared the histories",
      replicationRules: {
        partingPoint: (a, b) => {
          const shorter = a.lastOffset < b.lastOffset ? a : b;
          const start = shorter.history.at(-1);
          return { epoch: start?.epoch ?? (0 as never), offset: shorter.lastOffset };
        },
      },
    },
  },
  {
    name: "acks of an earlier epoch count",
    scenario: { plan: (seed) => plainPlanOf(5, seed), script: backFromAnUncommittedTail },
    replicationRules: { countsAck: () => true },
    masked: {
      why: "a link keeps its order, and a replica asks anew in each epoch before it acknowledges",
      sabotage: { repeatsAcks: true },
    },
  },
  {
    name: "a sentinel votes again in an epoch",
    electionRules: {
      mayVote: (votedEpoch, recordEpoch, asked) => asked >= votedEpoch && asked > recordEpoch,
    },
    masked: {
      why: "whoever hears a leader at work gives no vote, and candidates ask above all epochs that they heard of",
      electionRules: { isAtWork: () => false },
    },
  },
  {
    name: "a second leader of an epoch is obeyed",
    replicationRules: { mayPromise: (promise, epoch) => epoch >= promise.epoch },
    masked: {
      why: "no sentinel votes twice in an epoch",
      electionRules: {
        isAtWork: () => false,
        mayVote: (votedEpoch, recordEpoch, asked) => asked >= votedEpoch && asked > recordEpoch,
      },
      votesUnchecked: true,
    },
  },
];
