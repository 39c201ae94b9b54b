/** The simulator must see: each rule made wrong is found within a few seeds. */
import { expect, it } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { runPlan } from "./run-plan.ts";
import { planOf } from "./swarm/plan.ts";

const SEEDS_MAX = 60;

it.each(MUTANTS)("$name: found", { timeout: 120_000 }, ({ name: _, from, ...options }) => {
  const finds = (seed: number): boolean => runPlan(planOf(seed), options).violation !== null;
  const found = Array.from({ length: SEEDS_MAX }, (_, i) => (from ?? 1) + i).find(finds);
  expect(found).toBeDefined();
});
