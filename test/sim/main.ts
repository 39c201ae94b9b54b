/**
 * The simulator's command line.
 *
 * ```text
 * npm run sim -- --seeds N [--from N]   runs N seeds, prints what it found and how fast it was
 * npm run sim -- --seed N [--trace]     replays one, event by event
 * npm run sim -- --mutants [--seeds N]  makes rules wrong, and tells after how many seeds, and as what, each was found
 * ```
 */
import { parseArgs } from "node:util";
import { MUTANTS, RARE_MUTANTS } from "./mutants.ts";
import { runPlan } from "./run-plan.ts";
import { planOf } from "./swarm/plan.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    mutants: { type: "boolean", default: false },
  },
});

if (values.mutants) runMutants(Number(values.seeds ?? 300));
else if (values.seed !== undefined) runOne(Number(values.seed));
else runMany(Number(values.from), Number(values.seeds ?? 100));

function runOne(seed: number): void {
  const plan = planOf(seed);
  const { faults, ...cluster } = plan;
  console.log(JSON.stringify(cluster), `${faults.length} faults`);
  const outcome = runPlan(
    plan,
    values.trace
      ? {
          onTrace: ({ atMs, kind, who, text }) =>
            console.log(`${atMs.toFixed(3).padStart(10)} ${kind.padEnd(7)} ${who.padEnd(5)} ${text}`),
        }
      : {},
  );
  const { violation, ...rest } = outcome;
  console.log(JSON.stringify(rest));
  if (violation !== null) {
    console.log(violation.stack);
    process.exitCode = 1;
  }
}

function runMany(from: number, count: number): void {
  const startedAtMs = performance.now();
  let simulatedMs = 0;
  let events = 0;
  let reigns = 0;
  let acknowledged = 0;
  let found = 0;
  for (let seed = from; seed < from + count; seed++) {
    const outcome = runPlan(planOf(seed));
    simulatedMs += outcome.simulatedMs;
    events += outcome.events;
    reigns += outcome.reigns;
    acknowledged += outcome.acknowledged;
    if (outcome.violation !== null) {
      found++;
      const [first] = outcome.violation.message.split("\n");
      console.log(`seed ${seed} at ${outcome.atMs.toFixed(0)} ms: ${first}`);
    }
  }
  const tookSec = (performance.now() - startedAtMs) / 1000;
  console.log(
    `${count} seeds, ${found} with a violation, in ${tookSec.toFixed(1)} s (${(count / tookSec).toFixed(1)} a second); ` +
      `simulated ${(simulatedMs / 1000).toFixed(0)} s, ${(simulatedMs / 1000 / tookSec).toFixed(0)} times real time; ` +
      `${(events / tookSec).toFixed(0)} events a second, ${reigns} reigns, ${acknowledged} operations acknowledged`,
  );
  if (found > 0) process.exitCode = 1;
}

/** Fails when a rule made wrong is not found, unless it is known that another rule guards the same. */
function runMutants(seedsMax: number): void {
  for (const { name, from = 1, masked, ...options } of [...MUTANTS, ...RARE_MUTANTS]) {
    let seed = from;
    let violation = runPlan(planOf(seed), options).violation;
    while (violation === null && seed < from + seedsMax - 1)
      violation = runPlan(planOf(++seed), options).violation;
    if (violation !== null) console.log(`found      ${name}: ${violation.invariant}, seed ${seed}`);
    else if (masked !== undefined) console.log(`not found  ${name}: ${masked}`);
    else {
      console.log(`NOT FOUND  ${name}`);
      process.exitCode = 1;
    }
  }
}
