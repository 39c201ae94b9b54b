/**
 * The simulator's command line.
 *
 * ```text
 * npm run sim -- --seeds N [--from N] [--jobs N]   runs N seeds on all cores: what it found, how fast it was
 * npm run sim -- --seed N [--trace]     replays one, event by event
 * npm run sim -- --mutants [--seeds N]  makes rules wrong, and tells after how many seeds, and as what, each was found
 * ```
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { runManySeeds } from "./many-seeds.ts";
import { MUTANTS, RARE_MUTANTS } from "./mutants.ts";
import { runPlan } from "./run-plan.ts";
import { planOf } from "./swarm/plan.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: String(availableParallelism()) },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    mutants: { type: "boolean", default: false },
  },
});

if (values.mutants) runMutants(Number(values.seeds ?? 300));
else if (values.seed !== undefined) runOne(Number(values.seed));
else await runMany();

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

async function runMany(): Promise<void> {
  const { from, seeds, jobs } = values;
  const many = { from: Number(from), count: Number(seeds ?? 100), jobs: Number(jobs) };
  process.exitCode = await runManySeeds(many);
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
