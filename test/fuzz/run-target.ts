/** Runs one target from a seed and tells what came of it; a failure comes with the shrunk input and how to replay it. */
import fs from "node:fs";
import fc from "fast-check";
import type { FuzzTarget } from "./target.ts";

export interface FuzzRun {
  readonly seed: number;
  readonly runs: number;
  /** Of one failure, as fast-check printed it: replays that alone. */
  readonly path?: string;
  /** Ends early, without a failure, on a machine that is busy with something else. */
  readonly msMax?: number;
  readonly onRun?: (done: number) => void;
}

export interface FuzzReport {
  readonly decoded: number;
  readonly refused: number;
  readonly tookSec: number;
  /** `null` when nothing was found. */
  readonly failure: string | null;
}

export async function runTarget(target: FuzzTarget, run: FuzzRun): Promise<FuzzReport> {
  const startedAtMs = performance.now();
  const filesBefore = openFiles();
  const ended = { decoded: 0, refused: 0 };
  let done = 0;
  const property = target.property((outcome) => {
    ended[outcome]++;
    run.onRun?.(++done);
  });
  const { seed, runs: numRuns, path, msMax } = run;
  const details = await fc.check(property, {
    seed,
    numRuns,
    ...(path === undefined ? {} : { path }),
    ...(msMax === undefined ? {} : { interruptAfterTimeLimit: msMax }),
  });
  const failure = details.failed ? explain(target, details) : leak(target, filesBefore);
  return { ...ended, tookSec: (performance.now() - startedAtMs) / 1000, failure };
}

function explain(target: FuzzTarget, details: fc.RunDetails<[unknown]>): string {
  const replay = `npm run fuzz -- --target ${target.name} --seed ${details.seed} --path ${details.counterexamplePath}`;
  const cause = details.errorInstance instanceof Error ? details.errorInstance.stack : details.errorInstance;
  return [
    `${target.name} fails after ${details.numRuns} inputs, shrunk ${details.numShrinks} times:`,
    fc.stringify(details.counterexample?.[0]),
    String(cause),
    `replay it with: ${replay}`,
  ].join("\n");
}

function leak(target: FuzzTarget, filesBefore: number): string | null {
  const left = openFiles() - filesBefore;
  return left > 0 ? `${target.name} leaves ${left} files open` : null;
}

/** 0 where the system does not tell. */
function openFiles(): number {
  return fs.existsSync("/proc/self/fd") ? fs.readdirSync("/proc/self/fd").length : 0;
}
