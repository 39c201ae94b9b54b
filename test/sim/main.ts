/**
 * The simulator's command line.
 *
 * ```text
 * npm run sim -- --seeds N [--from N] [--jobs N]   runs N seeds on all cores: what it found, how fast it was
 * npm run sim -- --seed N [--trace]     replays one, event by event
 *     [--html FILE]                     draws it, as every failing one is
 *     [--shrink]                        looks for the least of it that fails in the same way
 *     [--keep 3,17] [--clients N] [--plain clocks,disks]   runs a part of it: faults by number, clients, plain things
 *     [--mutant NAME]                   with that rule made wrong
 *     [--kind beyond|calm|promised]     with faults beyond what the configuration survives, or with short pauses alone;
 *                                       each seed draws its kind unless told
 * npm run sim -- --mutants [--seeds N] [--only TEXT]   looks for every mutant, and prints what caught it
 * ```
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { kindArgument, runManySeeds } from "./many-seeds.ts";
import { mutantOf } from "./mutants/all-mutants.ts";
import { optionsOf, planFor } from "./mutants/mutant.ts";
import { narrowingOf } from "./swarm/narrowing.ts";
import { kindOf } from "./swarm/plan.ts";
import { widePlanOf } from "./swarm/wider-plan.ts";
import { runMutants } from "./verbs/run-mutants.ts";
import { type OneRun, runOne, shrinkOne } from "./verbs/run-one.ts";

const EXIT_INTERRUPTED = 130;

// Whoever forked it is gone: nobody waits for the answer.
process.once("disconnect", () => process.exit(EXIT_INTERRUPTED));
process.channel?.unref();

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: String(availableParallelism()) },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    html: { type: "string" },
    keep: { type: "string" },
    clients: { type: "string" },
    plain: { type: "string" },
    shrink: { type: "boolean", default: false },
    mutant: { type: "string" },
    mutants: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    kind: { type: "string" },
  },
});

const kind = values.kind === undefined ? null : kindOf(values.kind);

if (values.mutants) runMutants(Number(values.seeds ?? 300), values.only);
else if (values.seed !== undefined) {
  const run = oneRun(Number(values.seed), values.mutant);
  if (values.shrink) shrinkOne(run);
  else runOne(run);
} else await runMany();

/** @param mutant its name, or the beginning of it. */
function oneRun(seed: number, mutant: string | undefined): OneRun {
  const wrong = mutant === undefined ? undefined : mutantOf(mutant);
  return {
    plan: wrong === undefined ? widePlanOf(seed, kind) : planFor(wrong, seed),
    command: `npm run sim -- --seed ${seed}${kindArgument(kind)}${wrong === undefined ? "" : ` --mutant "${wrong.name}"`}`,
    narrowing: narrowingOf(values),
    options: wrong === undefined ? {} : optionsOf(wrong),
    trace: values.trace,
    page: values.html ?? null,
  };
}

async function runMany(): Promise<void> {
  const { from, seeds, jobs } = values;
  const many = { from: Number(from), count: Number(seeds ?? 100), jobs: Number(jobs), kind };
  process.exitCode = await runManySeeds(many);
}
