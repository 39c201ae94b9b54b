/** One measured figure, of both sides, and who wins it. Pure. */
import type { Summary } from "../cluster/chaos/quantiles.ts";
import type { Side } from "./contender.ts";

/** What interrex should reach: a share of Redis's own median in the same run, or at worst an amount in the figure's unit. */
export type Aim = { readonly ofRedis: number } | { readonly atMost: number };

export interface Figure {
  readonly group: "failover" | "isolation" | "throughput" | "latency" | "families" | "memory" | "million";
  /** What was measured, in words. */
  readonly name: string;
  readonly unit: "ms" | "us" | "ops/s" | "writes" | "bytes";
  readonly better: "lower" | "higher";
  readonly aim?: Aim;
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

/** @returns `reached`: the share of Redis, or the worst that was seen; `null` without an aim or what it needs. */
export function aimOf({ aim, measured }: Figure): { met: boolean; reached: number } | null {
  const { redis, interrex } = measured;
  if (aim === undefined || interrex === undefined) return null;
  if ("atMost" in aim) return { met: interrex.max <= aim.atMost, reached: interrex.max };
  if (redis === undefined) return null;
  const reached = interrex.median / redis.median;
  return { met: reached >= aim.ofRedis, reached };
}
