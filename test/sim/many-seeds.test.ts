/** The simulator in the suite: many seeds on all cores, the same ones each time and some fresh ones. */
import { beforeAll, describe, expect, it } from "vitest";
import { compileSimulator } from "./compiled-simulator.ts";
import { runPlan } from "./run-plan.ts";
import { widePlanOf } from "./swarm/wider-plan.ts";

const FIXED_SEEDS = 500;
const FRESH_SEEDS = 200;
const TIMEOUT_MS = 900_000;

describe("simulated clusters under faults", () => {
  let simulate: Awaited<ReturnType<typeof compileSimulator>>;

  beforeAll(async () => {
    simulate = await compileSimulator();
  });

  it(`keep every invariant in ${FIXED_SEEDS} fixed runs`, { timeout: TIMEOUT_MS }, async () => {
    const { code, stdout } = await simulate("--seeds", String(FIXED_SEEDS));
    expect(stdout).toMatch(new RegExp(`^${FIXED_SEEDS} seeds, 0 with a violation`));
    expect(code).toBe(0);
    console.info(stdout);
  });

  it(`keep every invariant in ${FRESH_SEEDS} fresh runs`, { timeout: TIMEOUT_MS }, async () => {
    const from = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);
    console.info(`fresh seeds ${from} to ${from + FRESH_SEEDS - 1}`);
    const { code, stdout } = await simulate("--seeds", String(FRESH_SEEDS), "--from", String(from));
    expect(stdout).toMatch(new RegExp(`^${FRESH_SEEDS} seeds, 0 with a violation`));
    expect(code).toBe(0);
  });

  it("go the same way twice for the same seed, here and in another process", async () => {
    const [one, other] = [runPlan(widePlanOf(7)), runPlan(widePlanOf(7))];
    expect(other.traceHash).toBe(one.traceHash);
    expect(other.events).toBe(one.events);
    const { stdout } = await simulate("--seed", "7");
    expect(stdout).toContain(`"traceHash":"${one.traceHash}"`);
    expect(stdout).toContain(`"events":${one.events},`);
    expect(runPlan(widePlanOf(8)).traceHash).not.toBe(one.traceHash);
  });
});
