/** Hashes beside a Map that does the same, small ones and those that have outgrown the packed form. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HashValue } from "../../../src/core/keyspace/hash-value.ts";

/** Lengths on both sides of what one, two and no packed field has room for. */
const lengths = fc.constantFrom(0, 1, 13, 64, 65, 127, 128, 255, 256, 4000, 8180, 9000);
const texts = fc
  .tuple(lengths, fc.constantFrom("a", "é", "\0", "\x7f", "\x80", "\xff"))
  .map(([length, letter]) => letter.repeat(length));
const names = fc.oneof(
  texts,
  fc.nat(200).map((number) => `field:${number}`),
);
const changes = fc.oneof(
  { weight: 3, arbitrary: fc.record({ set: names, to: texts }) },
  { weight: 1, arbitrary: fc.record({ delete: names }) },
);

function applied(hash: HashValue, model: Map<string, string>, change: object): void {
  if ("set" in change) {
    const { set, to } = change as { set: string; to: string };
    expect(hash.set(set, to)).toBe(!model.has(set));
    model.set(set, to);
  } else {
    const { delete: field } = change as { delete: string };
    expect(hash.delete(field)).toBe(model.delete(field));
  }
}

function expectEqual(hash: HashValue, model: ReadonlyMap<string, string>): void {
  expect(new Map(hash.entries())).toEqual(model);
  expect(hash.size).toBe(model.size);
  for (const [field, value] of model) {
    expect(hash.get(field)).toBe(value);
    expect(hash.has(field)).toBe(true);
  }
}

describe("a hash", () => {
  it("holds what a Map would, whatever is set and deleted", () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 300, size: "max" }), names, (all, absent) => {
        const hash = new HashValue();
        const model = new Map<string, string>();
        for (const change of all) applied(hash, model, change);
        expectEqual(hash, model);
        model.delete(absent);
        hash.delete(absent);
        expect(hash.has(absent)).toBe(false);
        expect(hash.get(absent)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("shares nothing with a copy that either of them may change", () => {
    fc.assert(
      fc.property(fc.array(changes), fc.array(changes), fc.array(changes), (before, left, right) => {
        const hash = new HashValue();
        const model = new Map<string, string>();
        for (const change of before) applied(hash, model, change);
        const copy = hash.clone();
        const copyModel = new Map(model);
        for (const change of left) applied(hash, model, change);
        for (const change of right) applied(copy, copyModel, change);
        expectEqual(hash, model);
        expectEqual(copy, copyModel);
      }),
      { numRuns: 200 },
    );
  });

  it("has its fields in the order in which they came, also when one gets another value", () => {
    const hash = new HashValue();
    for (const [field, value] of ["b1", "a2", "c3", "a4"]) hash.set(field as string, value as string);
    hash.delete("b");
    hash.set("b", "5");
    expect([...hash.entries()].map((entry) => entry.join(""))).toEqual(["a4", "c3", "b5"]);
  });

  it("stays packed when a field gets another value, however full it is", () => {
    const hash = new HashValue();
    for (let at = 0; at < 128; at += 1) hash.set(`field:${at}`, "v");
    const { bytes } = hash;
    for (let at = 0; at < 128; at += 1) hash.set(`field:${at}`, "w");
    expect(hash.bytes).toBe(bytes);
  });

  it("tells fields apart of which one begins as the other does, or looks as if packed", () => {
    const hash = new HashValue();
    for (const field of ["ab", "a", "", "\x02ab", "abc"]) hash.set(field, `value of ${field}`);
    for (const field of ["ab", "a", "", "\x02ab", "abc"]) expect(hash.get(field)).toBe(`value of ${field}`);
    expect(hash.has("value of a")).toBe(false);
    expect(hash.has("b")).toBe(false);
  });
});
