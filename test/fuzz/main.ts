/**
 * The fuzzer's command line.
 *
 * ```text
 * npm run fuzz -- [--runs 100000] [--seed N] [--target NAME]   each target, or one, with so many inputs
 * npm run fuzz -- --target NAME --seed N --path P              one failure again, as it was printed
 * ```
 *
 * Prints seed, inputs and seconds of each target; exit 1 when one fails, or holds more and more memory.
 */
import { parseArgs } from "node:util";
import { runTarget } from "./run-target.ts";
import type { FuzzTarget } from "./target.ts";
import { TARGETS } from "./targets.ts";
import { watchForHangs } from "./watchdog.ts";

/** What may be held after a run beyond what was held before it: caches, compiled code. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    seed: { type: "string" },
    target: { type: "string" },
    path: { type: "string" },
  },
});

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(values.runs);
const chosen = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
if (chosen.length === 0 || !Number.isInteger(seed) || !(runs > 0)) {
  console.error(
    `Give --runs and --seed as numbers, and --target as one of: ${TARGETS.map(({ name }) => name).join(" ")}`,
  );
  process.exitCode = 2;
} else {
  console.log(`seed ${seed}, ${runs} inputs for each target`);
  const startedAtMs = performance.now();
  for (const target of chosen) await run(target);
  console.log(`in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`);
}

async function run(target: FuzzTarget): Promise<void> {
  const live = process.stdout.isTTY;
  const watchdog = watchForHangs(`npm run fuzz -- --target ${target.name} --seed ${seed}`);
  const heldBefore = heldBytes();
  const { path } = values;
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
