import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { Harness, replayed } from "./harness.ts";
import { FAMILIES } from "./random-families.ts";

const key = fc.constantFrom("a", "b", "c", "d");
/** What the other families leave out because Redis would run on another clock: short lives. */
const shortLived = fc.oneof(
  fc.tuple(fc.constant("SET"), key, fc.constant("v"), fc.constant("PX"), fc.constantFrom("1", "5", "20")),
  fc.tuple(fc.constant("PEXPIRE"), key, fc.constantFrom("1", "5", "20")),
  fc.tuple(fc.constant("GETEX"), key, fc.constant("PX"), fc.constantFrom("1", "5", "20")),
  fc.tuple(fc.constant("WATCH"), key),
);
const anyCommand = fc.oneof(...Object.values(FAMILIES), shortLived);

type Step =
  | { readonly kind: "command"; readonly argv: string[]; readonly client: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "expire"; readonly budget: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      argv: anyCommand,
      client: fc.nat({ max: 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 10 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("expire" as const), budget: fc.integer({ min: 1, max: 3 }) }),
  },
);
const steps = fc.array(step, { minLength: 1, maxLength: 60, size: "max" });

function play(harness: Harness, all: readonly Step[]): void {
  const clients = [harness.session, harness.connect()];
  for (const one of all) {
    if (one.kind === "command") harness.execute(one.argv, clients[one.client]);
    else if (one.kind === "pass") harness.keyspace.nowMs += one.ms;
    else harness.expire(one.budget);
  }
}

describe("effects", () => {
  it("replayed on another keyspace lead to the same state, whatever expired meanwhile", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const harness = new Harness();
        play(harness, all);
        expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
      }),
      { numRuns: 500 },
    );
  });

  it("replayed from any slice of a snapshot on lead to the same state", () => {
    fc.assert(
      fc.property(steps, steps, steps, fc.integer({ min: 1, max: 200 }), (before, during, after, budget) => {
        const harness = new Harness();
        play(harness, before);
        const atBegin = harness.keyspace.digest();
        const records = harness.log.length;
        const cursor = harness.keyspace.beginSnapshot();
        const slices: Buffer[] = [];
        const changes = during.values();
        for (let slice = cursor.nextSlice(budget); slice !== undefined; slice = cursor.nextSlice(budget)) {
          slices.push(slice);
          const change = changes.next();
          if (!change.done) play(harness, [change.value]);
        }
        play(harness, after);

        const rebuilt = new Harness();
        let db = 0;
        for (const slice of slices) db = rebuilt.dispatcher.replay(slice, db, 0 as Offset);
        expect(rebuilt.keyspace.digest()).toBe(atBegin);

        for (const { db: start, effects, offset } of harness.log.slice(records)) {
          rebuilt.dispatcher.replay(effects, start, offset);
        }
        expect(rebuilt.keyspace.digest()).toBe(harness.keyspace.digest());
      }),
      { numRuns: 300 },
    );
  });

  it("stop the process when they cannot be replayed", () => {
    const harness = new Harness();
    expect(() => harness.dispatcher.replay("*2\r\n$6\r\nNOSUCH\r\n$1\r\na\r\n", 0, 1 as Offset)).toThrow(
      /S11/,
    );
    expect(() => harness.dispatcher.replay("*2\r\n$4\r\nINCR\r\n", 0, 1 as Offset)).toThrow();
  });
});
