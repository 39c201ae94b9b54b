/** The table of figures: who wins, by how much, and what is missing. */
import { describe, expect, it } from "vitest";
import type { Figure } from "../../bench/figure.ts";
import { aimOf, winnerOf } from "../../bench/figure.ts";
import { aimLine, figureTable, scoreLine } from "../../bench/table.ts";
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

describe("aims", () => {
  const share = (interrex: number): Figure => ({
    ...figure("ops/s", { redis: around(100_000), interrex: around(interrex) }),
    aim: { ofRedis: 0.8 },
  });
  const pause = (median: number): Figure => ({
    ...figure("ms", { redis: around(4), interrex: around(median) }),
    aim: { atMost: 50 },
  });

  it("of a share are met by the median, those of a bound by the worst", () => {
    expect(aimOf(share(80_000))).toEqual({ met: true, reached: 0.8 });
    expect(aimOf(share(79_000))?.met).toBe(false);
    expect(aimOf(pause(25))).toEqual({ met: true, reached: 50 });
    expect(aimOf(pause(26))?.met).toBe(false);
  });

  it("are not judged without what they need", () => {
    expect(aimOf(figure("ms", { redis: around(1), interrex: around(1) }))).toBeNull();
    expect(aimOf({ ...share(1), measured: { interrex: around(1) } })).toBeNull();
    expect(aimOf({ ...pause(1), measured: { redis: around(1) } })).toBeNull();
  });

  it("have a column of their own, in which what is missed stands out", () => {
    const aimed = [share(90_000), share(70_000), pause(5), pause(60), ...FIGURES.slice(0, 1)];
    expect(figureTable(aimed).map((line) => line.split(/ {2,}/).at(-1))).toEqual([
      "AIM",
      "0.90 of Redis",
      "0.70 of Redis, BELOW 0.8",
      "at most 50 ms",
      "ABOVE 50 ms",
      "-",
    ]);
  });

  it("are counted, and the missed ones named", () => {
    expect(aimLine([share(90_000), share(70_000)])).toBe("aims: 1 of 2 reached; not: something in ops/s");
    expect(aimLine([share(90_000)])).toBe("aims: 1 of 1 reached");
    expect(aimLine(FIGURES)).toBeNull();
  });

  it("a few milliseconds are shown with their tenths", () => {
    const [, row = ""] = figureTable([figure("ms", { redis: around(1.25), interrex: around(12.5) })]);
    expect(row).toMatch(/1\.3 ms +13 ms/);
  });
});
