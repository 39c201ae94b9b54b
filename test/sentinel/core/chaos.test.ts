import { describe, expect, it } from "vitest";
import type { ElectionRules } from "../../../src/rules/election-rules.ts";
import { Chaos } from "./chaos.ts";
import type { WorldOptions } from "./world.ts";

const ROUNDS = 25;

function run(seed: number, options?: WorldOptions): Chaos {
  const chaos = new Chaos(seed, options);
  chaos.world.until("the first master", () => chaos.world.settled(), 2000);
  for (let round = 0; round < ROUNDS; round++) chaos.round();
  chaos.repairAll();
  chaos.world.until(`seed ${seed}: one master after all is healed (L1)`, () => chaos.world.settled(), 15_000);
  return chaos;
}

describe("random faults: kills, stops, partitions, restarts", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])("seed %i: safe all along, one master at the end", (seed) => {
    const chaos = run(seed);
    expect(chaos.acked.offset).toBeGreaterThan(0);
    expect(chaos.world.view("s1").votedEpoch).toBeLessThan(ROUNDS * 4);
  });

  it.each([21, 22, 23])("seed %i: five of each", (seed) => {
    expect(run(seed, { nodes: 5, sentinels: 5 }).acked.offset).toBeGreaterThan(0);
  });
});

describe("each rule is needed: without it, some seed breaks an invariant", () => {
  const mutants: readonly [string, Partial<ElectionRules>][] = [
    ["sealedEnough takes one seal", { sealedEnough: (count) => count.admitted >= 1 }],
    ["chooseCandidate takes the first by id", { chooseCandidate: (all) => all[0] }],
    ["mayPromoteAnother fences nobody", { mayPromoteAnother: () => true }],
    ["leaseEpoch grants after a vote", { leaseEpoch: (_voted, record) => record }],
    ["leaseMayStandUntilMs owns up to nothing", { leaseMayStandUntilMs: () => 0 }],
    ["isMajority is content with one", { isMajority: (count) => count >= 1 }],
    ["mayVote votes twice in an epoch", { mayVote: (voted, record, asked) => asked >= voted && asked > record }],
  ];
  it.each(mutants)("%s", (_name, rules) => {
    const broken = Array.from({ length: 40 }, (_, seed) => seed + 100).some((seed) => {
      try {
        run(seed, { rules });
        return false;
      } catch {
        return true;
      }
    });
    expect(broken).toBe(true);
  });
});
