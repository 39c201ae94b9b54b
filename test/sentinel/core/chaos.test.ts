import { describe, expect, it } from "vitest";
import type { Epoch, SentinelId } from "../../../src/base/ids.ts";
import type { ElectionRules } from "../../../src/rules/election-rules.ts";
import { Chaos } from "./chaos.ts";
import { settledWorld } from "./world.ts";
import type { WorldOptions } from "./world-config.ts";

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
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    "seed %i: safe all along, one master at the end",
    (seed) => {
      const chaos = run(seed);
      expect(chaos.acked.offset).toBeGreaterThan(0);
      expect(chaos.world.view("s1").votedEpoch).toBeLessThan(ROUNDS * 4);
    },
  );

  it.each([21, 22, 23])("seed %i: five of each", (seed) => {
    expect(run(seed, { nodes: 5, sentinels: 5 }).acked.offset).toBeGreaterThan(0);
  });
});

describe("each rule is needed: without it, an invariant breaks", () => {
  const mutants: readonly [string, Partial<ElectionRules>][] = [
    ["sealedEnough takes one seal", { sealedEnough: (count) => count.admitted >= 1 }],
    ["chooseCandidate takes the first by id", { chooseCandidate: (all) => all[0] }],
    ["isMajority is content with one", { isMajority: (count) => count >= 1 }],
  ];
  it.each(mutants)("%s", (_name, rules) => {
    const seeds = Array.from({ length: 60 }, (_, at) => at + 100);
    expect(seeds.some((seed) => breaks(() => run(seed, { rules })))).toBe(true);
  });

  const fences: readonly [string, Partial<ElectionRules>][] = [
    ["mayPromoteAnother fences nobody", { mayPromoteAnother: () => true }],
    ["leaseEpoch grants after a vote", { leaseEpoch: (_voted, record) => record }],
    ["leaseMayStandUntilMs owns up to nothing", { leaseMayStandUntilMs: () => 0 }],
  ];
  it.each(fences)("%s: a forced failover beside a live master that does not answer seals", (_name, rules) => {
    expect(breaks(() => forceBesideDeafMaster({}))).toBe(false);
    expect(breaks(() => forceBesideDeafMaster(rules))).toBe(true);
  });

  it("mayVote twice in an epoch: a restarted candidate gets the vote of its earlier life", () => {
    const voteForTwo = (rules: Partial<ElectionRules>): void => {
      const world = settledWorld({ rules });
      for (const life of ["first", "second"]) {
        const leader = { id: "s1" as SentinelId, startId: world.startIdOf("s1") };
        const asked = {
          group: "mymaster",
          epoch: 5 as Epoch,
          leader,
          reason: "forced",
          pre: false,
          round: 99,
        } as const;
        world.say("s1", "s3", { type: "askVote", ...asked });
        world.run(5);
        if (life === "first") world.kill("s1");
        if (life === "first") world.startSentinel("s1");
        world.run(5);
      }
    };
    expect(breaks(() => voteForTwo({}))).toBe(false);
    expect(
      breaks(() => voteForTwo({ mayVote: (voted, record, asked) => asked >= voted && asked > record })),
    ).toBe(true);
  });

  it("isSilent without running for as long: a sentinel that was stopped accuses a master that is well", () => {
    const accuse = (rules: Partial<ElectionRules>): boolean => {
      const world = settledWorld({ rules });
      for (const id of world.sentinelIds()) world.pause(id);
      world.run(5000);
      for (const id of world.sentinelIds()) world.resume(id);
      world.run(1000);
      return world.notices.some(
        ({ notice }) => notice.channel === "+sdown" && notice.instance.kind === "master",
      );
    };
    expect(accuse({})).toBe(false);
    expect(accuse({ isSilent: (sincePongMs, _ran, downAfterMs) => (sincePongMs ?? 0) >= downAfterMs })).toBe(
      true,
    );
  });
});

function breaks(scenario: () => void): boolean {
  try {
    scenario();
    return false;
  } catch {
    return true;
  }
}

function forceBesideDeafMaster(rules: Partial<ElectionRules>): void {
  const world = settledWorld({ rules });
  const old = world.node(world.masterId());
  old.refuses.set("prepareHandover", "busy");
  old.ignoresSeals = true;
  const id = world.operator("s1", { type: "failover", group: "mymaster" });
  world.until("an answer", () => world.replies.has(id), 10_000);
}
