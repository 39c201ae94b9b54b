import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Latin1Buffer } from "../../../src/base/latin1.ts";
import { limitListNodes } from "../../../src/core/keyspace/encoding-limits.ts";
import { type ListEnd, ListValue } from "../../../src/core/keyspace/list-value.ts";
import { bulkHeader } from "../../../src/protocol/resp/reply.ts";
import { heapUsed } from "../../heap-used.ts";

/** Short ones, ones of which few fit a node, and ones that need a node of their own. */
const element = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "", "\x00\xff", "hello") },
  { weight: 3, arbitrary: fc.constantFrom("m".repeat(126), "n".repeat(127), "o".repeat(3000)) },
  { weight: 1, arbitrary: fc.constantFrom("p".repeat(9000), "q".repeat(40_000)) },
);
const end = fc.constantFrom<ListEnd>("first", "last");
const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

type Change = (list: ListValue, model: string[]) => void;

const push = fc.tuple(end, element, fc.constantFrom(1, 3, 20, 200, 700), fc.boolean()).map(
  ([to, value, times, asBytes]): Change =>
    (list, model) => {
      for (let left = times; left > 0; left -= 1) {
        pushed(list, to, `${value}${left % 3}`, asBytes);
        if (to === "first") model.unshift(`${value}${left % 3}`);
        else model.push(`${value}${left % 3}`);
      }
    },
);

/** As a command's argument, or out of the bytes of a request. */
function pushed(list: ListValue, to: ListEnd, element: string, asBytes: boolean): void {
  if (!asBytes) {
    list.push(to, element);
    return;
  }
  const before = `before${bulkHeader(element.length)}`;
  const bytes = Buffer.from(`${before + element}\r\nbehind`, "latin1") as Latin1Buffer;
  list.pushBytes(to, bytes, before.length, before.length + element.length);
}

const pop = fc.tuple(end, fc.constantFrom(1, 2, 30, 400)).map(
  ([from, times]): Change =>
    (list, model) => {
      for (let left = times; left > 0; left -= 1) {
        expect(list.pop(from)).toBe(from === "first" ? model.shift() : model.pop());
      }
    },
);

const set = fc.tuple(part, element).map(
  ([at, value]): Change =>
    (list, model) => {
      if (model.length === 0) return;
      const index = Math.floor(at * model.length);
      expect(list.at(index)).toBe(model[index]);
      list.set(index, value);
      model[index] = value;
    },
);

const insert = fc.tuple(part, element, fc.boolean(), fc.constantFrom(1, 5, 600)).map(
  ([at, value, after, times]): Change =>
    (list, model) => {
      const pivot = model[Math.floor(at * model.length)];
      if (pivot === undefined) {
        expect(list.find("not there")).toBeUndefined();
        return;
      }
      for (let left = times; left > 0; left -= 1) {
        const place = list.find(pivot);
        if (place === undefined) throw new Error("the pivot is there");
        list.insert(place, value, after);
        model.splice(model.indexOf(pivot) + Number(after), 0, value);
      }
    },
);

const remove = fc.tuple(part, end, fc.constantFrom(1, 2, 100, Number.POSITIVE_INFINITY)).map(
  ([at, from, limit]): Change =>
    (list, model) => {
      const value = model[Math.floor(at * model.length)] ?? "not there";
      const indexes = [...model.keys()].filter((index) => model[index] === value);
      const chosen = new Set((from === "first" ? indexes : indexes.reverse()).slice(0, limit));
      expect(list.remove(value, limit, from)).toBe(chosen.size);
      model.splice(0, model.length, ...model.filter((_, index) => !chosen.has(index)));
    },
);

const trim = fc.tuple(part, part).map(
  ([from, size]): Change =>
    (list, model) => {
      const start = Math.floor(from * model.length);
      const count = Math.ceil(size * (model.length - start));
      list.trim(start, count);
      model.splice(0, model.length, ...model.slice(start, start + count));
    },
);

const changes = fc.array(fc.oneof(push, push, pop, set, insert, remove, trim), {
  maxLength: 25,
  size: "max",
});

/** Bytes of the heap that each of many lists takes. */
function bytesOfEach(make: () => ListValue): number {
  const lists = new Array<ListValue | null>(1000).fill(null);
  for (let at = 0; at < 4 * lists.length; at += 1) lists[at % lists.length] = make();
  lists.fill(null);
  const before = heapUsed();
  for (let at = 0; at < lists.length; at += 1) lists[at] = make();
  const bytes = (heapUsed() - before) / lists.length;
  expect(lists).not.toContain(null);
  return bytes;
}

function listOf(count: number): ListValue {
  const list = new ListValue();
  for (let at = 0; at < count; at += 1) list.push("last", `an element ${at}`);
  return list;
}

describe("a list", () => {
  it("takes hardly more than its elements while it is short, and gives back what they took", () => {
    expect(bytesOfEach(() => listOf(100))).toBeLessThan(2000);
    const emptied = (end: ListEnd) => (): ListValue => {
      const list = listOf(100);
      while (list.size > 1) list.pop(end);
      return list;
    };
    for (const end of ["first", "last"] as const) expect(bytesOfEach(emptied(end))).toBeLessThan(400);
  });

  it.each([3, 20, 200])("of many elements of %i bytes is accounted for as what it takes", (length) => {
    const element = "e".repeat(length);
    const taken = (): number => heapUsed() + process.memoryUsage().arrayBuffers;
    taken();
    const before = taken();
    const list = new ListValue();
    for (let at = 0; at < 4e6 / length; at += 1) list.push("last", element);
    const bytes = taken() - before;
    expect(list.bytes).toBeGreaterThan(bytes * 0.8);
    expect(list.bytes).toBeLessThan(bytes * 1.25);
  });

  it("behaves as an array does, whatever nodes it is cut into", () => {
    fc.assert(
      fc.property(changes, part, part, (all, from, size) => {
        const list = new ListValue();
        const model: string[] = [];
        for (const change of all) change(list, model);
        expect(list.size).toBe(model.length);
        expect([...list.elements()]).toEqual(model);
        expect([...list.elements("last")]).toEqual([...model].reverse());
        const start = Math.floor(from * model.length);
        const count = Math.ceil(size * model.length);
        expect([...list.runs(start, count)].flat()).toEqual(model.slice(start, start + count));
      }),
      { numRuns: 300 },
    );
  });

  it("does so with nodes of 64 KB, which are too long to be packed", () => {
    limitListNodes(-5);
    onTestFinished(() => limitListNodes(-2));
    const list = new ListValue();
    const elements = Array.from({ length: 12 }, (_, at) => `${at}`.padStart(33_000, "x"));
    for (const each of elements) list.push("last", each);
    list.set(5, "short");
    expect([...list.elements()]).toEqual(elements.toSpliced(5, 1, "short"));
  });

  it("and its copy share nothing that changes", () => {
    fc.assert(
      fc.property(changes, changes, (before, after) => {
        const list = new ListValue();
        const model: string[] = [];
        for (const change of before) change(list, model);
        const copy = list.clone();
        const kept = [...model];
        for (const change of after) change(list, model);
        expect([...copy.elements()]).toEqual(kept);
        expect(copy.size).toBe(kept.length);
        expect([...list.elements()]).toEqual(model);
      }),
      { numRuns: 100 },
    );
  });

  it("has a digest that depends on the order", () => {
    const digest = (...elements: string[]): string => {
      const list = new ListValue();
      for (const each of elements) list.push("last", each);
      return list.digest().toString("hex");
    };
    expect(digest("a", "b")).toBe(digest("a", "b"));
    expect(digest("a", "b")).not.toBe(digest("b", "a"));
    expect(digest("ab", "c")).not.toBe(digest("a", "bc"));
  });

  it("that many elements were inserted into at one place stays cheap to index", () => {
    const list = new ListValue();
    list.push("last", "pivot");
    list.push("last", "end");
    for (let left = 20_000; left > 0; left -= 1) {
      const place = list.find("pivot");
      if (place === undefined) throw new Error("the pivot is there");
      list.insert(place, "x", left % 2 === 0);
      if (left % 2 === 1) list.pop("first");
    }
    expect(list.nodeCount).toBeLessThan(200);
  });
});
