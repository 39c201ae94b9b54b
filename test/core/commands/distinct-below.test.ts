import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { distinctBelow } from "../../../src/core/commands/distinct-below.ts";

describe("distinct numbers", () => {
  it("are as many as were asked for, few of many or most of them", () => {
    const bounds = fc
      .integer({ min: 1, max: 300 })
      .chain((bound) => fc.tuple(fc.constant(bound), fc.nat(bound)));
    fc.assert(
      fc.property(bounds, fc.nat(), ([bound, count], seed) => {
        const chosen = [...distinctBelow(bound, count, new SeededRandomness(seed))];
        expect(chosen).toHaveLength(count);
        expect(new Set(chosen).size).toBe(count);
        for (const number of chosen) expect(number >= 0 && number < bound).toBe(true);
      }),
    );
  });

  it.each([1, 3, 10, 20])("come up about equally often, %d of 20", (count) => {
    const random = new SeededRandomness(5);
    const counts = Array<number>(20).fill(0);
    for (let round = 0; round < 20_000 / count; round += 1) {
      for (const number of distinctBelow(20, count, random)) counts[number] = (counts[number] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });
});
