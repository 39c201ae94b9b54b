/** A thread that runs the seeds it is sent, one after the other, and says what came of each. Decides nothing. */
import { parentPort, workerData } from "node:worker_threads";
import { type Outcome, runPlan } from "./run-plan.ts";
import type { PlanKind } from "./swarm/plan.ts";
import { widePlanOf } from "./swarm/wider-plan.ts";

/** An outcome as it crosses threads. */
export interface SeedResult extends Omit<Outcome, "violation"> {
  /** First line of what was violated, or of what the simulator itself died of. */
  readonly violation: string | null;
}

parentPort?.on("message", (seed: number) => parentPort?.postMessage(resultOf(seed)));

function resultOf(seed: number): SeedResult {
  const { violation, ...rest } = runPlan(widePlanOf(seed, workerData as PlanKind | null));
  return { ...rest, violation: violation === null ? null : firstLine(violation.message) };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
