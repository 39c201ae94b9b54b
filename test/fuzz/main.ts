/**
 * The fuzzer's command line: `npm run fuzz -- --help` says what it takes. Prints seed, inputs and seconds of each
 * target; exit 1 when one fails, or holds more and more memory.
 */
import { Command, Option } from "commander";
import { wholeNumberFlag } from "../../cli/flags.ts";
import { runTarget } from "./run-target.ts";
import type { FuzzTarget } from "./target.ts";
import { TARGETS } from "./targets.ts";
import { watchForHangs } from "./watchdog.ts";

/** What may be held after a run beyond what was held before it: caches, compiled code. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;
const SEED_MAX = 2 ** 31 - 1;

const { seed, runs, target, path } = new Command("fuzz")
  .description("feeds every decoder with inputs made wrong")
  .option("--runs <count>", "inputs for each target", wholeNumberFlag(1, SEED_MAX), 100_000)
  .addOption(
    new Option("--seed <seed>", "the same inputs each time")
      .argParser(wholeNumberFlag(0, SEED_MAX))
      .default(Math.floor(Math.random() * SEED_MAX), "a fresh one"),
  )
  .addOption(new Option("--target <name>", "this one alone").choices(TARGETS.map(({ name }) => name)))
  .option("--path <path>", "of one target and seed, the failure that was printed with this")
  .showHelpAfterError("(--help says more)")
  .parse()
  .opts<{ seed: number; runs: number; target?: string; path?: string }>();

console.log(`seed ${seed}, ${runs} inputs for each target`);
const startedAtMs = performance.now();
for (const one of TARGETS) if (target === undefined || one.name === target) await run(one);
console.log(`in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`);

async function run(target: FuzzTarget): Promise<void> {
  const live = process.stdout.isTTY;
  const watchdog = watchForHangs(`npm run fuzz -- --target ${target.name} --seed ${seed}`);
  const heldBefore = heldBytes();
  const { decoded, refused, tookSec, failure } = await runTarget(target, {
    seed,
    runs,
    ...(path === undefined ? {} : { path }),
    onRun: (done) => {
      watchdog.progress(done);
      if (live && done % 1000 === 0) process.stdout.write(`\r${target.name} ${done}`);
    },
  });
  const held = heldBytes() - heldBefore;
  await watchdog.stop();
  const figures = [
    `${decoded + refused} inputs`.padStart(14),
    `${decoded} decoded`.padStart(15),
    `${refused} refused`.padStart(15),
    `${tookSec.toFixed(1)} s`.padStart(8),
    `${(held / 1024 / 1024).toFixed(1)} MB held`.padStart(13),
  ];
  console.log(`${live ? "\r" : ""}${target.name.padEnd(17)} seed ${seed} ${figures.join(" ")}`);
  if (failure !== null) fail(failure);
  else if (held > HELD_BYTES_MAX) fail(`${target.name} holds ${held} bytes more than before`);
}

function fail(why: string): void {
  console.log(why);
  process.exitCode = 1;
}

function heldBytes(): number {
  // `node --expose-gc`; without it the figure is of no use, and bounds nothing.
  if (globalThis.gc === undefined) throw new Error("run it with node --expose-gc");
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
