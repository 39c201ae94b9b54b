import { describe, expect, it } from "vitest";
import { checkSides, Partitions } from "../../cluster/partitions.ts";

describe("partitions", () => {
  it("cut both ways, between the sides and not within them", () => {
    const partitions = new Partitions();
    partitions.cut([
      ["n1", "s1"],
      ["n2", "s2"],
    ]);
    expect(partitions.reachable("n1", "n2")).toBe(false);
    expect(partitions.reachable("n2", "n1")).toBe(false);
    expect(partitions.reachable("s1", "n2")).toBe(false);
    expect(partitions.reachable("n1", "s1")).toBe(true);
  });

  it("leave those that no side names connected to all", () => {
    const partitions = new Partitions();
    partitions.cut([["n1"], ["n2"]]);
    expect(partitions.reachable("n3", "n1")).toBe(true);
    expect(partitions.reachable("n3", "n2")).toBe(true);
  });

  it("add up, over any number of sides, until they heal", () => {
    const partitions = new Partitions();
    partitions.cut([["n1"], ["n2"], ["n3"]]);
    partitions.cut([["s1"], ["n1"]]);
    expect(partitions.reachable("n2", "n3")).toBe(false);
    expect(partitions.reachable("s1", "n1")).toBe(false);
    partitions.heal();
    expect(partitions.reachable("n2", "n3")).toBe(true);
    expect(partitions.reachable("s1", "n1")).toBe(true);
  });

  it.each([
    [[], "needs two sides"],
    [[["n1"]], "needs two sides"],
    [[["n1"], []], "needs two sides"],
    [["n1", "n2"] as unknown as string[][], "needs two sides"],
    [
      [
        ["n1", "s1"],
        ["s2", "n1"],
      ],
      "can't cut n1 off from itself",
    ],
  ])("are refused where they would cut nobody off: %j", (sides, words) => {
    expect(() => checkSides(sides)).toThrow(words);
  });

  it("may name a member twice on its own side", () => {
    expect(() => checkSides([["n1", "n1"], ["n2"]])).not.toThrow();
  });
});
