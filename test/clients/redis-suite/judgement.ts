/**
 * Holds interrex's verdicts against Redis's, test by test. Only what redis-server itself passes is asked of interrex; tests of commands
 * that are left out are named and not counted; every other failure needs a reviewed reason. Pure.
 */
import type { UnitVerdicts } from "./unit-verdicts.ts";

/** What is said of a test that no run came to. */
export const NOT_REACHED = "not reached";

/** What a person has looked at and found. */
export type Reviewed = {
  readonly unit: string;
  /** The test's name, or what its names have in common. */
  readonly test: string | RegExp;
} & (
  | { readonly leftOut: string }
  /** Why it fails although the commands are there. */
  | { readonly reason: string }
);

export interface UnitJudgement {
  readonly unit: string;
  readonly passedByRedis: number;
  readonly leftOut: readonly { readonly test: string; readonly command: string }[];
  /** Those that Redis passes, without the left-out ones. */
  readonly counted: number;
  readonly passed: number;
  readonly failed: readonly {
    readonly test: string;
    readonly said: string;
    /** `null`: nobody has looked at it yet. */
    readonly reason: string | null;
  }[];
  readonly refusedSettings: readonly string[];
  readonly brokenOff: string | null;
  readonly runs: number;
}

export function judge(
  redis: UnitVerdicts,
  interrex: UnitVerdicts,
  review: readonly Reviewed[],
): UnitJudgement {
  const passed = new Set(interrex.passed);
  const reviewed = review.filter(({ unit }) => unit === redis.unit);
  const leftOut: { test: string; command: string }[] = [];
  const failed: { test: string; said: string; reason: string | null }[] = [];
  for (const test of redis.passed) {
    if (passed.has(test)) continue;
    const found = reviewed.find((entry) => names(entry.test, test));
    if (found !== undefined && "leftOut" in found) {
      leftOut.push({ test, command: found.leftOut });
    } else {
      const said = interrex.failed.get(test) ?? NOT_REACHED;
      failed.push({ test, said, reason: found?.reason ?? null });
    }
  }
  const counted = redis.passed.length - leftOut.length;
  return {
    unit: redis.unit,
    passedByRedis: redis.passed.length,
    leftOut,
    counted,
    passed: counted - failed.length,
    failed,
    refusedSettings: interrex.refused.filter((setting) => !redis.refused.includes(setting)),
    brokenOff: redis.brokenOff === null ? interrex.brokenOff : `with redis-server, ${redis.brokenOff}`,
    runs: interrex.runs,
  };
}

/** Tests of commands that are left out, as the suite's skip file names them: a pattern stands behind a slash. */
export function leftOutTests(unit: string, review: readonly Reviewed[]): string[] {
  return review
    .filter((entry) => entry.unit === unit && "leftOut" in entry)
    .map(({ test }) => (typeof test === "string" ? test : `/${test.source}`));
}

/** A test that runs several times under one name is reviewed once: " (2)" and so on are not part of it. */
function names(pattern: string | RegExp, test: string): boolean {
  const plain = test.replace(/ \(\d+\)$/, "");
  return typeof pattern === "string" ? pattern === plain || pattern === test : pattern.test(plain);
}
