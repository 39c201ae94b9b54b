import { describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { HashValue } from "../../../src/core/keyspace/hash-value.ts";
import { SetValue } from "../../../src/core/keyspace/set-value.ts";
import type { Collection } from "../../../src/core/keyspace/value.ts";
import { ZsetValue } from "../../../src/core/keyspace/zset-value.ts";

/** In one piece, in several, in shards with several. */
const SIZES: readonly number[] = [5, 20, 600, 20_000];

interface Kind<Value extends Collection> {
  readonly create: () => Value;
  /** A small change; which one follows from `random` alone. */
  readonly change: (value: Value, random: SeededRandomness, range: number) => void;
}

const SETS: Kind<SetValue> = {
  create: () => new SetValue(),
  change: (set, random, range) => {
    const member = `m${random.below(range)}`;
    if (random.below(3) === 0) set.delete(member);
    else set.add(member);
  },
};

const HASHES: Kind<HashValue> = {
  create: () => new HashValue(),
  change: (hash, random, range) => {
    const field = `f${random.below(range)}`;
    if (random.below(3) === 0) hash.delete(field);
    else hash.set(field, `v${random.below(10)}`);
  },
};

const ZSETS: Kind<ZsetValue> = {
  create: () => new ZsetValue(),
  change: (zset, random, range) => {
    const member = `m${random.below(range)}`;
    const known = zset.score(member);
    if (random.below(3) === 0) zset.delete(member);
    // By a little, which may change a score in its place, or to anywhere.
    else if (known !== undefined && random.below(2) === 0) zset.set(member, known + 0.01, known);
    else zset.set(member, random.below(range) / 4, known);
  },
};

function grow<Value extends Collection>({ create, change }: Kind<Value>, size: number): Value {
  const value = create();
  alter(value, change, size, 1);
  return value;
}

function alter<Value extends Collection>(
  value: Value,
  change: Kind<Value>["change"],
  size: number,
  seed: number,
): void {
  const random = new SeededRandomness(seed);
  for (let step = 0; step < size * 2; step += 1) change(value, random, size);
}

/** The whole of it, in its order, and what it is accounted for. */
function stateOf(value: Collection): unknown {
  const pieces = [...value.rebuild("key")].join("");
  return [pieces, value.digest().toString("hex"), value.size, value.bytes, value.encoding];
}

function behavesAsItsOwn<Value extends Collection>(kind: Kind<Value>, size: number): void {
  const value = grow(kind, size);
  const before = stateOf(value);
  const clone = value.clone() as Value;
  const cloneOfClone = clone.clone() as Value;
  expect(stateOf(clone)).toEqual(before);

  // Each changes as one that was never cloned would, and none sees the others' changes.
  alter(clone, kind.change, size, 2);
  expect(stateOf(value)).toEqual(before);
  alter(value, kind.change, size, 3);
  for (const [changed, seed] of [
    [clone, 2],
    [value, 3],
  ] as const) {
    const model = grow(kind, size);
    alter(model, kind.change, size, seed);
    expect(stateOf(changed)).toEqual(stateOf(model));
  }
  expect(stateOf(cloneOfClone)).toEqual(before);
}

describe("a clone, as COPY makes it", () => {
  it.each(SIZES)("of a set of %d shares nothing that changes", (size) => behavesAsItsOwn(SETS, size));
  it.each(SIZES)("of a hash of %d shares nothing that changes", (size) => behavesAsItsOwn(HASHES, size));
  it.each(SIZES)("of a sorted set of %d shares nothing that changes", (size) => behavesAsItsOwn(ZSETS, size));

  it("of a sorted set of many finds every member by rank from either end", () => {
    const zset = grow(ZSETS, 20_000);
    const clone = zset.clone();
    const forwards: string[] = [];
    const backwards: string[] = [];
    clone.walk(0, clone.size, false, (_score, member) => forwards.push(member));
    clone.walk(clone.size - 1, clone.size, true, (_score, member) => backwards.push(member));
    expect(forwards).toEqual([...zset.entries()].map(([member]) => member));
    expect(backwards).toEqual(forwards.toReversed());
  });

  it.each([
    ["set", SETS.create(), (value: SetValue, at: number) => value.add(`m${at}`)],
    ["hash", HASHES.create(), (value: HashValue, at: number) => value.set(`f${at}`, "v")],
    ["sorted set", ZSETS.create(), (value: ZsetValue, at: number) => value.set(`m${at}`, at, undefined)],
  ] as const)("of a %s of many costs far less than building it", (_name, value, add) => {
    const many = 200_000;
    const addTo = add as (value: Collection, at: number) => unknown;
    const building = timeOf(() => {
      for (let at = 0; at < many; at += 1) addTo(value, at);
    });
    const cloning = Math.min(...Array.from({ length: 3 }, () => timeOf(() => value.clone())));
    expect(cloning).toBeLessThan(building / 4);
  });
});

function timeOf(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}
