/** The figures as a table for people: both sides next to each other, and who wins each. Pure. */
import type { Summary } from "../cluster/chaos/quantiles.ts";
import { type Figure, winnerOf } from "./figure.ts";

const SIDES = { redis: "Redis", interrex: "interrex" } as const;

/** @returns lines; the first names the columns, whose figures are medians. */
export function figureTable(figures: readonly Figure[]): string[] {
  const rows = [["FIGURE (median)", "REDIS", "INTERREX", "WINNER", "WORST REDIS", "WORST INTERREX"]];
  for (const figure of figures) {
    const { redis, interrex } = figure.measured;
    rows.push([
      figure.name,
      amount(redis?.median, figure.unit),
      amount(interrex?.median, figure.unit),
      winnerText(figure),
      amount(worst(redis, figure.better), figure.unit),
      amount(worst(interrex, figure.better), figure.unit),
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
