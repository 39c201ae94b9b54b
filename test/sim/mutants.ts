/**
 * Rules made wrong, one at a time, to see that the simulator sees. Each names what it breaks. Those that need a rare
 * meeting of faults are kept apart: the suite has no time for them, `npm run sim -- --mutants` has.
 */
import type { Offset } from "../../src/base/ids.ts";
import { chooseCandidate } from "../../src/rules/choose-candidate.ts";
import { type ElectionRules, electionRules } from "../../src/rules/election-rules.ts";
import { compareRecordNumbers } from "../../src/rules/group-record.ts";
import { type ReplicationRules, replicationRules } from "../../src/rules/replication-rules.ts";
import type { Sabotage } from "./simulation.ts";

export interface Mutant {
  readonly name: string;
  /** Where the search begins, to save time; at seed 1 unless told. */
  readonly from?: number;
  /** Why no run has shown a difference: another rule guards the same. Such a one may go unfound. */
  readonly masked?: string;
  readonly replicationRules?: Partial<ReplicationRules>;
  readonly electionRules?: Partial<ElectionRules>;
  readonly sabotage?: Sabotage;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "a write is committed with the master's copy alone",
    replicationRules: {
      committedOffset: ({ ownPersisted, epochStart, committed }) =>
        ownPersisted >= epochStart && ownPersisted > committed ? ownPersisted : committed,
    },
  },
  {
    name: "a write is committed with one copy too few",
    replicationRules: {
      committedOffset: (input) =>
        replicationRules.committedOffset({ ...input, copies: Math.max(1, input.copies - 1) }),
    },
  },
  {
    name: "an old epoch's tail is committed by counting its copies",
    from: 9,
    replicationRules: {
      committedOffset: (input) => replicationRules.committedOffset({ ...input, epochStart: 1 as Offset }),
    },
  },
  {
    name: "an incarnation that is not admitted counts",
    replicationRules: { countsInAcks: () => true },
  },
  {
    name: "a replica applies what is not committed",
    replicationRules: { applicable: (received) => received },
  },
  {
    name: "a promise is given to any leader of any epoch",
    replicationRules: { mayPromise: () => true },
  },
  {
    name: "reads need no confirmation of the reign",
    replicationRules: { leaseHeldUntilMs: () => Number.POSITIVE_INFINITY },
  },
  {
    name: "a lease lasts longer than the sentinels know",
    from: 16,
    replicationRules: { leaseEndsMs: (pongSentMs, downAfterMs) => pongSentMs + 2 * downAfterMs },
  },
  {
    name: "one vote elects",
    electionRules: { isMajority: (count) => count >= 1 },
  },
  {
    name: "another is promoted while the old master may hold its lease",
    from: 81,
    electionRules: { mayPromoteAnother: () => true },
  },
  {
    name: "R is one too small",
    from: 33,
    electionRules: {
      sealedEnough: (count) => electionRules.sealedEnough({ ...count, sealQuorum: count.sealQuorum - 1 }),
      chooseCandidate: (all, wish) => chooseCandidate(all, { ...wish, sealQuorum: wish.sealQuorum - 1 }),
    },
  },
  {
    name: "records are acknowledged before they are synced",
    sabotage: { recordsEarly: true },
  },
  {
    name: "a promise is spoken of before it is durable",
    sabotage: { promiseEarly: true },
  },
  {
    name: "a vote is spoken of before it is durable",
    sabotage: { voteEarly: true },
  },
];

export const RARE_MUTANTS: readonly Mutant[] = [
  {
    name: "the candidate with the greatest offset is chosen, whatever its epoch",
    from: 81,
    electionRules: {
      chooseCandidate: (all, wish) => {
        const longest = Math.max(...all.map(({ position }) => position.offset));
        const pool = all.filter(({ position }) => position.offset === longest);
        return all.length < wish.sealQuorum ? undefined : chooseCandidate(pool, { ...wish, sealQuorum: 1 });
      },
    },
  },
  {
    name: "the candidate with the smallest id is chosen",
    electionRules: {
      chooseCandidate: (all, wish) =>
        all.length < wish.sealQuorum ? undefined : [...all].sort((a, b) => (a.id < b.id ? -1 : 1))[0],
    },
  },
  {
    name: "a sentinel votes again in an epoch",
    masked:
      "whoever hears a leader at work gives no vote, and candidates ask above all epochs that they heard of",
    electionRules: {
      mayVote: (votedEpoch, recordEpoch, asked) => asked >= votedEpoch && asked > recordEpoch,
    },
  },
  {
    name: "a record below the voted epoch is stored",
    masked: "the seals of the newer epoch stop whatever such a record would allow",
    electionRules: {
      mayStore: (_voted, stored, offered) => stored === null || compareRecordNumbers(offered, stored) > 0,
    },
  },
  {
    name: "a sentinel does not own up to the leases that it gave",
    from: 81,
    electionRules: { leaseMayStandUntilMs: () => Number.NEGATIVE_INFINITY },
  },
  {
    name: "a sentinel grants a lease below the epoch that it has voted for",
    electionRules: { leaseEpoch: (_votedEpoch, recordEpoch) => recordEpoch },
  },
  {
    name: "a promotion does not ask whether the log is what was reported",
    masked: "the log of a sealed member does not move",
    replicationRules: {
      mayPromote: (promise, epoch, leader) => replicationRules.mayPromise(promise, epoch, leader),
    },
  },
  {
    name: "a read is confirmed by no round",
    from: 1764,
    replicationRules: { confirmedRound: () => Number.POSITIVE_INFINITY },
  },
  {
    name: "a loss is accepted whoever is missing",
    electionRules: { mayRecover: (survivors) => survivors.filter((one) => one.answers).length > 0 },
  },
  {
    name: "records are appended wherever the offset fits",
    masked: "the handshake of a sync has compared the histories",
    replicationRules: { continuesLog: (last, previous) => last.offset === previous.offset },
  },
];
