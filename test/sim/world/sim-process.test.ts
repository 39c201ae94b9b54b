import fc from "fast-check";
import { expect, test } from "vitest";
import { SimProcess } from "./sim-process.ts";

test("a timer never fires before its moment, whatever the clock's rate and the digits of the moment", () => {
  const millionths = (most: number) => fc.integer({ min: 0, max: most * 1e6 }).map((n) => n / 1e6);
  const moments = fc.record({
    rate: millionths(0.02).map((part) => 0.99 + part),
    monoZeroMs: millionths(1000),
    sinceMs: millionths(10_000),
  });
  fc.assert(
    fc.property(moments, ({ rate, monoZeroMs, sinceMs }) => {
      const process = new SimProcess("s1", 0, { rate, monoZeroMs, wallSkewMs: 0 });
      const monoMs = monoZeroMs + sinceMs;
      const shownMs = process.instant(process.trueMs(monoMs)).monoMs;
      expect(shownMs).toBeGreaterThanOrEqual(monoMs);
      expect(shownMs).toBeLessThan(monoMs + 1e-3);
    }),
    // One in about 800 of them falls short by a rounding.
    { numRuns: 20_000 },
  );
});
