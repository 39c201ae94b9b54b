import { describe, expect, it } from "vitest";
import { durationText } from "../../cli/duration.ts";

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [250.4, "250 ms"],
    [4240, "4.2 s"],
    [59_960, "1 min"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
    [273_600_000, "3 d 4 h"],
  ])("of %d ms read %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
