/** A table of keys beside a Map, with keys and values of all sizes: what is in blocks, and what is not. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { HashValue } from "../../../src/core/keyspace/hash-value.ts";
import { ABSENT, KeyTable } from "../../../src/core/keyspace/key-table.ts";
import type { Value } from "../../../src/core/keyspace/value.ts";
import { heapUsed } from "../../heap-used.ts";

/** What a key is known by; each number another one. Some are too long for a block. */
function keyOf(number: number): string {
  return number % 7 === 0 ? `${number}`.padStart(470 + number, "k") : `${number}`.repeat(number % 5);
}

interface Held {
  value: Value;
  expireAtMs: number;
  changedAt: number;
  usedSec: number;
  frequency: number;
  mark: number;
}

const number = fc.integer({ min: 1, max: 40 });
const value = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 60 }).map((length) => "v".repeat(length)) },
  { weight: 2, arbitrary: fc.nat({ max: 600 }).map((length) => "\xff".repeat(length)) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const changes = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("set" as const), number, value }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), number }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("expiry" as const), number, atMs: fc.nat({ max: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("note" as const), number, noted: fc.nat() }) },
  ),
  { maxLength: 150, size: "max" },
);

function expectSame(table: KeyTable, model: ReadonlyMap<string, Held>): void {
  expect(table.size).toBe(model.size);
  expect(new Set([...table.walk()].map((at) => table.keyAt(at)))).toEqual(new Set(model.keys()));
  expect(table.expiries.size).toBe([...model.values()].filter(({ expireAtMs }) => expireAtMs !== 0).length);
  for (const [key, held] of model) {
    const at = table.find(key);
    expect(table.keyAt(at)).toBe(key);
    expect(table.valueAt(at)).toBe(held.value);
    expect(table.entryAt(at)).toEqual({
      value: held.value,
      expireAtMs: held.expireAtMs,
      usedSec: held.usedSec,
      frequency: held.frequency,
    });
    expect([table.changedAt(at), table.snapshotMark(at)]).toEqual([held.changedAt, held.mark]);
  }
  for (let absent = 1; absent <= 41; absent += 1) {
    if (!model.has(keyOf(absent))) expect(table.find(keyOf(absent))).toBe(ABSENT);
  }
}

describe("a table of keys", () => {
  it("holds what a Map would, wherever keys and values are kept", () => {
    fc.assert(
      fc.property(changes, (all) => {
        const table = new KeyTable();
        const model = new Map<string, Held>();
        for (const [step, change] of all.entries()) {
          const key = keyOf(change.number);
          const at = table.find(key);
          const held = model.get(key);
          expect(at === ABSENT).toBe(held === undefined);
          if (change.kind === "set") {
            const set = change.value ?? new HashValue();
            if (held === undefined) {
              const changedAt = step * 2 ** 40 + 2 ** 31;
              table.add(key, set, changedAt as Offset, step, step);
              model.set(key, {
                value: set,
                expireAtMs: 0,
                changedAt,
                usedSec: step,
                frequency: 5,
                mark: step,
              });
            } else {
              const now = table.setValue(at, set);
              held.value = set;
              expect(table.find(key)).toBe(now);
            }
          } else if (held !== undefined) {
            if (change.kind === "remove") {
              table.setExpiry(at, 0);
              table.remove(at);
              model.delete(key);
            } else if (change.kind === "expiry") {
              expect(table.setExpiry(at, change.atMs)).toBe(held.expireAtMs !== 0);
              held.expireAtMs = change.atMs;
            } else {
              Object.assign(held, {
                changedAt: change.noted * 2 ** 20,
                usedSec: change.noted,
                frequency: change.noted % 256,
                mark: change.noted,
              });
              table.setChangedAt(at, held.changedAt as Offset);
              table.setUsed(at, held.usedSec);
              table.setForm(at, change.noted % 4);
              table.setFrequency(at, held.frequency);
              table.setSnapshotMark(at, held.mark);
              expect(table.form(at)).toBe(change.noted % 4);
            }
          }
          const { expiries } = table;
          if (expiries.size > 0) {
            const first = table.keyAt(expiries.keyOf(expiries.first()));
            const earliest = Math.min(...[...model.values()].map(({ expireAtMs }) => expireAtMs || Infinity));
            expect(model.get(first)?.expireAtMs).toBe(earliest);
          }
        }
        expectSame(table, model);
      }),
      { numRuns: 500 },
    );
  });

  it("names each key that is there throughout a walk, and in the pages of a scan, while others come, go and change size", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 99 }), { minLength: 100, maxLength: 100 }), (numbers) => {
        const table = new KeyTable();
        const put = (key: string, length: number): void => {
          const at = table.find(key);
          if (at === ABSENT) table.add(key, "v".repeat(length), 0 as Offset, 0, 0);
          else table.setValue(at, "v".repeat(length));
        };
        const churn = (at: number): void => {
          const chosen = numbers[at % 100] as number;
          put(`new:${at}`, chosen);
          put(`stays:${chosen % 50}`, chosen * 6);
          const gone = table.find(`goes:${chosen % 50}`);
          if (gone !== ABSENT) table.remove(gone);
        };
        for (let at = 0; at < 50; at += 1) for (const name of ["stays", "goes"]) put(`${name}:${at}`, at);
        const walked = new Set<string>();
        let step = 0;
        for (const at of table.walk()) {
          walked.add(table.keyAt(at));
          churn(step++);
        }
        const scanned = new Set<string>();
        let cursor = 0;
        do {
          const page = table.scan(cursor, 7);
          for (const at of page.addresses) scanned.add(table.keyAt(at));
          cursor = page.cursor;
          churn(step++);
        } while (cursor !== 0);
        for (let at = 0; at < 50; at += 1) {
          expect(walked).toContain(`stays:${at}`);
          expect(scanned).toContain(`stays:${at}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("does not hold a long key that was looked for", () => {
    const table = new KeyTable();
    const look = (): number => table.find("k".repeat(10_000_000));
    const before = heapUsed();
    expect(look()).toBe(ABSENT);
    expect(heapUsed() - before).toBeLessThan(5_000_000);
    expect(table.size).toBe(0);
  });

  it("keeps tens of thousands of keys in several pages, and is empty again", () => {
    const table = new KeyTable();
    const key = (at: number): string => `key:${at}`;
    for (let at = 0; at < 60_000; at += 1) table.add(key(at), `value ${at}`, 0 as Offset, 0, 0);
    for (let at = 0; at < 60_000; at += 2) table.remove(table.find(key(at)));
    for (let at = 0; at < 60_000; at += 1) {
      const address = table.find(key(at));
      if (at % 2 === 0) expect(address).toBe(ABSENT);
      else expect(table.valueAt(address)).toBe(`value ${at}`);
    }
    for (let at = 1; at < 60_000; at += 2) table.remove(table.find(key(at)));
    expect([...table.walk()]).toEqual([]);
  });
});
