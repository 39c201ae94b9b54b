/** The simulator's command line: `npm run sim -- --help` says what it takes. */
import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { wholeNumberFlag } from "../../cli/flags.ts";
import { kindArgument, runManySeeds } from "./many-seeds.ts";
import { mutantOf } from "./mutants/all-mutants.ts";
import { optionsOf, planFor } from "./mutants/mutant.ts";
import { narrowingOf, PLAIN_NAMES } from "./swarm/narrowing.ts";
import { PLAN_KINDS, type PlanKind } from "./swarm/plan.ts";
import { widePlanOf } from "./swarm/wider-plan.ts";
import { runMutants } from "./verbs/run-mutants.ts";
import { type OneRun, runOne, shrinkOne } from "./verbs/run-one.ts";

interface SimFlags {
  readonly seeds?: number;
  readonly from: number;
  readonly jobs: number;
  readonly kind?: PlanKind;
  readonly seed?: number;
  readonly trace?: boolean;
  readonly html?: string;
  readonly shrink?: boolean;
  readonly keep?: string;
  readonly clients?: string;
  readonly plain?: string;
  readonly mutant?: string;
  readonly mutants?: boolean;
  readonly only: string;
}

const EXIT_INTERRUPTED = 130;
const SEEDS = 100;
const SEEDS_FOR_MUTANTS = 300;
const SEED_MAX = 2 ** 31 - 1;

const command = new Command("sim")
  .description("simulates whole clusters from seeds, and checks every invariant after every event")
  .optionsGroup("Many seeds:")
  .option("--seeds <count>", `runs so many (${SEEDS}): what was found, how fast it was`, numberFlag)
  .option("--from <seed>", "the first of them", numberFlag, 1)
  .option("--jobs <count>", "threads", wholeNumberFlag(1, 256), availableParallelism())
  .addOption(
    new Option(
      "--kind <kind>",
      "with faults that the configuration survives, beyond that, with short pauses alone, or with one partition that never heals; each seed draws its own unless told",
    ).choices(PLAN_KINDS),
  )
  .optionsGroup("One seed:")
  .option("--seed <seed>", "runs it, the same each time", numberFlag)
  .option("--trace", "tells it event by event")
  .option("--html <file>", "draws it as a page, as every failing one is")
  .option("--shrink", "looks for the least of it that fails in the same way")
  .option("--keep <numbers>", "with these faults alone, such as 3,17, or none")
  .option("--clients <count>", "with so many clients")
  .option("--plain <names>", `made plain: some of ${PLAIN_NAMES.join(",")}`)
  .option("--mutant <name>", "with that rule made wrong")
  .optionsGroup("Rules made wrong:")
  .option(
    "--mutants",
    `looks for each, in --seeds seeds (${SEEDS_FOR_MUTANTS}), and prints what caught it; exit 1 when one is not found`,
  )
  .option("--only <text>", "those whose name holds it", "")
  .showHelpAfterError("(--help says more)")
  .parse();
const flags = command.opts<SimFlags>();

// Whoever forked it is gone: nobody waits for the answer.
process.once("disconnect", () => process.exit(EXIT_INTERRUPTED));
process.channel?.unref();

await main();

async function main(): Promise<void> {
  const { mutants, seed, seeds, from, jobs, only, shrink } = flags;
  const kind = flags.kind ?? null;
  if (mutants === true) return runMutants(seeds ?? SEEDS_FOR_MUTANTS, only);
  if (seed === undefined) {
    process.exitCode = await runManySeeds({ from, count: seeds ?? SEEDS, jobs, kind });
    return;
  }
  const run = oneRun(seed, kind);
  if (shrink === true) shrinkOne(run);
  else runOne(run);
}

function oneRun(seed: number, kind: PlanKind | null): OneRun {
  const { mutant, trace, html } = flags;
  const wrong = mutant === undefined ? undefined : orComplain(() => mutantOf(mutant));
  return {
    plan: wrong === undefined ? widePlanOf(seed, kind) : planFor(wrong, seed),
    command: `npm run sim -- --seed ${seed}${kindArgument(kind)}${wrong === undefined ? "" : ` --mutant "${wrong.name}"`}`,
    narrowing: orComplain(() => narrowingOf(flags)),
    options: wrong === undefined ? {} : optionsOf(wrong),
    trace: trace === true,
    page: html ?? null,
  };
}

function orComplain<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof RangeError) return command.error(`error: ${cause.message}`);
    throw cause;
  }
}

function numberFlag(text: string): number {
  return wholeNumberFlag(0, SEED_MAX)(text);
}
