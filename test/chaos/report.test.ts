/** What a run is called: a loss fails semi-sync and sync, is only shown in async, and no recovery fails everywhere. */
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../cluster/chaos/checker.ts";
import type { Outage } from "../../cluster/chaos/outages.ts";
import {
  type ChaosFindings,
  countRows,
  makeReport,
  outageRows,
  verdictLine,
} from "../../cluster/chaos/report.ts";

const CLEAN: Verdict = {
  acknowledged: 1000,
  failed: 5,
  indeterminate: 2,
  reads: 300,
  lost: 0,
  anomalyCount: 0,
  anomalies: [],
};

function outage(action: string, anyClientMs: number, recovered = true): Outage {
  return {
    fault: { atMs: 0, action, target: "n1" },
    anyClientMs,
    everyClientMs: anyClientMs + 10,
    recovered,
  };
}

function reportOf(
  replication: ChaosFindings["plan"]["replication"],
  verdict: Partial<Verdict>,
  findings: Partial<ChaosFindings> = {},
) {
  return makeReport({
    plan: {
      kinds: [{ action: "kill", target: "master" }],
      replication,
      clients: 8,
      seed: 1,
      defaultClient: false,
    },
    elapsedMs: 60_000,
    outages: [outage("kill master", 40), outage("kill master", 60), outage("stop master", 1100)],
    skippedFaults: 0,
    unansweredReads: 0,
    readBack: true,
    historyFull: false,
    interrupted: false,
    leftRunning: [],
    verdict: { ...CLEAN, ...verdict },
    ...findings,
  });
}

describe("chaos report", () => {
  it("passes a run that lost nothing", () => {
    const report = reportOf("semi-sync", {});
    expect(report).toMatchObject({ ok: true, problems: [] });
    expect(verdictLine(report)).toBe("PASS: every one of 1000 acknowledged writes is there (semi-sync)");
  });

  it.each(["semi-sync", "sync"] as const)("fails a single lost write in %s", (mode) => {
    const report = reportOf(mode, { lost: 1, anomalyCount: 1 });
    expect(report.ok).toBe(false);
    expect(verdictLine(report)).toBe("FAIL: 1 acknowledged writes lost");
  });

  it("fails answers that were taken back, although no write was lost", () => {
    expect(reportOf("sync", { anomalyCount: 3 }).problems).toEqual(["3 answers that no correct store gives"]);
  });

  it("shows losses in async without failing", () => {
    const report = reportOf("async", { lost: 7, anomalyCount: 7 });
    expect(report.ok).toBe(true);
    expect(verdictLine(report)).toContain("7 acknowledged writes lost");
    expect(countRows(report).at(-1)?.slice(0, 2)).toEqual(["LOST", "7"]);
  });

  it("fails in every mode when writes never came back, or could not be read back", () => {
    expect(reportOf("async", {}, { outages: [outage("kill master", 9000, false)] }).ok).toBe(false);
    expect(reportOf("async", {}, { readBack: false }).ok).toBe(false);
    expect(reportOf("async", { acknowledged: 0 }).ok).toBe(false);
  });

  it("doesn't hold the last fault of an interrupted run against the store: nobody waited for its end, nor when the memory was full", () => {
    const last = outage("kill master", 300, false);
    const interrupted = { outages: [outage("kill master", 40), last], interrupted: true };
    const report = reportOf("semi-sync", {}, interrupted);
    expect(report).toMatchObject({ ok: true, problems: [], faults: [{ count: 1, unrecovered: 0 }] });
    expect(verdictLine(report)).toMatch(/^Interrupted; until then PASS: /);
    expect(reportOf("sync", { acknowledged: 0 }, { interrupted: true, outages: [] }).problems).toEqual([]);
    expect(reportOf("semi-sync", {}, { ...interrupted, interrupted: false, historyFull: true }).ok).toBe(
      true,
    );
    expect(reportOf("semi-sync", {}, { ...interrupted, outages: [last, last] }).ok).toBe(false);
    expect(reportOf("semi-sync", { lost: 1, anomalyCount: 1 }, interrupted).ok).toBe(false);
  });

  it("fails a run that was to break something and has broken nothing, unless it was interrupted", () => {
    const unbroken = { outages: [] };
    expect(reportOf("semi-sync", {}, unbroken).problems).toEqual([
      "no fault was done: the run was too short, or the cluster not whole in time",
    ]);
    expect(reportOf("semi-sync", {}, { ...unbroken, interrupted: true }).ok).toBe(true);
  });

  it("sums up each kind of fault by itself", () => {
    expect(outageRows(reportOf("sync", {})).slice(1)).toEqual([
      ["kill master", "2", "40 ms", "40 ms", "60 ms", "60 ms", "50 ms", "70 ms"],
      ["stop master", "1", "1100 ms", "1100 ms", "1100 ms", "1100 ms", "1110 ms", "1110 ms"],
    ]);
  });
});
