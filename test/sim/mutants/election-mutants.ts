/** The sentinels' rules, each made wrong in one way. */
import { chooseCandidate } from "../../../src/rules/choose-candidate.ts";
import { electionRules } from "../../../src/rules/election-rules.ts";
import { compareRecordNumbers } from "../../../src/rules/group-record.ts";
import type { Mutant } from "./mutant.ts";
import {
  allButOneEmpty,
  broughtUpByAnOldMaster,
  forcedBesideACutOffMaster,
  forcedByALeaderCutOffFromTheMaster,
  oldCopyBesideDeadMaster,
  recordOvertakenByAVote,
  wipedBesideDeadMaster,
  wipedMajority,
} from "./scenarios.ts";
import { beyondPlan, plainPlan } from "./stage.ts";

export const ELECTION_MUTANTS: readonly Mutant[] = [
  {
    name: "one vote elects",
    isQuick: true,
    electionRules: { isMajority: (count) => count >= 1 },
  },
  {
    name: "another is promoted while the old master may hold its lease",
    scenario: { plan: plainPlan, script: forcedBesideACutOffMaster },
    isQuick: true,
    electionRules: { mayPromoteAnother: () => true },
  },
  {
    name: "R is one too small",
    isQuick: true,
    electionRules: {
      sealedEnough: (count) => electionRules.sealedEnough({ ...count, sealQuorum: count.sealQuorum - 1 }),
      chooseCandidate: (all, wish) => chooseCandidate(all, { ...wish, coverQuorum: wish.coverQuorum - 1 }),
    },
  },
  {
    name: "an incarnation that is not admitted is counted among the sealed",
    scenario: { plan: plainPlan, script: wipedBesideDeadMaster },
    electionRules: { countsInSeals: () => true },
  },
  {
    name: "an older copy of a member's directory counts as if nothing were missing",
    isQuick: true,
    scenario: { plan: plainPlan, script: oldCopyBesideDeadMaster },
    electionRules: { hasGoneBack: () => false },
  },
  {
    name: "a master of an earlier reign says who has caught up",
    scenario: { plan: plainPlan, script: broughtUpByAnOldMaster },
    electionRules: { mayVouch: (_record, { role }) => role === "master" },
  },
  {
    name: "the candidate with the greatest offset is chosen, whatever its epoch",
    electionRules: {
      chooseCandidate: (all, wish) => {
        const longest = Math.max(...all.map(({ position }) => position.offset));
        const pool = all.filter(({ position }) => position.offset === longest);
        return chooseCandidate(pool, { ...wish, coverQuorum: 1 });
      },
    },
  },
  {
    name: "the candidate with the smallest id is chosen",
    electionRules: {
      chooseCandidate: (all) => [...all].sort((a, b) => (a.id < b.id ? -1 : 1))[0],
    },
  },
  {
    name: "a node is empty, so the first record is made, whatever the others hold",
    isQuick: true,
    scenario: { plan: plainPlan, script: allButOneEmpty },
    electionRules: { mayBeFounder: () => true },
  },
  {
    name: "a record below the voted epoch is stored",
    isQuick: true,
    scenario: { plan: plainPlan, script: recordOvertakenByAVote },
    electionRules: {
      mayStore: (_voted, stored, offered) => stored === null || compareRecordNumbers(offered, stored) > 0,
    },
  },
  {
    name: "a sentinel answers clients from an older record than before",
    electionRules: { mayStand: () => true },
  },
  {
    name: "a sentinel does not own up to the leases that it gave",
    isQuick: true,
    scenario: { plan: plainPlan, script: forcedBesideACutOffMaster },
    electionRules: { leaseMayStandUntilMs: () => Number.NEGATIVE_INFINITY },
  },
  {
    name: "a sentinel grants a lease below the epoch that it has voted for",
    isQuick: true,
    scenario: { plan: plainPlan, script: forcedByALeaderCutOffFromTheMaster },
    electionRules: { leaseEpoch: (_votedEpoch, recordEpoch) => recordEpoch },
  },
  {
    name: "sentinels that lost their state take part again, however many they are",
    isQuick: true,
    scenario: { plan: beyondPlan, script: wipedMajority },
    electionRules: { mayTakePart: () => true },
  },
  {
    name: "a loss is accepted whoever is missing",
    electionRules: { mayRecover: (survivors) => survivors.filter((one) => one.answers).length > 0 },
  },
];
