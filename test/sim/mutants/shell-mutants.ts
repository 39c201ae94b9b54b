/** Shells that break their word to a core: about what is durable, what was seen, what a link brings. */

import type { Mutant } from "./mutant.ts";
import { aloneWithItsClients, keysThatExpire } from "./scenarios.ts";
import { crowdedPlan, plainPlan } from "./stage.ts";

export const SHELL_MUTANTS: readonly Mutant[] = [
  {
    name: "records are acknowledged before they are synced",
    isQuick: true,
    sabotage: { recordsEarly: true },
  },
  {
    name: "a promise is spoken of before it is durable",
    isQuick: true,
    sabotage: { promiseEarly: true },
  },
  {
    name: "a vote is spoken of before it is durable",
    isQuick: true,
    sabotage: { voteEarly: true },
  },
  {
    name: "a reply does not wait for the records that it saw",
    isQuick: true,
    scenario: { plan: crowdedPlan, script: aloneWithItsClients },
    sabotage: { repliesAtOnce: true },
  },
  {
    name: "a replica decides that a key has expired",
    isQuick: true,
    scenario: { plan: plainPlan, script: keysThatExpire },
    sabotage: { replicasExpire: true },
  },
  {
    name: "a full sync discards the old state before the new one is there",
    sabotage: { discardsBeforeFullSync: true },
  },
];
