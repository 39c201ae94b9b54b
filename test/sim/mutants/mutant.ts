/**
 * What a mutant is: one rule made wrong, or one shell that breaks its word, and where it is looked for. Looks for it,
 * and makes sure that it is the mutant that was found: the same run without it must not show the same violation.
 */
import type { ElectionRules } from "../../../src/rules/election-rules.ts";
import type { ReplicationRules } from "../../../src/rules/replication-rules.ts";
import { runPlan } from "../run-plan.ts";
import type { Simulation, SimulationOptions } from "../simulation.ts";
import { type Plan, planOf } from "../swarm/plan.ts";
import type { Sabotage } from "../world/sabotage.ts";
import { Stage } from "./stage.ts";

export interface WrongParts {
  readonly replicationRules?: Partial<ReplicationRules>;
  readonly electionRules?: Partial<ElectionRules>;
  readonly sabotage?: Sabotage;
}

export interface Mutant extends WrongParts {
  readonly name: string;
  /** Found within a few seeds from `from` on, so that the suite has time for it. */
  readonly isQuick?: boolean;
  /** Where the search begins, to save time; at seed 1 unless told. */
  readonly from?: number;
  /** Written by hand for it, where the swarm's own faults seldom meet. */
  readonly scenario?: { readonly plan: (seed: number) => Plan; readonly script: (stage: Stage) => void };
  /**
   * Another rule guards the same, so that this one alone changes nothing: with the guard off it must be found, and the
   * guard off alone must not show the same.
   */
  readonly masked?: WrongParts & {
    /** Why it can't be seen while the guard is on. */
    readonly why: string;
    readonly votesUnchecked?: boolean;
  };
}

export interface Finding {
  readonly invariant: string;
  readonly seed: number;
  readonly seedsNeeded: number;
}

/** @returns `null` when none of so many seeds shows it. */
export function find(mutant: Mutant, seedsMax: number): Finding | null {
  const from = mutant.from ?? 1;
  for (let seed = from; seed < from + seedsMax; seed++) {
    const invariant = look(mutant, seed);
    if (invariant !== null) return { invariant, seed, seedsNeeded: seed - from + 1 };
  }
  return null;
}

/** @returns the invariant that the mutant breaks with this seed, and that holds without it. */
export function look(mutant: Mutant, seed: number): string | null {
  const plan = planFor(mutant, seed);
  const { violation } = runPlan(plan, optionsOf(mutant));
  if (violation === null) return null;
  const without = runPlan(plan, guardOff(mutant)).violation;
  return without?.invariant === violation.invariant ? null : violation.invariant;
}

export function planFor({ scenario }: Mutant, seed: number): Plan {
  return (scenario?.plan ?? planOf)(seed);
}

/** How a mutant is run, with its guard off if it has one. */
export function optionsOf(mutant: Mutant): SimulationOptions {
  const options = guardOff(mutant);
  return {
    ...options,
    replicationRules: { ...options.replicationRules, ...mutant.replicationRules },
    electionRules: { ...options.electionRules, ...mutant.electionRules },
    sabotage: { ...options.sabotage, ...mutant.sabotage },
  };
}

function guardOff({ masked, scenario }: Mutant): SimulationOptions {
  const { replicationRules = {}, electionRules = {}, sabotage = {}, votesUnchecked = false } = masked ?? {};
  const script = (simulation: Simulation): void => scenario?.script(new Stage(simulation));
  return { replicationRules, electionRules, sabotage, votesUnchecked, script };
}
