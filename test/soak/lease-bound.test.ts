/** What async mode may lose, judged by times. */
import { describe, expect, it } from "vitest";
import { beyondLease, lossesByReign } from "../../cluster/soak/lease-bound.ts";

const write = (key: string, invokedAtMs: number) => ({ key, invokedAtMs, returnedAtMs: invokedAtMs + 1 });
const judge = (...given: Parameters<typeof lossesByReign>): string[] =>
  beyondLease(lossesByReign(...given), 1000);

describe("writes lost in async mode", () => {
  it("are within the lease when one failover lost those of its last moments", () => {
    const lost = [write("a", 5000), write("b", 5900)];
    expect(judge(lost, [{ master: "n2", atMs: 6300 }])).toEqual([]);
  });

  it("are counted for the first reign after them", () => {
    const reigns = [
      { master: "n3", atMs: 9000 },
      { master: "n2", atMs: 6300 },
    ];
    const { losses } = lossesByReign([write("a", 5000), write("b", 8800), write("c", 8900)], reigns);
    expect(losses.map(({ reign, lost }) => [reign.master, lost])).toEqual([
      ["n2", 1],
      ["n3", 2],
    ]);
  });

  it("are too many when an old master went on for longer than its lease", () => {
    const lost = [write("a", 5000), write("b", 6100)];
    expect(judge(lost, [{ master: "n2", atMs: 6300 }])).toEqual([
      "2 writes lost to the reign of n2, acknowledged over 1099 ms: more than one lease",
    ]);
  });

  it("are too many when no failover followed", () => {
    expect(judge([write("a", 7000)], [{ master: "n2", atMs: 6300 }])).toEqual([
      "1 writes lost that no failover explains",
    ]);
  });
});
