import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withinBytes } from "./allocations.ts";
import { runTarget } from "./run-target.ts";
import { fuzzTarget } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** A few seconds in all; `npm run fuzz` is the long run. */
const RUNS = 300;
const MS_MAX = 20_000;

describe("every decoder, on inputs made wrong", () => {
  it.each(TARGETS)("$name keeps its word, and is not only fed what it refuses", async (target) => {
    // Fresh each time; a failure prints the seed.
    const seed = Math.floor(Math.random() * 2 ** 31);
    const report = await runTarget(target, { seed, runs: RUNS, msMax: MS_MAX });
    expect(report.failure).toBeNull();
    expect(report.decoded).toBeGreaterThan(0);
    expect(report.refused).toBeGreaterThan(0);
  });
});

describe("the fuzzer itself", () => {
  const broken = fuzzTarget("broken", fc.nat(), (input) => {
    if (input > 1000) throw new TypeError("too much");
    return "decoded";
  });

  it("shrinks what it finds, and says how to replay it", async () => {
    const { failure } = await runTarget(broken, { seed: 7, runs: 1000 });
    expect(failure).toContain("\n1001\n");
    expect(failure).toContain("TypeError: too much");
    const [, seed, path] = /--target broken --seed (-?\d+) --path ([\d:]+)/.exec(failure ?? "") ?? [];
    const replayed = await runTarget(broken, { seed: Number(seed), runs: 1, path: path ?? "" });
    expect(replayed.failure).toContain("\n1001\n");
  });

  it("counts what is asked of Buffer, also when the refusal is swallowed, and gives it back", async () => {
    const { alloc } = Buffer;
    expect(await withinBytes(100, () => Buffer.alloc(60).length)).toBe(60);
    await expect(withinBytes(100, () => [Buffer.alloc(60), Buffer.allocUnsafe(60)])).rejects.toThrow(
      "120 bytes",
    );
    const swallowed = withinBytes(100, () => {
      try {
        return Buffer.allocUnsafeSlow(2 ** 40);
      } catch {
        return null;
      }
    });
    await expect(swallowed).rejects.toThrow("1099511627776 bytes");
    expect(Buffer.alloc).toBe(alloc);
  });
});
