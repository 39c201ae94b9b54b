/** One measured figure, of both sides, and who wins it. Pure. */
import type { Summary } from "../cluster/chaos/quantiles.ts";
import type { Side } from "./contender.ts";

export interface Figure {
  readonly group: "failover" | "isolation" | "throughput" | "latency";
  /** What was measured, in words. */
  readonly name: string;
  readonly unit: "ms" | "us" | "ops/s" | "writes";
  readonly better: "lower" | "higher";
  /** A side that could not run, or failed, is absent. */
  readonly measured: Partial<Record<Side, Summary>>;
}

/** Medians this near to each other are a draw: the noise of one machine. */
const DRAW_RATIO = 1.05;

/** @returns `ratio`: how many times better the winner's median is, infinite when that is 0; `null` when a side is absent. */
export function winnerOf(figure: Figure): { winner: Side | "draw"; ratio: number } | null {
  const { redis, interrex } = figure.measured;
  if (redis === undefined || interrex === undefined) return null;
  const [high, low]: [Side, Side] =
    redis.median > interrex.median ? ["redis", "interrex"] : ["interrex", "redis"];
  const ratio = Math.max(redis.median, interrex.median) / Math.min(redis.median, interrex.median);
  if (redis.median === interrex.median || ratio < DRAW_RATIO) return { winner: "draw", ratio };
  return { winner: figure.better === "lower" ? low : high, ratio };
}
