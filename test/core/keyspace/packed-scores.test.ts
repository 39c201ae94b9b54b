import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PackedScores } from "../../../src/core/keyspace/packed-scores.ts";
import { ScoreTree } from "../../../src/core/keyspace/score-tree.ts";

type Order = PackedScores | ScoreTree;

/** Few of each, so that many members have one score, and one is the beginning of another. */
const member = fc.oneof(
  fc.constantFrom("", "a", "ab", "b", "\xff", "\x00"),
  fc.nat({ max: 40 }).map((number) => `m${number}`),
  fc.nat({ max: 5 }).map((number) => `${number}`.padStart(125 + number, "long")),
);
const score = fc.oneof(
  fc.constantFrom(0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE, 2 ** 53),
  fc.double({ noNaN: true }),
);
const changes = fc.array(
  fc.record({ kind: fc.constantFrom("set", "set", "remove", "removeRanks"), member, score, rank: fc.nat() }),
  { maxLength: 120, size: "max" },
);

function walked(order: Order, rank: number, count: number, backwards: boolean): [string, number][] {
  const seen: [string, number][] = [];
  order.walk(rank, count, backwards, (at, name) => seen.push([name, at]));
  return seen;
}

function expectSame(packed: PackedScores, tree: ScoreTree, rank: number): void {
  const entries = [...tree.entries()];
  expect([...packed.entries()]).toEqual(entries);
  expect(packed.size).toBe(tree.size);
  for (const [name, at] of entries) {
    expect(packed.search(name)).toBe(at);
    expect(packed.rankOf(at, name)).toBe(tree.rankOf(at, name));
  }
  expect(packed.search("none")).toBeUndefined();
  if (entries.length === 0) return;
  const from = rank % entries.length;
  const [name, at] = entries[from] as [string, number];
  for (const backwards of [false, true]) {
    for (const count of [0, 1, 3, entries.length]) {
      expect(walked(packed, from, count, backwards)).toEqual(walked(tree, from, count, backwards));
    }
  }
  expect(packed.countBefore((one) => one <= at)).toBe(tree.countBefore((one) => one <= at));
  expect(packed.countBefore((one) => one < at)).toBe(tree.countBefore((one) => one < at));
  expect(packed.countBeforeMember((one) => one < name)).toBe(tree.countBeforeMember((one) => one < name));
}

describe("packed scores", () => {
  it("do what a tree of the same members does", () => {
    fc.assert(
      fc.property(changes, (all) => {
        const packed = new PackedScores();
        const tree = new ScoreTree();
        for (const change of all) {
          const known = tree.search(change.member);
          if (change.kind === "set" && known !== undefined) {
            packed.change(known, change.member, change.score);
            tree.change(known, change.member, change.score);
          } else if (change.kind === "set" && packed.mayAdd(change.member)) {
            packed.insert(change.score, change.member);
            tree.insert(change.score, change.member);
          } else if (change.kind === "remove") {
            expect(packed.remove(change.score, change.member)).toBe(tree.remove(change.score, change.member));
            if (known !== undefined) {
              expect(packed.remove(known, change.member)).toBe(tree.remove(known, change.member));
            }
          } else if (change.kind === "removeRanks" && tree.size > 2) {
            const rank = change.rank % (tree.size - 1);
            packed.removeRanks(rank, 2);
            tree.removeRanks(rank, 2);
          }
          expectSame(packed, tree, change.rank);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("leave a copy, and whoever reads, with what they had", () => {
    const packed = new PackedScores();
    for (const [at, name] of ["a", "b", "c"].entries()) packed.insert(at, name);
    const copy = packed.clone();
    const entries = packed.entries();
    expect(entries.next().value).toEqual(["a", 0]);
    packed.removeRanks(0, 2);
    packed.change(2, "c", 7);
    expect([...packed.entries()]).toEqual([["c", 7]]);
    expect([...entries]).toEqual([
      ["b", 1],
      ["c", 2],
    ]);
    expect([...copy.entries()].map(([name]) => name)).toEqual(["a", "b", "c"]);
  });

  it("take 128 members of 4 KB in all, and no more", () => {
    const small = new PackedScores();
    for (let at = 0; at < 128; at += 1) {
      expect(small.mayAdd(`${at}`)).toBe(true);
      small.insert(at, `${at}`);
    }
    expect(small.mayAdd("one more")).toBe(false);
    const long = new PackedScores();
    for (let at = 0; long.mayAdd(`${at}`.padStart(1000)); at += 1) long.insert(at, `${at}`.padStart(1000));
    expect(long.size).toBe(4);
  });
});
