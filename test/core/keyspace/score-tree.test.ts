import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { ScoreTree } from "../../../src/core/keyspace/score-tree.ts";

/** The same as the tree, as slow and simple as can be. */
class Model {
  readonly scores: Map<string, number> = new Map();

  entries(): [string, number][] {
    return [...this.scores].sort(([one, a], [other, b]) => a - b || (one < other ? -1 : 1));
  }
}

/** Adds and removes until there were `size` at most, in an order that `next` gives. */
function churn(seed: number, steps: number, range: number): { tree: ScoreTree; model: Model } {
  const random = new SeededRandomness(seed);
  const tree = new ScoreTree();
  const model = new Model();
  // Grows, shrinks to almost nothing, grows again: every way to split and to merge.
  for (let step = 0; step < steps; step += 1) {
    const phase = Math.floor((step * 3) / steps);
    const member = `m${random.below(range)}`;
    const known = model.scores.get(member);
    if (known !== undefined && random.below(3) === 0) {
      // By a little, which often changes no order, or to anywhere.
      const score = random.below(2) === 0 ? known + 0.01 : random.below(range) / 4;
      tree.change(known, member, score);
      model.scores.set(member, score);
      continue;
    }
    if (known !== undefined) {
      expect(tree.remove(known, member)).toBe(true);
      model.scores.delete(member);
    }
    if (phase === 1 || (known !== undefined && random.below(4) === 0)) continue;
    const score = random.below(range) / 4;
    tree.insert(score, member);
    model.scores.set(member, score);
  }
  return { tree, model };
}

function walked(tree: ScoreTree, rank: number, count: number, backwards: boolean): [string, number][] {
  const seen: [string, number][] = [];
  tree.walk(rank, count, backwards, (score, member) => seen.push([member, score]));
  return seen;
}

describe("a score tree", () => {
  it.each([
    [1, 300, 30],
    [2, 6000, 400],
    [3, 20_000, 9000],
  ])("holds what was added and not removed, in order, seed %d", (seed, steps, range) => {
    const { tree, model } = churn(seed, steps, range);
    const entries = model.entries();
    expect([...tree.entries()]).toEqual(entries);
    expect(tree.size).toBe(entries.length);
    for (const [rank, [member, score]] of entries.entries()) {
      expect(tree.rankOf(score, member)).toBe(rank);
      expect(walked(tree, rank, 1, false)).toEqual([[member, score]]);
    }
    expect(walked(tree, entries.length - 1, entries.length, true)).toEqual(entries.toReversed());
  });

  it("walks any stretch, forwards and backwards", () => {
    const { tree, model } = churn(7, 9000, 3000);
    const entries = model.entries();
    fc.assert(
      fc.property(fc.nat({ max: entries.length - 1 }), fc.nat({ max: 300 }), (rank, count) => {
        expect(walked(tree, rank, count, false)).toEqual(entries.slice(rank, rank + count));
        const back = entries.slice(Math.max(0, rank - count + 1), rank + 1).toReversed();
        expect(walked(tree, rank, count, true)).toEqual(back);
      }),
      { numRuns: 100 },
    );
  });

  it("counts the members before any boundary of score", () => {
    const { tree, model } = churn(8, 9000, 3000);
    for (let bound = -1; bound < 760; bound += 1) {
      const before = model.entries().filter(([, score]) => score < bound).length;
      expect(tree.countBefore((score) => score < bound)).toBe(before);
    }
  });

  it("counts by bytes alone in members of one score, and by halving among several, whatever its shape", () => {
    const grown = new ScoreTree();
    const shrunk = new ScoreTree();
    for (let at = 0; at < 500; at += 1) grown.insert(0, `m${at + 100}`);
    expect(grown.countBeforeMember((member) => member < "m350")).toBe(250);
    for (let at = 0; at < 3000; at += 1) shrunk.insert(at % 7, `m${at}`);
    for (let at = 200; at < 3000; at += 1) shrunk.remove(at % 7, `m${at}`);
    const same = new ScoreTree();
    for (const [member, score] of [...shrunk.entries()].toReversed()) same.insert(score, member);
    for (const bound of ["", "m1", "m105", "m77", "n"]) {
      const isBefore = (member: string): boolean => member < bound;
      expect(shrunk.countBeforeMember(isBefore)).toBe(same.countBeforeMember(isBefore));
    }
  });

  it("removes any stretch of ranks, few members of many or most of them, and goes on as before", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2500 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.01, 0.99, 1)),
        (size, place, share) => {
          const tree = new ScoreTree();
          for (let at = 0; at < size; at += 1) tree.insert(at >> 1, `m${at % 2}-${at}`);
          const entries = [...tree.entries()];
          const rank = Math.floor(place * size);
          const count = Math.floor(share * (size - rank));
          tree.removeRanks(rank, count);
          entries.splice(rank, count);
          expect([...tree.entries()]).toEqual(entries);
          expect(walked(tree, entries.length - 1, entries.length, true)).toEqual(entries.toReversed());
          for (let left = Math.min(40, entries.length); left > 0; left -= 1) {
            const at = Math.floor(place * entries.length);
            const [member, score] = entries[at] as [string, number];
            expect(tree.rankOf(score, member)).toBe(at);
            expect(tree.remove(score, member)).toBe(true);
            entries.splice(at, 1);
          }
          for (let at = 0; at < 40; at += 1) tree.insert(size + at, "new");
          expect(walked(tree, 0, tree.size, false)).toEqual([
            ...entries,
            ...Array.from({ length: 40 }, (_, at) => ["new", size + at]),
          ]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("gives up one member after the other from either end, until nothing is left", () => {
    for (const [seed, highEvery] of [
      [11, 1],
      [12, 2],
      [13, 9000],
    ] as const) {
      const { tree, model } = churn(seed, 9000, 3000);
      const entries = model.entries();
      for (let step = 1; entries.length > 0; step += 1) {
        const isHigh = step % highEvery === 0;
        tree.removeAt(isHigh ? tree.size - 1 : 0);
        if (isHigh) entries.pop();
        else entries.shift();
        if (step % 16 === 0) expect([...tree.entries()]).toEqual(entries);
        expect(tree.size).toBe(entries.length);
      }
      tree.insert(1, "a");
      expect([...tree.entries()]).toEqual([["a", 1]]);
    }
  });

  it("stays as low after most of its members went at once", () => {
    const tree = new ScoreTree();
    for (let at = 0; at < 40_000; at += 1) tree.insert(at, `m${at}`);
    tree.removeRanks(100, 20_000);
    let steps = 0;
    tree.countBefore((score) => {
      steps += 1;
      return score < 32_345;
    });
    expect(steps).toBeLessThan(22);
  });

  it("does not remove a member under another score", () => {
    const tree = new ScoreTree();
    tree.insert(1, "a");
    expect(tree.remove(2, "a")).toBe(false);
    expect([tree.remove(1, "a"), tree.size]).toEqual([true, 0]);
  });

  it("stays as low as a B+ tree, so that a million members need few steps", () => {
    const tree = new ScoreTree();
    for (let at = 0; at < 20_000; at += 1) tree.insert(at, `m${at}`);
    let steps = 0;
    tree.countBefore((score) => {
      steps += 1;
      return score < 12_345;
    });
    // Halving 20,000 takes 15; nodes that are not full cost a little more.
    expect(steps).toBeLessThan(22);
  });
});

it("gives frozen entries that stay, whichever leaves shrink, are joined and are split meanwhile", () => {
  const COUNT = 300;
  for (let from = 0; from + 60 < COUNT; from += 10) {
    const tree = new ScoreTree();
    for (let at = 0; at < COUNT; at += 1) tree.insert(at, `m${at}`);
    const before = [...tree.entries()];
    const frozen = tree.frozenEntries();
    for (let at = from; at < from + 60; at += 1) tree.remove(at, `m${at}`);
    for (let at = 0; at < COUNT; at += 1) tree.insert(at + 0.5, `n${at}`);
    expect([...frozen]).toEqual(before);
  }
});
