/** The checker is checked: histories made by hand, and small random ones against every order there is. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Action, checkKey, type TimedOperation } from "../../cluster/chaos/linearizability.ts";

const OPEN = Number.POSITIVE_INFINITY;

/** One operation: asked at, heard at, what, and the answer. */
type Line = readonly [asked: number, heard: number, action: Action, result?: string | null];

function operations(lines: readonly Line[]): TimedOperation[] {
  return lines.map(([asked, heard, action, result], at) => ({
    id: at + 1,
    action,
    asked,
    askedAtMs: asked,
    heard,
    heardAtMs: heard,
    result: result ?? null,
  }));
}

const get: Action = { kind: "get" };
const incr: Action = { kind: "incr" };
const set = (value: string): Action => ({ kind: "set", value });
const cas = (expected: string | null, value: string): Action => ({ kind: "cas", expected, value });

const isLinearizable = (...lines: Line[]): boolean => checkKey(operations(lines)).ok;

describe("histories that some order explains", () => {
  it.each<[string, Line[]]>([
    ["nothing at all", []],
    ["a read of nothing", [[1, 2, get]]],
    [
      "a read while a write is under way may see it, or not",
      [
        [1, 6, set("a"), "OK"],
        [2, 3, get],
        [4, 5, get, "a"],
      ],
    ],
    [
      "two writes at once, in either order",
      [
        [1, 4, set("a"), "OK"],
        [2, 3, set("b"), "OK"],
        [5, 6, get, "a"],
      ],
    ],
    [
      "a write without an answer that was seen",
      [
        [1, OPEN, set("a")],
        [2, 3, get],
        [4, 5, get, "a"],
      ],
    ],
    [
      "a write without an answer that was never seen",
      [
        [1, OPEN, set("a")],
        [2, 3, get],
        [4, 5, get],
      ],
    ],
    [
      "increments without an answer that took effect late",
      [
        [1, OPEN, incr],
        [2, OPEN, incr],
        [3, 4, incr, "1"],
        [5, 6, get, "3"],
      ],
    ],
    [
      "a swap that fits",
      [
        [1, 2, set("a"), "OK"],
        [3, 4, cas("a", "b"), "ok"],
        [5, 6, get, "b"],
      ],
    ],
    [
      "a swap that failed, of which nothing more is known",
      [
        [1, 2, set("a"), "OK"],
        [3, 4, cas("a", "b"), null],
        [5, 6, get, "a"],
      ],
    ],
    [
      "an old read of a replica",
      [
        [1, 2, set("a"), "OK"],
        [3, 4, set("b"), "OK"],
        [0, 5, get, "a"],
      ],
    ],
  ])("%s", (_, lines) => {
    expect(isLinearizable(...lines)).toBe(true);
  });
});

describe("histories that no order explains", () => {
  it.each<[string, Line[]]>([
    [
      "an acknowledged write that is lost",
      [
        [1, 2, set("a"), "OK"],
        [3, 4, get],
      ],
    ],
    ["a value that was never written", [[1, 2, get, "a"]]],
    [
      "a stale read",
      [
        [1, 2, set("a"), "OK"],
        [3, 4, set("b"), "OK"],
        [5, 6, get, "a"],
      ],
    ],
    [
      "a read that is taken back",
      [
        [1, OPEN, set("a")],
        [2, 3, get, "a"],
        [4, 5, get],
      ],
    ],
    [
      "an increment that happened twice",
      [
        [1, 2, incr, "1"],
        [3, 4, get, "2"],
      ],
    ],
    [
      "two increments with one answer",
      [
        [1, 4, incr, "1"],
        [2, 3, incr, "1"],
      ],
    ],
    [
      "more increments than were asked",
      [
        [1, OPEN, incr],
        [2, 3, get, "2"],
      ],
    ],
    [
      "a swap of a value that was gone",
      [
        [1, 2, set("a"), "OK"],
        [3, 4, set("b"), "OK"],
        [5, 6, cas("a", "c"), "ok"],
      ],
    ],
    [
      "two swaps of one value",
      [
        [1, 2, set("a"), "OK"],
        [3, 6, cas("a", "b"), "ok"],
        [4, 5, cas("a", "c"), "ok"],
      ],
    ],
    [
      "a replica that shows what was never there",
      [
        [1, 2, set("a"), "OK"],
        [0, 5, get, "b"],
      ],
    ],
  ])("%s", (_, lines) => {
    expect(isLinearizable(...lines)).toBe(false);
  });

  it("names an operation that cannot be placed", () => {
    const verdict = checkKey(
      operations([
        [1, 2, set("a"), "OK"],
        [3, 4, get, "a"],
        [5, 6, get],
      ]),
    );
    expect(verdict).toMatchObject({ ok: false, stuckAt: { id: 3 } });
  });
});

describe("against every order there is", () => {
  const values = ["a", "b", "c", "d", "e"];
  const line = fc.record({
    kind: fc.constantFrom("get", "set", "cas"),
    length: fc.integer({ min: 1, max: 7 }),
    from: fc.integer({ min: 0, max: 10 }),
    seen: fc.constantFrom(null, ...values),
    isOpen: fc.boolean(),
    fails: fc.boolean(),
  });

  it("finds the same verdict", () => {
    let good = 0;
    let bad = 0;
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: values.length }), (drawn) => {
        const lines = drawn.map((one, at): Line => {
          const heard = one.isOpen && one.kind !== "get" ? OPEN : 2 * (one.from + one.length) + at / 10;
          const asked = 2 * one.from + at / 10 + 0.01;
          const value = values[at] as string;
          if (one.kind === "get") return [asked, heard, get, one.seen];
          if (one.kind === "set") return [asked, heard, set(value), "OK"];
          return [asked, heard, cas(one.seen, value), one.fails || heard === OPEN ? null : "ok"];
        });
        const all = operations(lines);
        const expected = someOrderExplains(all, null);
        if (expected) good++;
        else bad++;
        expect(checkKey(all).ok).toBe(expected);
      }),
      { numRuns: 3000, seed: 1 },
    );
    // Otherwise the two might agree on nothing but easy cases.
    expect(Math.min(good, bad)).toBeGreaterThan(300);
  });
});

/** Tries every order, without any cleverness. */
function someOrderExplains(left: readonly TimedOperation[], state: string | null): boolean {
  if (left.every(({ heard }) => heard === OPEN)) return true;
  const firstHeard = Math.min(...left.map(({ heard }) => heard));
  return left.some((operation) => {
    if (operation.asked > firstHeard) return false;
    const after = applied(operation, state);
    return (
      after !== undefined &&
      someOrderExplains(
        left.filter((one) => one !== operation),
        after,
      )
    );
  });
}

function applied({ action, result, heard }: TimedOperation, state: string | null): string | null | undefined {
  switch (action.kind) {
    case "get":
      return state === result ? state : undefined;
    case "set":
      return action.value;
    case "cas":
      if (heard !== OPEN && result === null) return state;
      return state === action.expected ? action.value : undefined;
    case "incr":
      return String(Number(state ?? "0") + 1);
    default:
      return action satisfies never;
  }
}
