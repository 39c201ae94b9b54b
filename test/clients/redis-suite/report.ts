/** What a person and a pipeline read of a whole run: a table of the units, every test that is missing with its reason, and the verdict. */
import { layOut } from "../../../cli/table.ts";
import { NOT_REACHED, type UnitJudgement } from "./judgement.ts";

export interface UnitReport extends UnitJudgement {
  /** What was wrong with replicas or master after a run; `null` when their states were equal and nobody failed over. */
  readonly trouble: string | null;
  readonly seconds: number;
}

export interface SuiteReport {
  readonly units: readonly UnitReport[];
  readonly counted: number;
  readonly passed: number;
  readonly percent: number;
  readonly ok: boolean;
}

export function reportOf(units: readonly UnitReport[]): SuiteReport {
  const counted = sum(units, (unit) => unit.counted);
  const passed = sum(units, (unit) => unit.passed);
  return { units, counted, passed, percent: percentOf(passed, counted), ok: units.every(isGood) };
}

export function reportText(report: SuiteReport): string {
  const { units } = report;
  const rows = units.map((unit) => [
    unit.unit,
    String(unit.passedByRedis),
    String(unit.leftOut.length),
    String(unit.counted),
    String(unit.passed),
    `${percentOf(unit.passed, unit.counted)} %`,
    unit.trouble === null ? "equal" : "TROUBLE",
    `${unit.seconds} s`,
  ]);
  const total = [
    "all",
    String(sum(units, (unit) => unit.passedByRedis)),
    String(sum(units, (unit) => unit.leftOut.length)),
    String(report.counted),
    String(report.passed),
    `${report.percent} %`,
  ];
  const heads = ["unit", "redis", "left out", "counted", "interrex", "share", "replicas", "time"];
  const lines = [...layOut([heads, ...rows, total]), ""];
  for (const unit of units) lines.push(...findings(unit));
  lines.push(report.ok ? "Every failing test has its reason." : "NOT OK: see the lines with !!");
  return `${lines.join("\n")}\n`;
}

/** What there is to say of a unit besides its numbers. */
export function findings(unit: UnitReport): string[] {
  const lines: string[] = [];
  if (unit.trouble !== null) lines.push(`!! ${unit.trouble}`);
  if (unit.brokenOff !== null) lines.push(`!! broken off ${unit.brokenOff.split("\n")[0]}`);
  for (const setting of unit.refusedSettings) lines.push(`setting refused: ${setting}`);
  const unreached = unit.failed.filter(({ said, reason }) => reason === null && said === NOT_REACHED);
  if (unreached.length > 0) lines.push(`!! ${unreached.length} tests were not reached`);
  for (const failure of unit.failed) {
    const { test, said, reason } = failure;
    if (unreached.includes(failure)) continue;
    lines.push(
      reason === null ? `!! ${test}: ${said.replaceAll("\n", "\n     ")}` : `failed: ${test}: ${reason}`,
    );
  }
  for (const { test, command } of unit.leftOut) lines.push(`left out, ${command}: ${test}`);
  return lines.length === 0 ? [] : [unit.unit, ...lines.map((line) => `  ${line}`), ""];
}

function isGood(unit: UnitReport): boolean {
  return (
    unit.trouble === null && unit.brokenOff === null && unit.failed.every(({ reason }) => reason !== null)
  );
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((1000 * part) / whole) / 10;
}

function sum(units: readonly UnitReport[], of: (unit: UnitReport) => number): number {
  return units.reduce((total, unit) => total + of(unit), 0);
}
