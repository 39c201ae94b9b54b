import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type ExactInteger, exact } from "../../../src/core/keyspace/exact-integer.ts";
import { textBytes } from "../../../src/core/keyspace/listpack-size.ts";
import {
  compareIds,
  formatId,
  ID_MAX,
  ID_ZERO,
  type StreamId,
} from "../../../src/core/keyspace/stream-id.ts";
import { type StreamEntry, StreamNode } from "../../../src/core/keyspace/stream-node.ts";
import { StreamValue } from "../../../src/core/keyspace/stream-value.ts";

const LIMITS = { bytesMax: 4096, entriesMax: 100 };

function id(ms: ExactInteger, seq: ExactInteger = 0): StreamId {
  return { ms, seq };
}

function numbered(count: number, limits = LIMITS): StreamValue {
  const stream = new StreamValue();
  for (let at = 1; at <= count; at += 1) stream.append(id(at), ["f", String(at)], 0, limits);
  return stream;
}

function idsOf(entries: Iterable<StreamEntry>): string[] {
  return [...entries].map((entry) => formatId(entry.id));
}

const all = (stream: StreamValue): StreamEntry[] => [...stream.range(ID_ZERO, ID_MAX)];

describe("a stream", () => {
  it("gives back what was added, in both directions, whatever the IDs, fields and lengths", () => {
    const part = fc.oneof(fc.nat({ max: 300 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(exact));
    const text = fc.oneof(
      fc.string({ unit: "binary-ascii", maxLength: 30 }),
      fc.constantFrom("", "\x00\xff\r\n", "l".repeat(127), "l".repeat(128), "l".repeat(20_000)),
    );
    const fields = fc.oneof(fc.constant(["f"]), fc.array(text, { minLength: 1, maxLength: 4 }));
    const pairs = fields.chain((names) =>
      fc
        .tuple(...names.map(() => text))
        .map((values) => names.flatMap((name, at) => [name, values[at] ?? ""])),
    );
    const entry = fc.record({ id: fc.record({ ms: part, seq: part }), pairs });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 120, size: "max" }), fc.nat(), (entries, dice) => {
        const sorted = entries.sort((one, other) => compareIds(one.id, other.id));
        const kept = sorted.filter(
          (one, at) => compareIds(one.id, sorted[at - 1]?.id ?? ID_ZERO) > 0 && dice % (at + 2) !== 1,
        );
        const stream = new StreamValue();
        for (const one of kept) stream.append(one.id, ["XADD", ...one.pairs], 1, LIMITS);
        expect(all(stream)).toEqual(kept);
        expect([...stream.backwards(ID_ZERO, ID_MAX)]).toEqual(kept.toReversed());
        const [start, end] = [kept[dice % (kept.length + 1)]?.id ?? id(7), kept.at(-2)?.id ?? id(9)];
        const within = kept.filter((one) => compareIds(one.id, start) >= 0 && compareIds(one.id, end) <= 0);
        expect([...stream.range(start, end)]).toEqual(within);
        expect([...stream.backwards(start, end)]).toEqual(within.toReversed());
        expect([stream.size, stream.firstEntryId, stream.lastEntryId]).toEqual([
          kept.length,
          kept[0]?.id ?? ID_ZERO,
          kept.at(-1)?.id ?? ID_ZERO,
        ]);
      }),
      { numRuns: 30 },
    );
  });

  it("loses entries anywhere, and only these; a clone taken before keeps them, and goes its own way", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 260 }), { maxLength: 260 }),
        fc.nat({ max: 260 }),
        (deleted, oldest) => {
          const stream = numbered(250);
          const clone = stream.clone();
          const gone = new Set(deleted);
          for (const ms of deleted) stream.delete(id(ms));
          const left = Array.from({ length: 250 }, (_, at) => at + 1).filter((ms) => !gone.has(ms));
          stream.deleteOldest(Math.min(oldest, left.length));
          stream.append(id(300), ["f", "of the stream"], 0, LIMITS);
          clone.append(id(300), ["f", "of the clone"], 0, LIMITS);
          expect(idsOf(all(stream))).toEqual([...left.slice(oldest), 300].map((ms) => `${ms}-0`));
          expect(idsOf(all(clone))).toHaveLength(251);
          expect(clone.entry(id(300))?.pairs).toEqual(["f", "of the clone"]);
          expect(stream.entry(id(300))?.pairs).toEqual(["f", "of the stream"]);
          for (const ms of deleted) expect(stream.has(id(ms))).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("finds the entries that are there by one search, in whatever order it is asked", () => {
    const asked = fc.array(fc.nat({ max: 70 }), { maxLength: 60 });
    fc.assert(
      fc.property(asked, fc.uniqueArray(fc.nat({ max: 60 })), fc.boolean(), (ids, deleted, sorted) => {
        const stream = numbered(60, { bytesMax: 4096, entriesMax: 7 });
        for (const ms of deleted) stream.delete(id(ms));
        const search = stream.search();
        for (const ms of sorted ? ids.toSorted((one, other) => one - other) : ids) {
          const isThere = ms >= 1 && ms <= 60 && !deleted.includes(ms);
          const found = search.entry(id(ms));
          expect(found).toEqual(isThere ? { id: id(ms), pairs: ["f", String(ms)] } : undefined);
        }
      }),
    );
  });

  it("reads a node once for all of its entries that are asked for in order", () => {
    const stream = numbered(100);
    const read = vi.spyOn(StreamNode.prototype, "from");
    const search = stream.search();
    for (let ms = 1; ms <= 100; ms += 1) expect(search.entry(id(ms))?.pairs).toEqual(["f", String(ms)]);
    expect(read).toHaveBeenCalledTimes(1);
    read.mockRestore();
  });

  it("begins a node after so many entries or bytes, counting what was deleted", () => {
    expect(numbered(250).nodeCount).toBe(3);
    expect(numbered(250, { bytesMax: 4096, entriesMax: 0 }).nodeCount).toBeLessThan(3);
    expect(numbered(250, { bytesMax: 0, entriesMax: 0 }).nodeCount).toBe(1);
    const stream = new StreamValue();
    for (let at = 1; at <= 10; at += 1) stream.append(id(at), ["f", "v".repeat(1000)], 0, LIMITS);
    expect(stream.nodeCount).toBe(3);
    const holed = numbered(99);
    for (let at = 2; at < 99; at += 1) holed.delete(id(at));
    holed.append(id(100), ["f", "v"], 0, LIMITS);
    holed.append(id(101), ["f", "v"], 0, LIMITS);
    expect([holed.nodeCount, holed.size]).toEqual([2, 4]);
    holed.delete(id(101));
    expect(holed.nodeCount).toBe(1);
  });

  it.each([
    [{ kind: "length", length: 120 } as const, false, 0, 130],
    [{ kind: "length", length: 120 } as const, true, 0, 100],
    [{ kind: "length", length: 0 } as const, true, 120, 100],
    [{ kind: "length", length: 0 } as const, true, 99, 0],
    [{ kind: "length", length: 300 } as const, false, 0, 0],
    [{ kind: "from", id: id(131) } as const, false, 0, 130],
    [{ kind: "from", id: id(131) } as const, true, 0, 100],
    [{ kind: "from", id: ID_MAX } as const, true, 0, 250],
  ])("trims to %o, approximately: %s, at most %d: %d go", (keep, approximate, limit, removed) => {
    const stream = numbered(250);
    expect(stream.excess({ keep, approximate, limit })).toBe(removed);
    stream.deleteOldest(removed);
    expect([stream.size, idsOf(all(stream))[0]]).toEqual([
      250 - removed,
      removed === 250 ? undefined : `${removed + 1}-0`,
    ]);
  });
});

describe("what Redis spends on a text in a listpack", () => {
  it("is told by its length, and for an integer by its size", () => {
    const bytes: readonly (readonly [string, number])[] = [
      ["0", 2],
      ["127", 2],
      ["128", 3],
      ["-4096", 3],
      ["4096", 4],
      ["-32769", 5],
      ["8388608", 6],
      ["2147483648", 10],
      ["9223372036854775807", 10],
      ["9223372036854775808", 21],
      ["007", 5],
      ["-0", 4],
      ["", 2],
      ["v".repeat(63), 65],
      ["v".repeat(64), 67],
      ["v".repeat(126), 130],
      ["v".repeat(5000), 5007],
    ];
    expect(bytes.map(([text]) => [text, textBytes(text)])).toEqual(bytes);
  });
});
