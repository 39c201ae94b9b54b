/** When what is periodic happens. */
import { describe, expect, it } from "vitest";
import { lastBeat, nextBeat } from "../../src/base/beat.ts";

const WALL_MS = 1_700_000_000_000;

describe("beats", () => {
  it("come at the same moments for processes that started at different ones", () => {
    const one = nextBeat({ monoMs: 5000, wallMs: WALL_MS + 20 }, 100);
    const other = nextBeat({ monoMs: 77.5, wallMs: WALL_MS + 45 }, 100);
    expect([one - 5000, other - 77.5]).toEqual([80, 55]);
  });

  it("are never closer than half a period, nor further than one and a half", () => {
    for (let wallMs = WALL_MS; wallMs < WALL_MS + 200; wallMs += 1) {
      const inMs = nextBeat({ monoMs: 1000, wallMs }, 100) - 1000;
      expect(inMs).toBeGreaterThanOrEqual(50);
      expect(inMs).toBeLessThan(150);
      expect((wallMs + inMs) % 100).toBe(0);
    }
  });

  it("have happened last within a period", () => {
    expect(lastBeat({ monoMs: 1000, wallMs: WALL_MS + 130 }, 100)).toBe(970);
    expect(lastBeat({ monoMs: 1000, wallMs: WALL_MS + 200 }, 100)).toBe(1000);
  });
});
