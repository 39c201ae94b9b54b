/** Whom a fault hits: drawn from its own dice, so that it hits the same whatever else happens. */
import { type Randomness, SeededRandomness } from "../../../src/base/randomness.ts";
import type { PlannedFault } from "./plan.ts";

export interface Targets {
  readonly node: number;
  readonly sentinel: number;
  /** For whatever else the fault has to draw. */
  readonly randomness: Randomness;
}

export function drawTargets(fault: PlannedFault, nodes: number, sentinels: number): Targets {
  const randomness = new SeededRandomness(fault.dice);
  const node = randomness.below(nodes);
  const sentinel = randomness.below(sentinels);
  return { node, sentinel, randomness };
}
