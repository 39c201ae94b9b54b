/**
 * Takes one unit to its end whatever its tests throw: a test that ends the whole run is noted and left out of the next, on a fresh
 * server. A test has passed only if it passed in every run that came to it.
 */
import type { UnitRun } from "./suite-output.ts";

export interface UnitVerdicts {
  readonly unit: string;
  readonly passed: readonly string[];
  /** What the suite said, by test. */
  readonly failed: ReadonlyMap<string, string>;
  readonly refused: readonly string[];
  /** Why the tests after a point were never reached; `null` when all were. */
  readonly brokenOff: string | null;
  readonly runs: number;
}

/** More tests of one unit than this that end the run are not worth the time. */
const RUNS_MAX = 60;

/**
 * @param leftOut tests that are not worth a run, as the suite's skip file names them.
 * @param run runs the unit without these tests, on a fresh server.
 */
export async function verdictsOf(
  unit: string,
  leftOut: readonly string[],
  run: (skip: readonly string[]) => Promise<UnitRun>,
): Promise<UnitVerdicts> {
  const passed = new Set<string>();
  const failed = new Map<string, string>();
  const refused = new Set<string>();
  const skip: string[] = [...leftOut];
  for (let runs = 1; ; runs += 1) {
    const { outcomes, refused: settings, end } = await run(skip);
    for (const setting of settings) refused.add(setting);
    for (const { name, failure } of outcomes) {
      if (failure === null) passed.add(name);
      else failed.set(name, failure);
    }
    const brokenOff = end.kind === "done" ? null : whyNotAgain(end.test, end.message, skip, runs);
    if (end.kind === "aborted" && end.test !== null) failed.set(end.test, end.message);
    if (end.kind === "done" || brokenOff !== null) {
      for (const name of failed.keys()) passed.delete(name);
      return { unit, passed: [...passed], failed, refused: [...refused], brokenOff, runs };
    }
    if (end.test !== null) skip.push(end.test);
  }
}

function whyNotAgain(
  test: string | null,
  message: string,
  skip: readonly string[],
  runs: number,
): string | null {
  if (test === null) return `between two tests: ${message}`;
  if (skip.includes(test)) return `"${test}" cannot be left out: ${message}`;
  return runs >= RUNS_MAX ? `${runs} tests ended the run; the last: ${message}` : null;
}
