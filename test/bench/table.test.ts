/** The table of figures: who wins, by how much, and what is missing. */
import { describe, expect, it } from "vitest";
import type { Figure } from "../../bench/figure.ts";
import { winnerOf } from "../../bench/figure.ts";
import { figureTable, scoreLine } from "../../bench/table.ts";
import type { Summary } from "../../cluster/chaos/quantiles.ts";

function around(median: number, count = 5): Summary {
  return { count, min: median * 0.9, median, p99: median * 1.1, max: median * 2 };
}

function figure(unit: Figure["unit"], measured: Figure["measured"]): Figure {
  const better = unit === "ops/s" ? "higher" : "lower";
  return { group: "failover", name: `something in ${unit}`, unit, better, measured };
}

const FIGURES = [
  figure("ms", { redis: around(2280), interrex: around(114) }),
  figure("ops/s", { redis: around(60_000), interrex: around(50_000) }),
  figure("us", { redis: around(100, 1000), interrex: around(102, 1000) }),
  figure("ms", { redis: around(3000) }),
];

describe("bench table", () => {
  it("names the winner of each figure, the noise of one machine being a draw", () => {
    expect(FIGURES.map((one) => winnerOf(one)?.winner)).toEqual(["interrex", "redis", "draw", undefined]);
  });

  it("shows both sides, the factor, and the worst of each", () => {
    expect(figureTable(FIGURES)).toEqual([
      "FIGURE (median)       REDIS  INTERREX          WINNER  WORST REDIS  WORST INTERREX",
      "something in ms     2280 ms    114 ms  interrex 20.0x      4560 ms          228 ms",
      "something in ops/s    60k/s     50k/s      Redis 1.2x        54k/s           45k/s",
      "something in us      100 us    102 us            draw       110 us          112 us",
      "something in ms     3000 ms         -               -      6000 ms               -",
    ]);
  });

  it("keeps the score", () => {
    expect(scoreLine(FIGURES)).toBe("interrex won 1, Redis 1, draws 1");
  });
});
