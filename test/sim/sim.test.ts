/** The seeds that once found a bug. */
import { describe, expect, it } from "vitest";
import { runPlan } from "./run-plan.ts";
import { type Plan, planOf } from "./swarm/plan.ts";
import { widePlanOf } from "./swarm/wider-plan.ts";

function outcomeOf(plan: Plan): string {
  const { violation, atMs } = runPlan(plan);
  return violation === null
    ? "no violation"
    : `seed ${plan.seed} at ${atMs.toFixed(0)} ms: ${violation.message}`;
}

describe("what seeds once found", () => {
  it.each([
    [241, "a refused sync of an earlier epoch left a replica waiting for ever"],
    [519, "a refused sync was never asked again"],
    [1036, "a seal was answered with records that were not durable yet"],
    [486, "a client of a restarted master read an old state from the replica that it became"],
    [
      100472,
      "a dead process's late sync request took the place of the living replica, which waited for ever",
    ],
    [956, "a sentinel that had lost its disk took part without the group's record, and could never store it"],
  ])("seed %d: %s", (seed) => {
    expect(outcomeOf(planOf(seed))).toBe("no violation");
  });

  it.each([
    [7398, "a power cut of a whole group admitted a member that held less than the one that was chosen"],
    [
      9773,
      "TCP backed off for 12 s on a link that had lost packets, and a replica asked in vain all the while",
    ],
    [
      11389,
      "three sentinels lost their disks one after the other, and nobody passed on what it had only learnt",
    ],
    [
      801474,
      "a candidate that could not win any more waited for the votes of dead sentinels, and kept its own from the others all the while",
    ],
  ])("wider seed %d: %s", (seed) => {
    expect(outcomeOf(widePlanOf(seed))).toBe("no violation");
  });
});
