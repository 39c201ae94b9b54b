/** Hands seeds out to worker threads, one at a time each, until there are no more or it is told to stop. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { SeedResult } from "./seed-worker.ts";
import type { PlanKind } from "./swarm/plan.ts";

/** Young objects die in masses; room for them spares most collections. */
const YOUNG_SPACE_MB = 64;

export interface SeedPool {
  /** Settles when every seed that was handed out has come back. @throws what a thread died of, with its seed. */
  readonly done: Promise<void>;
  /** Hands out no more. */
  stop(): void;
}

/** @param onResult told of each seed as it ends, in no order. */
export function runSeeds(
  seeds: Iterable<number>,
  { jobs, kind }: { readonly jobs: number; readonly kind: PlanKind | null },
  onResult: (result: SeedResult) => void,
): SeedPool {
  const left = seeds[Symbol.iterator]();
  let stopped = false;
  const next = (): number | undefined => {
    if (stopped) return undefined;
    const { done, value } = left.next();
    return done === true ? undefined : value;
  };
  const stop = (): void => {
    stopped = true;
  };
  const threads = Array.from({ length: jobs }, () => runThread(next, kind, onResult));
  // One thread's death ends the others after the seed that they are at.
  for (const thread of threads) thread.catch(stop);
  const done = Promise.allSettled(threads).then(async () => {
    await Promise.all(threads);
  });
  return { done, stop };
}

/** Compiled and source alike: the worker lies beside this file, with its extension. */
function runThread(
  next: () => number | undefined,
  kind: PlanKind | null,
  onResult: (result: SeedResult) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(`./seed-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: kind,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_SPACE_MB },
    });
    let seed: number | undefined;
    const goOn = (): void => {
      seed = next();
      if (seed === undefined) void worker.terminate();
      else worker.postMessage(seed);
    };
    worker.on("message", (result: SeedResult) => {
      onResult(result);
      goOn();
    });
    worker.on("error", (cause) => reject(new Error(`the simulator died at seed ${seed}`, { cause })));
    worker.on("exit", () => resolve());
    goOn();
  });
}
