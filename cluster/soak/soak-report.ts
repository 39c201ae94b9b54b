/** What a soak found, as data for machines and as lines for people. Judges by the replication mode; measures nothing itself. */
import type { Millis } from "../../src/base/ids.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import type { Verdict } from "../chaos/checker.ts";
import type { Outage } from "../chaos/outages.ts";
import { type Summary, summarize } from "../chaos/quantiles.ts";
import { groupBy } from "./group-by.ts";
import type { LeaseLoss } from "./lease-bound.ts";
import type { UnexplainedKey } from "./linearizable-keys.ts";

export interface SoakFindings {
  readonly replication: ReplicationMode;
  readonly seed: number;
  readonly members: number;
  /** Why nobody could be cut off; `null` where that was possible. */
  readonly withoutPartitions: string | null;
  readonly elapsedMs: Millis;
  readonly clients: number;
  readonly keys: number;
  readonly outages: readonly Outage[];
  readonly unansweredReads: number;
  readonly verdict: Verdict;
  /** `null`: in async mode nobody promises it, so it was not looked at. */
  readonly unexplained: readonly UnexplainedKey[] | null;
  /** Of writes to keys of their own, by the failover that lost them; of all modes. */
  readonly losses: readonly LeaseLoss[];
  readonly beyondLease: readonly string[];
  /** What went wrong besides the history: a death, a cluster that did not mend, data that differ. */
  readonly troubles: readonly string[];
}

export interface SoakFaultSummary {
  readonly kind: string;
  readonly count: number;
  /** The longest time without an acknowledged write around it, ms; of those after which one was acknowledged before the next fault. */
  readonly outageMs: Summary | null;
}

export interface SoakReport extends Omit<SoakFindings, "outages"> {
  readonly faults: readonly SoakFaultSummary[];
  readonly outageMs: Summary | null;
  readonly linearizable: boolean | null;
  readonly ok: boolean;
  readonly problems: readonly string[];
}

export function makeSoakReport({ outages, ...findings }: SoakFindings): SoakReport {
  const problems = problemsOf(findings);
  const { unexplained } = findings;
  return {
    ...findings,
    faults: [...groupBy(outages, ({ fault }) => fault.action)].map(([kind, same]) => ({
      kind,
      count: same.length,
      outageMs: outageOf(same),
    })),
    outageMs: outageOf(outages),
    linearizable: unexplained === null ? null : unexplained.length === 0,
    ok: problems.length === 0,
    problems,
  };
}

function outageOf(outages: readonly Outage[]): Summary | null {
  return summarize(outages.filter(({ recovered }) => recovered).map(({ anyClientMs }) => anyClientMs));
}

function problemsOf(findings: Omit<SoakFindings, "outages">): string[] {
  const { replication, verdict, unexplained, beyondLease, troubles } = findings;
  const problems = [...troubles];
  if (replication === "async") problems.push(...beyondLease);
  else {
    if (verdict.lost > 0) problems.push(`${verdict.lost} acknowledged writes lost`);
    const others = verdict.anomalyCount - verdict.lost;
    if (others > 0) problems.push(`${others} answers that no correct store gives`);
  }
  for (const { key, why } of unexplained ?? []) problems.push(`${key} is not linearizable: ${why}`);
  if (verdict.acknowledged === 0) problems.push("no write was ever acknowledged");
  return problems;
}

/** The first row is a heading. */
export function soakFaultRows({ faults, outageMs }: SoakReport): string[][] {
  const row = (name: string, count: number, summary: Summary | null): string[] => {
    const { min, median, p99, max } = summary ?? { min: null, median: null, p99: null, max: null };
    return [
      name,
      String(count),
      ...[min, median, p99, max].map((ms) => (ms === null ? "-" : `${Math.round(ms)} ms`)),
    ];
  };
  const all = faults.reduce((sum, { count }) => sum + count, 0);
  return [
    ["FAULT", "TIMES", "OUTAGE MIN", "MEDIAN", "P99", "MAX"],
    ...faults.map(({ kind, count, outageMs }) => row(kind, count, outageMs)),
    row("all", all, outageMs),
  ];
}

export function soakCountRows(report: SoakReport): string[][] {
  const { verdict, losses, keys } = report;
  const spanMs = Math.max(0, ...losses.map((loss) => loss.spanMs));
  return [
    ["acknowledged", String(verdict.acknowledged)],
    ["failed", String(verdict.failed), "refused or never sent: certainly not executed"],
    ["indeterminate", String(verdict.indeterminate), "no answer: may have been executed"],
    ["reads", String(verdict.reads)],
    ["keys", String(keys), "each history checked by itself"],
    ["LOST", String(verdict.lost), "acknowledged, and later gone"],
    ...(losses.length > 0
      ? [["failovers that lost", String(losses.length), `over ${Math.round(spanMs)} ms at most`]]
      : []),
  ];
}

export function soakVerdictLine(report: SoakReport): string {
  const { verdict, replication, problems } = report;
  if (!report.ok) return `FAIL: ${problems.join("; ")}`;
  if (replication === "async") {
    return `PASS for async, which promises no more: ${verdict.lost} of ${verdict.acknowledged} acknowledged writes lost, all within the lease; equal data on all nodes`;
  }
  return `PASS: 0 of ${verdict.acknowledged} acknowledged writes lost, every key linearizable, equal data on all nodes (${replication})`;
}
