/** A field table beside a Map, and its scans while it changes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LongText } from "../../../src/base/long-text.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { type EntryPart, FieldTable } from "../../../src/core/keyspace/field-table.ts";
import { bulk } from "../../../src/protocol/resp/reply.ts";

/** Of fields and values: empty, whole words or not, up to what a block holds and beyond. */
const LENGTHS: readonly number[] = [0, 1, 3, 4, 17, 100, 475, 476, 477, 499, 500, 501, 512, 513, 1200];

interface Change {
  readonly kind: "set" | "set bytes" | "delete";
  readonly field: string;
  readonly value: string;
}

/** A text of that length, of which there are few. */
function textOf(length: number, which: number): string {
  return String.fromCharCode(97 + which)
    .repeat(length)
    .slice(0, length);
}

const texts = (kinds: number): fc.Arbitrary<string> =>
  fc
    .record({ length: fc.constantFrom(...LENGTHS), which: fc.nat({ max: kinds - 1 }) })
    .map(({ length, which }) => textOf(length, which));

const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("set", "set", "set bytes", "set bytes", "delete"),
    field: texts(3),
    value: texts(2),
  }),
  { maxLength: 200, size: "max" },
);

/** @returns what the table said of it; `undefined` where it declined. */
function apply(table: FieldTable, { kind, field, value }: Change): boolean | undefined {
  if (kind === "delete") return table.delete(field);
  if (kind === "set") return table.set(field, value);
  const bytes = Buffer.from(`?${field}-${value}`, "latin1");
  const valueAt = field.length + 2;
  return table.setBytes(bytes, 1, field.length + 1, valueAt, valueAt + value.length);
}

/** @returns what it would have said. */
function applyToModel(model: Map<string, string>, { kind, field, value }: Change): boolean {
  const isThere = model.has(field);
  if (kind === "delete") return model.delete(field);
  model.set(field, value);
  return !isThere;
}

function expectSame(table: FieldTable, model: ReadonlyMap<string, string>): void {
  expect(table.size).toBe(model.size);
  expect(new Map(table.entries())).toEqual(model);
  for (const [field, value] of model) expect(table.get(field)).toBe(value);
  const entries = [...table.entries()];
  expect(stringsOf(table, "both")).toBe(entries.flat().map(bulk).join(""));
  expect(stringsOf(table, "fields")).toBe(entries.map(([field]) => bulk(field)).join(""));
  expect(stringsOf(table, "values")).toBe(entries.map(([, value]) => bulk(value)).join(""));
  const rebuilt = new FieldTable();
  for (const [field, value] of model) rebuilt.set(field, value);
  expect(table.bytes).toBe(rebuilt.bytes);
}

function stringsOf(table: FieldTable, part: EntryPart): string {
  const reply = new LongText();
  table.addTo(reply, part);
  return reply.toString();
}

function numbered(at: number): string {
  return `field:${at}`;
}

describe("a field table", () => {
  it("holds what a Map would, and says whether a field was there", () => {
    fc.assert(
      fc.property(changes, (all) => {
        const table = new FieldTable();
        const model = new Map<string, string>();
        for (const change of all) {
          const said = apply(table, change);
          if (said === undefined) {
            expect(change.field.length + change.value.length).toBeGreaterThan(470);
            continue;
          }
          expect(said).toBe(applyToModel(model, change));
          expect(table.get(change.field)).toBe(model.get(change.field));
          expect(table.has(change.field)).toBe(model.has(change.field));
        }
        expectSame(table, model);
      }),
      { numRuns: 300 },
    );
  });

  it("goes on by itself beside its clones, and frozen entries are those of then", () => {
    fc.assert(
      fc.property(changes, changes, changes, (before, mine, others) => {
        const table = new FieldTable();
        const model = new Map<string, string>();
        const both = (one: FieldTable, its: Map<string, string>, change: Change): void => {
          if (apply(one, change) !== undefined) applyToModel(its, change);
        };
        for (const change of before) both(table, model, change);
        const then = [...table.entries()];
        const frozen = table.frozenEntries();
        const clone = table.clone();
        const cloneModel = new Map(model);
        for (let at = 0; at < Math.max(mine.length, others.length); at += 1) {
          for (const change of mine.slice(at, at + 1)) both(table, model, change);
          for (const change of others.slice(at, at + 1)) both(clone, cloneModel, change);
        }
        expect([...frozen]).toEqual(then);
        expectSame(table, model);
        expectSame(clone, cloneModel);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps what is in thousands of fields, of many pages, while they change beside a frozen view", () => {
    const random = new SeededRandomness(11);
    const table = new FieldTable();
    const model = new Map<string, string>();
    const change = (): void => {
      const field = numbered(random.below(9000));
      if (random.below(4) === 0) expect(table.delete(field)).toBe(model.delete(field));
      else {
        const value = textOf(random.below(520), random.below(3));
        expect(table.set(field, value)).toBe(!model.has(field));
        model.set(field, value);
      }
    };
    for (let step = 0; step < 30_000; step += 1) change();
    const then = new Map(model);
    const frozen = table.frozenEntries();
    const seen = new Map<string, string>();
    for (const [field, value] of frozen) {
      seen.set(field, value);
      for (let step = 0; step < 3; step += 1) change();
    }
    expect(seen).toEqual(then);
    expectSame(table, model);
    for (const field of [...model.keys()]) table.delete(field);
    expect(table.size).toBe(0);
    expect(table.bytes).toBe(new FieldTable().bytes);
    expect(table.randomField(random)).toBeUndefined();
  });

  it("writes a reply of many pieces", () => {
    const table = new FieldTable();
    const model = new Map(
      Array.from({ length: 3000 }, (_, at) => [numbered(at), textOf(at % 200, 1)] as const),
    );
    for (const [field, value] of model) table.set(field, value);
    expectSame(table, model);
  });

  it("in a scan every field comes up that is there throughout, and it ends, whatever comes and goes", () => {
    const numberedChanges = fc.array(fc.record({ at: fc.nat({ max: 60 }), adds: fc.boolean() }), {
      maxLength: 200,
      size: "max",
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 5 }),
        numberedChanges,
        (size, pace, all) => {
          const table = new FieldTable();
          for (let at = 0; at < size; at += 1) table.set(numbered(at), "v");
          const removed = new Set(all.flatMap(({ at, adds }) => (adds ? [] : [at])));
          const left = [...all];
          const seen = new Set<string>();
          for (let cursor = -1; cursor !== 0; ) {
            const page = table.scan(Math.max(cursor, 0), pace);
            cursor = page.cursor;
            for (const [field] of page.items) seen.add(field);
            for (const { at, adds } of left.splice(0, pace)) {
              if (adds) table.set(numbered(at), "w");
              else table.delete(numbered(at));
            }
          }
          for (let at = 0; at < size; at += 1) if (!removed.has(at)) expect(seen).toContain(numbered(at));
        },
      ),
      { numRuns: 300 },
    );
  });
});
