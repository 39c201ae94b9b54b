/** `--mutants`: looks for every mutant and prints, as a table, what caught it. Fails when one is not found. */
import { ALL_MUTANTS } from "../mutants/all-mutants.ts";
import { find, type Mutant } from "../mutants/mutant.ts";

/** @param only looks for those alone whose name holds it. */
export function runMutants(seedsMax: number, only: string): void {
  const mutants = ALL_MUTANTS.filter(({ name }) => name.includes(only));
  const startedAtMs = performance.now();
  let missed = 0;
  console.log("| made wrong | found as | first seed | seeds needed | where |\n|---|---|---|---|---|");
  for (const mutant of mutants) {
    const finding = find(mutant, seedsMax);
    if (finding === null) missed++;
    const found =
      finding === null
        ? `NOT FOUND | - | more than ${seedsMax}`
        : `${finding.invariant} | ${finding.seed} | ${finding.seedsNeeded}`;
    console.log(`| ${mutant.name} | ${found} | ${placeOf(mutant)} |`);
  }
  const tookSec = (performance.now() - startedAtMs) / 1000;
  console.log(`${mutants.length} mutants, ${missed} not found, in ${tookSec.toFixed(0)} s`);
  if (missed > 0) process.exitCode = 1;
}

function placeOf({ masked, scenario }: Mutant): string {
  const place = scenario === undefined ? "swarm" : "scenario";
  return masked === undefined ? place : `${place}, guard off: ${masked.why}`;
}
