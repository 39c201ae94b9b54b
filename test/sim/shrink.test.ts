/** Shrinking: what is not needed goes, what is needed stays, and the rest still fails in the same way. */
import { describe, expect, it } from "vitest";
import { mutantOf } from "./mutants/all-mutants.ts";
import { find, optionsOf } from "./mutants/mutant.ts";
import { runPlan } from "./run-plan.ts";
import { leaveOut, shrink } from "./shrink.ts";
import { argumentsOf, narrowed, narrowingOf, PLAIN_NAMES, WHOLE } from "./swarm/narrowing.ts";
import { type Plan, planOf } from "./swarm/plan.ts";

describe("leaving out", () => {
  it("finds the few that matter, wherever they are", () => {
    const all = Array.from({ length: 40 }, (_, at) => at);
    let tries = 0;
    const left = leaveOut(all, (rest) => {
      tries++;
      return rest.includes(3) && rest.includes(4) && rest.includes(31);
    });
    expect(left).toEqual([3, 4, 31]);
    expect(tries).toBeLessThan(80);
  });

  it("leaves nothing when nothing matters, and all when all do", () => {
    expect(leaveOut([1, 2, 3], () => true)).toEqual([]);
    expect(leaveOut([1, 2, 3], (rest) => rest.length === 3)).toEqual([1, 2, 3]);
  });
});

describe("a narrowed plan", () => {
  it("is asked for again by its arguments", () => {
    const narrowing = { keep: [2, 7], clients: 1, plain: ["clocks", "short"] };
    expect(argumentsOf(narrowing)).toBe("--keep 2,7 --clients 1 --plain clocks,short");
    expect(narrowingOf({ keep: "2,7", clients: "1", plain: "clocks,short" })).toEqual(narrowing);
    expect(argumentsOf({ ...WHOLE, keep: [] })).toBe("--keep none");
    expect(narrowingOf({ keep: "none" })).toEqual({ ...WHOLE, keep: [] });
  });

  it("keeps faults under their numbers", () => {
    const plan = planOf(33);
    const few = narrowed(plan, { keep: [2], clients: null, plain: [] });
    expect(few.faults).toEqual(plan.faults.filter(({ number }) => number === 2));
    expect(few.clients).toBe(plan.clients);
  });

  it("refuses to make plain what it does not know", () => {
    expect(() => narrowed(planOf(1), { ...WHOLE, plain: ["wonders"] })).toThrow(
      "no such thing to make plain: wonders",
    );
  });
});

describe("shrinking a failing seed", () => {
  it("leaves the least of faults and clients that is asked for, and makes plain what may be", () => {
    const plan = { ...planOf(16), clients: 4 };
    const smallest = shrink(plan, ({ keep, clients, plain }) => {
      const hasFaults = keep === null || (keep.includes(2) && keep.includes(5));
      return hasFaults && (clients ?? plan.clients) >= 2 && !plain.includes("disks");
    });
    expect(smallest).toEqual({
      keep: [2, 5],
      clients: 2,
      plain: PLAIN_NAMES.filter((name) => name !== "disks"),
    });
  });

  it("leaves fewer faults, and the same promise broken", { timeout: 120_000 }, () => {
    const mutant = mutantOf("a sealed member goes on in its old role");
    const options = optionsOf(mutant);
    const seed = find(mutant, 60)?.seed ?? 0;
    const plan = planOf(seed);
    const invariantOf = (one: Plan): string | undefined => runPlan(one, options).violation?.invariant;
    const broken = invariantOf(plan);
    const smallest = shrink(plan, (rest) => invariantOf(narrowed(plan, rest)) === broken);
    const small = narrowed(plan, smallest);
    expect(broken).toBeDefined();
    // How few it takes depends on the seed.
    expect(small.faults.length * 4).toBeLessThan(plan.faults.length);
    expect(invariantOf(small)).toBe(broken);
    // It is the mutant that fails, not what is left of the plan.
    expect(runPlan(small).violation).toBeNull();
  });
});
