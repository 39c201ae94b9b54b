/** A dense map beside a Map, and its walk and scans while it changes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DenseMap } from "../../../src/core/keyspace/dense-map.ts";

const keys = fc.nat({ max: 60 }).map((number) => `key:${number}`);
const changes = fc.array(fc.record({ key: keys, adds: fc.boolean(), value: fc.nat() }), {
  maxLength: 200,
  size: "max",
});

interface Change {
  readonly key: string;
  readonly adds: boolean;
  readonly value: number;
}

function apply(map: DenseMap<number>, { key, adds, value }: Change): void {
  if (adds) map.set(key, value);
  else map.delete(key);
}

function mapOf(size: number): DenseMap<number> {
  const map = new DenseMap<number>();
  for (let at = 0; at < size; at += 1) map.set(`key:${at}`, at);
  return map;
}

describe("a dense map", () => {
  it("holds what a Map would, and says what was there before", () => {
    fc.assert(
      fc.property(changes, (all) => {
        const map = new DenseMap<number>();
        const model = new Map<string, number>();
        for (const { key, adds, value } of all) {
          const before = model.get(key);
          if (adds) {
            expect(map.set(key, value)).toBe(before);
            model.set(key, value);
          } else {
            expect(map.delete(key)).toBe(before);
            model.delete(key);
          }
        }
        expect(new Map(map.entries())).toEqual(model);
        expect(new Map(map.walk())).toEqual(model);
        expect(map.size).toBe(model.size);
        for (let at = 0; at <= 60; at += 1) {
          expect(map.get(`key:${at}`)).toBe(model.get(`key:${at}`));
          expect(map.has(`key:${at}`)).toBe(model.has(`key:${at}`));
        }
        for (let at = 0; at < map.size; at += 1) expect(model.has(map.keyAt(at))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each(["walk", "scan"] as const)(
    "in a %s everybody comes up who is there throughout, and it ends, whatever comes and goes",
    (how) => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 1, max: 5 }),
          changes,
          (size, pace, all) => {
            const map = mapOf(size);
            const removed = new Set(all.flatMap(({ key, adds }) => (adds ? [] : [key])));
            const left = [...all];
            const seen = new Set<string>();
            const see = (items: Iterable<[string, number]>): void => {
              for (const [key] of items) seen.add(key);
              for (const change of left.splice(0, pace)) apply(map, change);
            };
            if (how === "walk") for (const item of map.walk()) see([item]);
            else {
              for (let cursor = -1; cursor !== 0; ) {
                const page = map.scan(Math.max(cursor, 0), pace);
                cursor = page.cursor;
                see(page.items);
              }
            }
            for (let at = 0; at < size; at += 1) {
              if (!removed.has(`key:${at}`)) expect(seen).toContain(`key:${at}`);
            }
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});
