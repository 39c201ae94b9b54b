/** The figures as a table for people: both sides next to each other, and who wins each. Pure. */
import type { Summary } from "../cluster/chaos/quantiles.ts";
import { aimOf, type Figure, winnerOf } from "./figure.ts";

const FEW_MS = 10;
const SIDES = { redis: "Redis", interrex: "interrex" } as const;

/** @returns lines; the first names the columns, whose figures are medians. The aim has a column only where a figure has one. */
export function figureTable(figures: readonly Figure[]): string[] {
  const header = ["FIGURE (median)", "REDIS", "INTERREX", "WINNER", "WORST REDIS", "WORST INTERREX"];
  const aims = figures.some(({ aim }) => aim !== undefined);
  const rows = [aims ? [...header, "AIM"] : header];
  for (const figure of figures) {
    const { redis, interrex } = figure.measured;
    rows.push([
      figure.name,
      amount(redis?.median, figure.unit),
      amount(interrex?.median, figure.unit),
      winnerText(figure),
      amount(worst(redis, figure.better), figure.unit),
      amount(worst(interrex, figure.better), figure.unit),
      ...(aims ? [aimText(figure)] : []),
    ]);
  }
  return layOutNumbers(rows);
}

/** Such as `interrex won 7, Redis 1, draws 2`. */
export function scoreLine(figures: readonly Figure[]): string {
  const score = { interrex: 0, redis: 0, draw: 0 };
  for (const figure of figures) {
    const result = winnerOf(figure);
    if (result !== null) score[result.winner] += 1;
  }
  return `interrex won ${score.interrex}, Redis ${score.redis}, draws ${score.draw}`;
}

/** Such as `aims: 20 of 24 reached; not: SPOP, -P 1`; `null` when no figure has one. */
export function aimLine(figures: readonly Figure[]): string | null {
  const judged = figures.flatMap((figure) => {
    const result = aimOf(figure);
    return result === null ? [] : [{ name: figure.name, met: result.met }];
  });
  if (judged.length === 0) return null;
  const missed = judged.filter(({ met }) => !met).map(({ name }) => name);
  const not = missed.length === 0 ? "" : `; not: ${missed.join("; ")}`;
  return `aims: ${judged.length - missed.length} of ${judged.length} reached${not}`;
}

/** What is not reached is in capitals, to be found at a glance. */
function aimText(figure: Figure): string {
  const result = aimOf(figure);
  if (figure.aim === undefined || result === null) return "-";
  if ("atMost" in figure.aim) {
    return `${result.met ? "at most" : "ABOVE"} ${amount(figure.aim.atMost, figure.unit)}`;
  }
  const share = `${result.reached.toFixed(2)} of Redis`;
  return result.met ? share : `${share}, BELOW ${figure.aim.ofRedis}`;
}

function winnerText(figure: Figure): string {
  const result = winnerOf(figure);
  if (result === null) return "-";
  if (result.winner === "draw") return "draw";
  const ratio = Number.isFinite(result.ratio) ? ` ${result.ratio.toFixed(1)}x` : "";
  return `${SIDES[result.winner]}${ratio}`;
}

/** Of latencies the 99th percentile: the single worst of thousands is the machine's, not the server's. */
function worst(summary: Summary | undefined, better: Figure["better"]): number | undefined {
  if (summary === undefined) return undefined;
  if (better === "higher") return summary.min;
  return summary.count >= 100 ? summary.p99 : summary.max;
}

function amount(value: number | undefined, unit: Figure["unit"]): string {
  if (value === undefined) return "-";
  if (unit === "ops/s") return `${Math.round(value / 1000)}k/s`;
  // Few milliseconds, rounded, would all be the same.
  if (unit === "ms" && value < FEW_MS) return `${value.toFixed(1)} ms`;
  return `${Math.round(value)} ${unit}`;
}

function layOutNumbers(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}
