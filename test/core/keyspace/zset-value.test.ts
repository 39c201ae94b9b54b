import { describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { ZsetValue } from "../../../src/core/keyspace/zset-value.ts";

/** All that shows of it: its order, where members stand in a scan, and the score of each member. */
function stateOf(zset: ZsetValue, range: number): unknown {
  const scores = Array.from({ length: range }, (_, at) => zset.score(`m${at}`));
  return [[...zset.entries()], zset.scan(0, range).items, scores, zset.size, zset.bytes];
}

/** The members that `deleteEnd` takes, in its order. */
function endOf(zset: ZsetValue, isHigh: boolean, count: number): string[] {
  const members: string[] = [];
  zset.walk(isHigh ? zset.size - 1 : 0, count, isHigh, (_score, member) => members.push(member));
  return members;
}

describe("a sorted set", () => {
  it.each([
    ["packed", false, 100],
    ["of a few in a tree", true, 40],
    ["of many", true, 6000],
  ])("%s gives up its ends as if each member were deleted, one after the other", (_name, wide, range) => {
    const random = new SeededRandomness(range);
    const zset = new ZsetValue(wide);
    const model = new ZsetValue(wide);
    for (let round = 0; round < 30; round += 1) {
      for (let step = 0; step < range / 4; step += 1) {
        const member = `m${random.below(range)}`;
        const score = random.below(range / 4);
        for (const each of [zset, model]) each.set(member, score, each.score(member));
      }
      const isHigh = random.below(2) === 0;
      // Few, as most commands take, or any number.
      const count = 1 + random.below(random.below(2) === 0 ? 3 : zset.size - 1);
      for (const member of endOf(model, isHigh, count)) expect(model.delete(member)).toBe(true);
      zset.deleteEnd(isHigh ? "high" : "low", count);
      expect(stateOf(zset, range)).toEqual(stateOf(model, range));
    }
  });

  it("changes the member that it is told, whichever was asked for or went since", () => {
    const zset = new ZsetValue(true);
    const scores = new Map<string, number>();
    const random = new SeededRandomness(9);
    for (let step = 0; step < 4000; step += 1) {
      const member = `m${random.below(60)}`;
      const known = zset.score(member);
      expect(known).toBe(scores.get(member));
      const other = `m${random.below(60)}`;
      const kind = random.below(4);
      if (kind === 0) expect(zset.score(other)).toBe(scores.get(other));
      if (kind === 1 && other !== member) expect(zset.delete(other)).toBe(scores.delete(other));
      zset.set(member, step, known);
      scores.set(member, step);
    }
    expect([...zset.entries()]).toEqual([...scores].sort(([, one], [, two]) => one - two));
    expect(new Map(zset.scan(0, 60).items)).toEqual(scores);
  });
});
