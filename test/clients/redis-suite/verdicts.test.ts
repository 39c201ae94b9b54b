import { describe, expect, it } from "vitest";
import { createCommandTable } from "../../../src/core/commands/table.ts";
import { judge, leftOutTests } from "./judgement.ts";
import { reportOf, type UnitReport } from "./report.ts";
import { REVIEW } from "./review.ts";
import type { UnitRun } from "./suite-output.ts";
import { type UnitVerdicts, verdictsOf } from "./unit-verdicts.ts";
import { UNITS } from "./units.ts";

/** A unit of these tests; "!" behind a name: it fails, "?": it ends the run. */
function scripted(...tests: string[]): {
  run: (skip: readonly string[]) => Promise<UnitRun>;
  skips: string[][];
} {
  const skips: string[][] = [];
  const run = async (skip: readonly string[]): Promise<UnitRun> => {
    skips.push([...skip]);
    const outcomes: { name: string; failure: string | null }[] = [];
    for (const test of tests) {
      const name = test.replace(/[!?]$/, "");
      if (skip.includes(name)) continue;
      if (test.endsWith("?")) {
        return { outcomes, refused: [], end: { kind: "aborted", test: name, message: "thrown" } };
      }
      outcomes.push({ name, failure: test.endsWith("!") ? "expected otherwise" : null });
    }
    return { outcomes, refused: [], end: { kind: "done" } };
  };
  return { run, skips };
}

function verdicts(passed: readonly string[], failed: Readonly<Record<string, string>> = {}): UnitVerdicts {
  return {
    unit: "unit/type/string",
    passed,
    failed: new Map(Object.entries(failed)),
    refused: [],
    brokenOff: null,
    runs: 1,
  };
}

function unitReport(given: Partial<UnitReport>): UnitReport {
  return { ...judge(verdicts(["GET"]), verdicts(["GET"]), []), trouble: null, seconds: 1, ...given };
}

describe("the verdicts on a unit", () => {
  it("reach the tests behind those that end the run", async () => {
    const { run, skips } = scripted("a", "b?", "c", "d?", "e!", "f");
    const result = await verdictsOf("unit", [], run);
    expect(result.passed).toEqual(["a", "c", "f"]);
    expect(Object.fromEntries(result.failed)).toEqual({ b: "thrown", d: "thrown", e: "expected otherwise" });
    expect(result.brokenOff).toBeNull();
    expect(skips).toEqual([[], ["b"], ["b", "d"]]);
  });

  it("call no test passed that failed in one of the runs", async () => {
    let runs = 0;
    const result = await verdictsOf("unit", [], async (skip) => {
      runs += 1;
      const outcomes = [{ name: "a", failure: runs === 1 ? "once" : null }];
      return {
        outcomes,
        refused: [],
        end: skip.length === 0 ? { kind: "aborted", test: "b", message: "" } : { kind: "done" },
      };
    });
    expect(result.passed).toEqual([]);
    expect(result.failed.get("a")).toBe("once");
  });

  it("say where the unit broke off when a test cannot be left out", async () => {
    const result = await verdictsOf("unit", ["b"], async () => ({
      outcomes: [{ name: "a", failure: null }],
      refused: [],
      end: { kind: "aborted", test: "b", message: "thrown" },
    }));
    expect(result.brokenOff).toContain('"b" cannot be left out');
    expect(result.passed).toEqual(["a"]);
  });
});

describe("the judgement", () => {
  const redis = verdicts(["GET", "LCS basic", "fuzz", "fuzz (2)", "SETRANGE"], { MGET: "its own fault" });

  it("counts what Redis passes, without the tests of commands that are left out", () => {
    const review = [
      { unit: redis.unit, test: /^LCS /, leftOut: "LCS" },
      { unit: redis.unit, test: "fuzz", reason: "known" },
      { unit: "unit/other", test: "SETRANGE", reason: "of another unit" },
    ];
    const failed = { fuzz: "one way", "fuzz (2)": "another way", SETRANGE: "int, not raw", MGET: "said" };
    const judgement = judge(redis, verdicts(["GET"], failed), review);
    expect(judgement).toMatchObject({ passedByRedis: 5, counted: 4, passed: 1 });
    expect(judgement.leftOut).toEqual([{ test: "LCS basic", command: "LCS" }]);
    expect(judgement.failed).toEqual([
      { test: "fuzz", said: "one way", reason: "known" },
      { test: "fuzz (2)", said: "another way", reason: "known" },
      { test: "SETRANGE", said: "int, not raw", reason: null },
    ]);
    expect(leftOutTests(redis.unit, review)).toEqual(["/^LCS "]);
  });

  it("counts a test that was never reached as failed", () => {
    const [missing] = judge(redis, { ...verdicts(["GET"]), brokenOff: "at once" }, []).failed;
    expect(missing).toEqual({ test: "LCS basic", said: "not reached", reason: null });
  });

  it("is bad for a failure without a reason, a unit broken off, and unequal states; good for the rest", () => {
    const failure = { test: "GET", said: "no" };
    expect(reportOf([unitReport({ failed: [{ ...failure, reason: "known" }] })]).ok).toBe(true);
    expect(reportOf([unitReport({ failed: [{ ...failure, reason: null }] })]).ok).toBe(false);
    expect(reportOf([unitReport({}), unitReport({ brokenOff: "at once" })]).ok).toBe(false);
    expect(reportOf([unitReport({}), unitReport({ trouble: "the states differ" })]).ok).toBe(false);
    expect(reportOf([unitReport({ counted: 3, passed: 2 })]).percent).toBe(66.6);
  });
});

describe("the review", () => {
  it("leaves out no command that is there", () => {
    const table = createCommandTable();
    const commands = REVIEW.flatMap((entry) => ("leftOut" in entry ? [entry.leftOut] : []));
    expect(commands.filter((command) => table.findByFullName(command) !== undefined)).toEqual([]);
  });

  it("names units that are run", () => {
    expect(REVIEW.filter(({ unit }) => !UNITS.includes(unit))).toEqual([]);
  });
});
