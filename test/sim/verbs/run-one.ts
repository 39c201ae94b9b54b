/**
 * `--seed N`: one run, whole or narrowed, told event by event if asked for; `--shrink` looks for the smallest part of it
 * that fails in the same way. A failing run is drawn as a page.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { sourceCommit } from "../commit.ts";
import { historyPage } from "../page/history-page.ts";
import { HistoryRecorder } from "../page/history-recorder.ts";
import { type Outcome, runPlan } from "../run-plan.ts";
import { shrink } from "../shrink.ts";
import type { SimulationOptions } from "../simulation.ts";
import { faultWords } from "../swarm/fault-words.ts";
import { argumentsOf, combined, type Narrowing, narrowed } from "../swarm/narrowing.ts";
import type { Plan } from "../swarm/plan.ts";
import { lineOf } from "../trace-words.ts";

export interface OneRun {
  readonly plan: Plan;
  /** How it is asked for, without what is left out. */
  readonly command: string;
  readonly narrowing: Narrowing;
  readonly options: SimulationOptions;
  readonly trace: boolean;
  /** Where the page goes; `null`: only of a failing run, to a place of its own. */
  readonly page: string | null;
}

export function runOne({ plan: whole, command, narrowing, options, trace, page }: OneRun): void {
  const plan = narrowed(whole, narrowing);
  const { faults, ...cluster } = plan;
  console.log(JSON.stringify(cluster));
  for (const fault of faults) console.log(faultWords(fault, plan));
  const recorder = new HistoryRecorder(plan);
  const outcome = runPlan(plan, {
    ...options,
    onTrace: (event) => {
      if (trace) console.log(lineOf(event));
      recorder.take(event);
    },
  });
  report(outcome);
  if (page === null && outcome.violation === null) return;
  const file = resolve(page ?? `.sim/pages/seed-${plan.seed}.html`);
  const replay = `${command} ${argumentsOf(narrowing)}`.trim();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, historyPage(recorder.end(outcome), replay));
  console.log(`drawn in ${file}`);
}

export function shrinkOne({ plan: whole, command, narrowing, options }: OneRun): void {
  const plan = narrowed(whole, narrowing);
  const outcome = runPlan(plan, options);
  report(outcome);
  const { violation } = outcome;
  if (violation === null) {
    console.log("nothing to shrink: no promise is broken");
    return;
  }
  let tries = 0;
  const smallest = shrink(plan, (rest) => {
    tries++;
    return runPlan(narrowed(plan, rest), options).violation?.invariant === violation.invariant;
  });
  const small = narrowed(plan, smallest);
  const again = runPlan(small, options);
  console.log(
    `\n${tries} tries: ${small.faults.length} of ${plan.faults.length} faults and ${small.clients} of ${plan.clients} ` +
      `clients suffice\n`,
  );
  for (const fault of small.faults) console.log(faultWords(fault, small));
  console.log(`\nat ${again.atMs.toFixed(0)} ms: ${again.violation?.message}\n`);
  console.log(`again: ${command} ${argumentsOf(combined(narrowing, smallest))} --trace`);
}

function report(outcome: Outcome): void {
  const { violation, ...rest } = outcome;
  console.log(JSON.stringify(rest));
  if (violation === null) return;
  console.log(`commit ${sourceCommit()}`);
  console.log(violation.stack);
  process.exitCode = 1;
}
