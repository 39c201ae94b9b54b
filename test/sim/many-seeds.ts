/**
 * Many seeds on all cores: says at once which of them breaks a promise and how to see it again, shows how far it is on
 * a terminal, and ends with what was run and how fast. Ctrl-C ends it early, with the summary of what was run.
 */
import { sourceCommit } from "./commit.ts";
import { runSeeds } from "./seed-pool.ts";
import type { SeedResult } from "./seed-worker.ts";
import type { PlanKind } from "./swarm/plan.ts";

const PROGRESS_EVERY_MS = 250;
const CLEAR_LINE = "\r\x1b[K";

export interface ManySeeds {
  readonly from: number;
  readonly count: number;
  /** Threads. */
  readonly jobs: number;
  /** `null`: each seed draws its own. */
  readonly kind: PlanKind | null;
}

export function kindArgument(kind: PlanKind | null): string {
  return kind === null ? "" : ` --kind ${kind}`;
}

/** @returns the process's exit code: 1 after a violation, 130 when it was ended early without one. */
export async function runManySeeds({ from, count, jobs, kind }: ManySeeds): Promise<number> {
  const commit = sourceCommit();
  const tally = new Tally(count);
  const pool = runSeeds(seedsFrom(from, count), { jobs: Math.min(jobs, count), kind }, (result) => {
    tally.add(result);
    if (result.violation === null) return;
    hideProgress();
    const { seed, atMs, violation } = result;
    console.log(`seed ${seed}, commit ${commit}, at ${atMs.toFixed(0)} ms: ${violation}`);
    console.log(`  npm run sim -- --seed ${seed}${kindArgument(kind)} --trace`);
  });
  const progress = setInterval(() => showProgress(tally.progress()), PROGRESS_EVERY_MS);
  process.once("SIGINT", pool.stop);
  try {
    await pool.done;
  } finally {
    clearInterval(progress);
    process.off("SIGINT", pool.stop);
    hideProgress();
  }
  console.log(tally.summary());
  if (tally.found > 0) return 1;
  return tally.isComplete ? 0 : 130;
}

function* seedsFrom(from: number, count: number): Iterable<number> {
  for (let seed = from; seed < from + count; seed++) yield seed;
}

class Tally {
  found = 0;
  readonly #wanted: number;
  readonly #startedAtMs = performance.now();
  #seeds = 0;
  #simulatedMs = 0;
  #events = 0;
  #reigns = 0;
  #acknowledged = 0;

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  add({ simulatedMs, events, reigns, acknowledged, violation }: SeedResult): void {
    this.#seeds++;
    this.#simulatedMs += simulatedMs;
    this.#events += events;
    this.#reigns += reigns;
    this.#acknowledged += acknowledged;
    if (violation !== null) this.found++;
  }

  get isComplete(): boolean {
    return this.#seeds === this.#wanted;
  }

  progress(): string {
    return `${this.#seeds} of ${this.#wanted} seeds, ${this.found} with a violation, ${this.#perSec(this.#seeds)} a second`;
  }

  summary(): string {
    const cut = this.isComplete ? "" : ` of ${this.#wanted}`;
    return (
      `${this.#seeds}${cut} seeds, ${this.found} with a violation, in ${this.#tookSec().toFixed(1)} s ` +
      `(${this.#perSec(this.#seeds)} a second); simulated ${(this.#simulatedMs / 1000).toFixed(0)} s, ` +
      `${this.#perSec(this.#simulatedMs / 1000, 0)} times real time; ${this.#perSec(this.#events, 0)} events ` +
      `and ${this.#perSec(this.#reigns)} reigns a second, ${this.#acknowledged} operations acknowledged`
    );
  }

  #perSec(amount: number, digits = 1): string {
    return (amount / this.#tookSec()).toFixed(digits);
  }

  #tookSec(): number {
    return (performance.now() - this.#startedAtMs) / 1000;
  }
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${text}`);
}

function hideProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
}
