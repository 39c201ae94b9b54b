/** The data node's rules, each made wrong in one way. */
import type { Offset } from "../../../src/base/ids.ts";
import { replicationRules } from "../../../src/rules/replication-rules.ts";
import type { Mutant } from "./mutant.ts";
import { hiddenFromTheSentinels, latePings } from "./scenarios.ts";
import { crowdedPlan, plainPlan } from "./stage.ts";

export const REPLICATION_MUTANTS: readonly Mutant[] = [
  {
    name: "a write is committed with the master's copy alone",
    isQuick: true,
    replicationRules: {
      committedOffset: ({ ownPersisted, epochStart, committed }) =>
        ownPersisted >= epochStart && ownPersisted > committed ? ownPersisted : committed,
    },
  },
  {
    name: "a write is committed with one copy too few",
    isQuick: true,
    replicationRules: {
      committedOffset: (input) =>
        replicationRules.committedOffset({ ...input, copies: Math.max(1, input.copies - 1) }),
    },
  },
  {
    name: "with too few replicas the master goes on in async, and says nothing",
    isQuick: true,
    replicationRules: {
      committedOffset: (input) =>
        replicationRules.committedOffset({ ...input, copies: Math.min(input.copies, 1 + input.acks.length) }),
    },
  },
  {
    name: "an old epoch's tail is committed by counting its copies",
    isQuick: true,
    replicationRules: {
      committedOffset: (input) => replicationRules.committedOffset({ ...input, epochStart: 1 as Offset }),
    },
  },
  {
    name: "an incarnation that is not admitted counts",
    isQuick: true,
    replicationRules: { countsInAcks: () => true },
  },
  {
    name: "a replica applies what is not committed",
    isQuick: true,
    replicationRules: { applicable: (received) => received },
  },
  {
    name: "a sealed member goes on in its old role",
    isQuick: true,
    replicationRules: { mayActIn: () => true },
  },
  {
    name: "a promise is given to any leader of any epoch",
    isQuick: true,
    replicationRules: { mayPromise: () => true },
  },
  {
    name: "a reign acknowledges before it is recorded",
    isQuick: true,
    replicationRules: { mayServe: (reign) => replicationRules.mayServe({ ...reign, recorded: true }) },
  },
  {
    name: "a log is cut one record below where it parts from the master's",
    isQuick: true,
    replicationRules: {
      partingPoint: (a, b) => {
        const { epoch, offset } = replicationRules.partingPoint(a, b);
        const isInside = a.history.some((start) => start.epoch === epoch && start.firstOffset < offset);
        return isInside ? { epoch, offset: (offset - 1) as Offset } : { epoch, offset };
      },
    },
  },
  {
    name: "reads need no confirmation of the reign",
    isQuick: true,
    replicationRules: { leaseHeldUntilMs: () => Number.POSITIVE_INFINITY },
  },
  {
    name: "a lease lasts longer than the sentinels know",
    isQuick: true,
    replicationRules: { leaseEndsMs: (pongSentMs, downAfterMs) => pongSentMs + 2 * downAfterMs },
  },
  {
    name: "a lease is counted from when its ping was heard",
    isQuick: true,
    scenario: { plan: plainPlan, script: latePings },
    replicationRules: {
      leaseEndsMs: (_pongSentMs, downAfterMs, pingHeardMs) =>
        replicationRules.leaseEndsMs(pingHeardMs, downAfterMs, pingHeardMs),
    },
  },
  {
    name: "a read is confirmed by no round",
    isQuick: true,
    scenario: { plan: crowdedPlan, script: hiddenFromTheSentinels },
    replicationRules: { confirmedRound: () => Number.POSITIVE_INFINITY },
  },
];
