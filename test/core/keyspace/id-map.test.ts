import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exact } from "../../../src/core/keyspace/exact-integer.ts";
import { IdMap } from "../../../src/core/keyspace/id-map.ts";
import {
  compareIds,
  formatId,
  ID_MAX,
  ID_ZERO,
  type StreamId,
} from "../../../src/core/keyspace/stream-id.ts";

const part = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(exact) },
);
const id: fc.Arbitrary<StreamId> = fc.record({ ms: part, seq: part });

/** The same map, kept simply. */
class Model {
  readonly all = new Map<string, { id: StreamId; value: number }>();

  sorted(): { id: StreamId; value: number }[] {
    return [...this.all.values()].sort((one, other) => compareIds(one.id, other.id));
  }
}

/** IDs in order, as most are added. */
function ascending(from: number, count: number): StreamId[] {
  return Array.from({ length: count }, (_, at) => ({ ms: from + at, seq: 0 }));
}

function check(map: IdMap<number>, model: Model, probe: StreamId): void {
  const sorted = model.sorted();
  expect([...map.from()]).toEqual(sorted);
  expect([...map.from(probe)]).toEqual(sorted.filter((one) => compareIds(one.id, probe) >= 0));
  const before = sorted.filter((one) => compareIds(one.id, probe) <= 0).reverse();
  expect([...map.backwards(probe)]).toEqual(before);
  expect(map.floor(probe)).toEqual(before[0]);
  expect(map.get(probe)).toBe(model.all.get(formatId(probe))?.value);
  expect([map.first(), map.last(), map.size]).toEqual([sorted[0], sorted.at(-1), sorted.length]);
}

describe("a map by stream ID", () => {
  it("holds what a sorted list would, whatever is set and deleted, in leaves that split and join", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("set" as const), id, value: fc.nat() }),
      fc.record({ kind: fc.constant("delete" as const), id, value: fc.nat() }),
      fc.record({
        kind: fc.constantFrom("fill" as const, "clear" as const),
        id,
        value: fc.nat({ max: 3000 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15, size: "max" }), id, (steps, probe) => {
        const map = new IdMap<number>();
        const model = new Model();
        const set = (one: StreamId, value: number): void => {
          map.set(one, value);
          model.all.set(formatId(one), { id: one, value });
        };
        for (const { kind, id: one, value } of steps) {
          if (kind === "set") set(one, value);
          else if (kind === "delete") expect(map.delete(one)).toBe(model.all.delete(formatId(one)));
          else
            for (const each of ascending(value, 600)) {
              if (kind === "fill") set(each, value);
              else expect(map.delete(each)).toBe(model.all.delete(formatId(each)));
            }
        }
        check(map, model, probe);
      }),
      { numRuns: 25 },
    );
  });

  it("compares IDs beyond 2^53 exactly", () => {
    const map = new IdMap<string>();
    const great = { ms: 9007199254740993n, seq: 1 };
    map.set(great, "great");
    map.set({ ms: 9007199254740992n, seq: 1 }, "less");
    map.set(ID_MAX, "last");
    expect([...map.from(great)].map(({ value }) => value)).toEqual(["great", "last"]);
    expect(map.get({ ms: 9007199254740994n, seq: 1 })).toBeUndefined();
  });

  it("is empty at first", () => {
    const map = new IdMap<number>();
    expect([map.first(), map.last(), map.lastValue(), map.floor(ID_MAX), map.size]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      0,
    ]);
    expect([...map.from(), ...map.backwards(ID_MAX)]).toEqual([]);
    expect(map.delete(ID_ZERO)).toBe(false);
  });
});
