import { describe, expect, it } from "vitest";
import { runPlan } from "./run-plan.ts";
import { groupsOf, type Plan } from "./swarm/plan.ts";
import { widePlanOf } from "./swarm/wider-plan.ts";
import type { Mark } from "./trace.ts";

const SEEDS = Array.from({ length: 40 }, (_, at) => at + 1);

function cutPlans(): Plan[] {
  return SEEDS.map((seed) => widePlanOf(seed, "cutForGood")).filter(({ kind }) => kind === "cutForGood");
}

/** What is said of the cut, and its links. */
function cutOf(plan: Plan): { readonly text: string; readonly mark: Extract<Mark, { type: "cut" }> } | null {
  let cut: ReturnType<typeof cutOf> = null;
  runPlan(plan, {
    onTrace: (event) => {
      if (event.kind === "note" && event.mark?.type === "cut") cut = { text: event.text, mark: event.mark };
    },
  });
  return cut;
}

describe("a network that has parted for good", () => {
  it("is drawn where acks decide and someone can be cut off, of itself too", () => {
    const plans = cutPlans();
    expect(plans.length).toBeGreaterThan(10);
    for (const plan of plans) {
      expect(plan.sentinels).toBeGreaterThan(2);
      for (const { mode, nodes } of groupsOf(plan)) {
        expect(mode).not.toBe("async");
        expect(nodes.length).toBeGreaterThan(1);
      }
    }
    const drawn = Array.from({ length: 300 }, (_, seed) => widePlanOf(seed).kind);
    expect(new Set(drawn)).toEqual(new Set(["promised", "beyond", "calm", "cutForGood"]));
  });

  it("leaves every link within a core that can serve", () => {
    for (const plan of cutPlans().slice(0, 6)) {
      const cut = cutOf(plan);
      const core = /^cut for good around (.*?):/.exec(cut?.text ?? "")?.[1]?.split(" ") ?? [];
      expect(core.filter((id) => id.startsWith("s")).length, cut?.text).toBeGreaterThan(plan.sentinels / 2);
      expect(core.filter((id) => id.startsWith("n")).length, cut?.text).toBeGreaterThanOrEqual(plan.copies);
      expect(cut?.mark.pairs.filter((pair) => pair.every((id) => core.includes(id)))).toEqual([]);
    }
  });

  it("is a violation of L1 where no master commits after it", () => {
    const [plan] = cutPlans() as [Plan];
    const { violation } = runPlan(plan, {
      script: (simulation) => {
        simulation.queue.at(8000, () => {
          for (const sentinel of simulation.sentinels) simulation.kill(sentinel);
          for (const node of simulation.nodes) simulation.kill(node);
        });
      },
    });
    expect(violation?.message).toMatch(/^L1: no master of mymaster commits, for good/);
  });
});
