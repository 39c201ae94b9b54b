/** What a chaos run found, as data for machines and as a table for people. Judges by the replication mode; measures nothing itself. */
import type { LeftRunning } from "./arena.ts";
import type { Verdict } from "./checker.ts";
import type { Outage } from "./outages.ts";
import { type Summary, summarize } from "./quantiles.ts";
import type { ChaosPlan } from "./run-chaos.ts";

export interface ChaosFindings {
  readonly plan: Pick<ChaosPlan, "kinds" | "replication" | "clients" | "seed" | "defaultClient">;
  readonly elapsedMs: number;
  readonly outages: readonly Outage[];
  /** Faults left out because the cluster was not whole in time. */
  readonly skippedFaults: number;
  readonly unansweredReads: number;
  /** Whether every key could be read at the end. */
  readonly readBack: boolean;
  /** The run ended early because its memory for operations was full. */
  readonly historyFull: boolean;
  /** Told to stop before its time: what was under way then proves nothing. */
  readonly interrupted: boolean;
  /** Members that the run has started again and that outlive it. */
  readonly leftRunning: readonly LeftRunning[];
  readonly verdict: Verdict;
}

export interface FaultSummary {
  /** Such as `kill master`. */
  readonly fault: string;
  readonly count: number;
  /** Until the first client's next acknowledged write, ms. */
  readonly firstClientMs: Summary;
  /** Until the last client's next acknowledged write, ms. */
  readonly lastClientMs: Summary;
  readonly unrecovered: number;
}

export interface ChaosReport extends Omit<ChaosFindings, "outages" | "plan"> {
  readonly replication: ChaosPlan["replication"];
  readonly clients: number;
  readonly defaultClient: boolean;
  readonly seed: number;
  readonly faults: readonly FaultSummary[];
  readonly ok: boolean;
  /** Why it is not ok, in words. */
  readonly problems: readonly string[];
}

export function makeReport({ plan, outages, ...findings }: ChaosFindings): ChaosReport {
  // Nobody waited for the end of the last one.
  const cutShort = (findings.interrupted || findings.historyFull) && outages.at(-1)?.recovered === false;
  const faults = summarizeFaults(cutShort ? outages.slice(0, -1) : outages);
  const problems = problemsOf(plan.replication, faults, findings);
  if (plan.kinds.length > 0 && outages.length === 0 && !findings.interrupted) {
    problems.push("no fault was done: the run was too short, or the cluster not whole in time");
  }
  const { replication, clients, seed, defaultClient } = plan;
  return {
    replication,
    clients,
    seed,
    defaultClient,
    ...findings,
    faults,
    ok: problems.length === 0,
    problems,
  };
}

function summarizeFaults(outages: readonly Outage[]): FaultSummary[] {
  const byFault = new Map<string, Outage[]>();
  for (const outage of outages) {
    const same = byFault.get(outage.fault.action);
    if (same === undefined) byFault.set(outage.fault.action, [outage]);
    else same.push(outage);
  }
  const summaries: FaultSummary[] = [];
  for (const [fault, same] of byFault) {
    const firstClientMs = summarize(same.map(({ anyClientMs }) => anyClientMs));
    const lastClientMs = summarize(same.map(({ everyClientMs }) => everyClientMs));
    if (firstClientMs === null || lastClientMs === null) continue;
    const unrecovered = same.filter(({ recovered }) => !recovered).length;
    summaries.push({ fault, count: same.length, firstClientMs, lastClientMs, unrecovered });
  }
  return summaries;
}

function problemsOf(
  mode: ChaosPlan["replication"],
  faults: readonly FaultSummary[],
  { verdict, readBack, interrupted }: Pick<ChaosFindings, "verdict" | "readBack" | "interrupted">,
): string[] {
  const problems: string[] = [];
  // In async a failover may lose the last moments: that is its bargain, counted and shown, but no failure.
  if (mode !== "async") {
    if (verdict.lost > 0) problems.push(`${verdict.lost} acknowledged writes lost`);
    const others = verdict.anomalyCount - verdict.lost;
    if (others > 0) problems.push(`${others} answers that no correct store gives`);
  }
  const unrecovered = faults.reduce((sum, fault) => sum + fault.unrecovered, 0);
  if (unrecovered > 0) problems.push(`no write was acknowledged again after ${unrecovered} faults`);
  if (!readBack) problems.push("not every key could be read at the end");
  if (verdict.acknowledged === 0 && !interrupted) problems.push("no write was ever acknowledged");
  return problems;
}

/** Rows for a table of outages, the first one its heading; times in whole ms. */
export function outageRows({ faults }: Pick<ChaosReport, "faults">): string[][] {
  const heading = ["FAULT", "TIMES", "OUTAGE MIN", "MEDIAN", "P99", "MAX", "LAST CLIENT BACK: MEDIAN", "MAX"];
  const rows = faults.map(({ fault, count, firstClientMs, lastClientMs }) => [
    fault,
    String(count),
    ...[firstClientMs.min, firstClientMs.median, firstClientMs.p99, firstClientMs.max].map(wholeMs),
    ...[lastClientMs.median, lastClientMs.max].map(wholeMs),
  ]);
  return [heading, ...rows];
}

function wholeMs(ms: number): string {
  return `${Math.round(ms)} ms`;
}

/** Rows of counts; LOST last, so that the eye ends on it. */
export function countRows(report: Pick<ChaosReport, "verdict" | "skippedFaults">): string[][] {
  const { verdict, skippedFaults } = report;
  return [
    ["acknowledged", String(verdict.acknowledged)],
    ["failed", String(verdict.failed), "refused or never sent: certainly not executed"],
    ["indeterminate", String(verdict.indeterminate), "no answer: may have been executed"],
    ["reads", String(verdict.reads), "each checked"],
    ...(skippedFaults > 0
      ? [["skipped faults", String(skippedFaults), "the cluster was not whole again in time"]]
      : []),
    ["LOST", String(verdict.lost), "acknowledged, and later gone"],
  ];
}

/** Such as `n1 (pid 123), n2 (pid 124)`. */
export function leftRunningText(processes: readonly LeftRunning[]): string {
  return processes.map(({ id, pid }) => `${id} (pid ${pid})`).join(", ");
}

/** One line: who wins. */
export function verdictLine(report: ChaosReport): string {
  return report.interrupted ? `Interrupted; until then ${verdictText(report)}` : verdictText(report);
}

function verdictText(report: ChaosReport): string {
  const { verdict, replication } = report;
  if (!report.ok) return `FAIL: ${report.problems.join("; ")}`;
  if (verdict.lost > 0)
    return `PASS for async, which promises no more: ${verdict.lost} acknowledged writes lost`;
  if (verdict.anomalyCount > 0) {
    return `PASS for async, which promises no more: ${verdict.anomalyCount} answers taken back`;
  }
  return `PASS: every one of ${verdict.acknowledged} acknowledged writes is there (${replication})`;
}
