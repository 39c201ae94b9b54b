import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HashValue } from "../../../src/core/keyspace/hash-value.ts";
import { decode, Harness } from "../commands/harness.ts";

type Page = [string, string[]];

/** Scans to the end; between pages `change` may do what it likes. */
function scanAll(harness: Harness, command: string, change: (page: number) => void): string[] {
  const seen: string[] = [];
  let cursor = "0";
  for (let page = 0; page === 0 || cursor !== "0"; page += 1) {
    if (page > 10_000) throw new Error("the scan does not end");
    const [next, items] = decode(harness.run(command.replace("CURSOR", cursor))) as Page;
    cursor = next;
    seen.push(...items);
    if (cursor !== "0") change(page);
  }
  return seen;
}

const change = fc.record({
  kind: fc.constantFrom("SET", "DEL", "RENAME"),
  key: fc.nat({ max: 60 }),
  other: fc.nat({ max: 60 }),
});

describe("SCAN", () => {
  it("returns every key that is present throughout, and once when nothing else goes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.array(change, { maxLength: 80 }),
        (size, count, changes) => {
          const harness = new Harness();
          const steady = new Set<string>();
          for (let at = 0; at < size; at += 1) {
            harness.run(`SET k${at} v`);
            steady.add(`k${at}`);
          }
          const queue = [...changes];
          const onlyAdds = changes.every(({ kind }) => kind === "SET");
          const seen = scanAll(harness, `SCAN CURSOR COUNT ${count}`, () => {
            for (const { kind, key, other } of queue.splice(0, 5)) {
              harness.run(`${kind} k${key}${kind === "DEL" ? "" : ` k${other}`}`);
              if (kind !== "SET") steady.delete(`k${key}`);
              if (kind === "RENAME") steady.delete(`k${other}`);
            }
          });
          for (const key of steady) expect(seen).toContain(key);
          if (onlyAdds) expect(new Set(seen).size).toBe(seen.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("goes on rightly beside other scans, and ends though keys keep coming", () => {
    const harness = new Harness();
    for (let at = 0; at < 100; at += 1) harness.run(`SET k${at} v`);
    let fresh = 0;
    const seen = scanAll(harness, "SCAN CURSOR COUNT 3", () => {
      for (let other = 0; other < 40; other += 1) harness.run(`SCAN 0 COUNT ${other + 1}`);
      for (let more = 0; more < 2; more += 1) {
        harness.run(`SET fresh${fresh} v`);
        fresh += 1;
      }
    });
    for (let at = 0; at < 100; at += 1) expect(seen).toContain(`k${at}`);
  });

  it("filters by pattern and type, and leaves out what has expired", () => {
    const harness = new Harness();
    for (const command of ["SET a 1", "SET b 1 PX 5", "HSET h f v"]) harness.run(command);
    harness.keyspace.nowMs += 10;
    expect(harness.ask("SCAN 0 MATCH [ab]")).toEqual(["0", ["a"]]);
    expect(harness.ask("SCAN 0 TYPE hash")).toEqual(["0", ["h"]]);
  });
});

describe("HSCAN", () => {
  it("returns a small hash at once, whatever COUNT says", () => {
    const harness = new Harness();
    harness.run("HSET h a 1 b 2 c 3");
    expect(harness.ask("HSCAN h 0 COUNT 1")).toEqual(["0", ["a", "1", "b", "2", "c", "3"]]);
  });

  it("returns every field that is present throughout, beside other scans", () => {
    const harness = new Harness();
    for (let at = 0; at < 700; at += 1) harness.run(`HSET h f${at} ${at}`);
    const seen = scanAll(harness, "HSCAN h CURSOR COUNT 7", (page) => {
      harness.run(`HDEL h f${page}`);
      harness.run(`HSET h new${page} x`);
      if (page === 20) for (let other = 0; other < 40; other += 1) harness.run("HSCAN h 0 COUNT 2");
    });
    for (let at = 150; at < 700; at += 1) expect(seen).toContain(`f${at}`);
  });
});

describe("SSCAN and ZSCAN", () => {
  it("return a small set of integers, and a compact sorted set, at once", () => {
    const harness = new Harness();
    harness.run("SADD s 3 1 2");
    harness.run("ZADD z 2 b 1.5 a");
    expect(harness.ask("SSCAN s 0 COUNT 1")).toEqual(["0", ["1", "2", "3"]]);
    expect(harness.ask("ZSCAN z 0 COUNT 1")).toEqual(["0", ["a", "1.5", "b", "2"]]);
    expect(harness.ask("ZSCAN z 0 MATCH b*")).toEqual(["0", ["b", "2"]]);
  });

  it.each([
    ["SSCAN", "SADD", "SREM"],
    ["ZSCAN", "ZADD", "ZREM"],
  ])(
    "%s returns every member that is present throughout, whatever else is added and removed",
    (scan, add, remove) => {
      const score = add === "ZADD" ? "1 " : "";
      fc.assert(
        fc.property(
          fc.integer({ min: 130, max: 300 }),
          fc.integer({ min: 1, max: 40 }),
          fc.array(fc.record({ adds: fc.boolean(), member: fc.nat({ max: 350 }) }), { maxLength: 300 }),
          (size, count, changes) => {
            const harness = new Harness();
            const steady = new Set<string>();
            for (let at = 0; at < size; at += 1) {
              harness.run(`${add} key ${score}m${at}`);
              steady.add(`m${at}`);
            }
            const queue = [...changes];
            const seen = new Set(
              scanAll(harness, `${scan} key CURSOR COUNT ${count}`, () => {
                for (const { adds, member } of queue.splice(0, 10)) {
                  harness.run(adds ? `${add} key ${score}m${member}` : `${remove} key m${member}`);
                  if (!adds) steady.delete(`m${member}`);
                }
              }),
            );
            expect([...steady].filter((member) => !seen.has(member))).toEqual([]);
          },
        ),
        { numRuns: 60 },
      );
    },
  );
});

describe("random picks", () => {
  it("reach every key and every field, in small and large collections", () => {
    for (const size of [3, 500]) {
      const harness = new Harness();
      for (let at = 0; at < size; at += 1) {
        harness.run(`SET k${at} v`);
        harness.run(`HSET h f${at} v`);
      }
      const keys = new Set<unknown>();
      const fields = new Set<unknown>();
      for (let tries = 0; tries < size * 30; tries += 1) {
        keys.add(harness.ask("RANDOMKEY"));
        fields.add(harness.ask("HRANDFIELD h"));
      }
      expect([keys.size, fields.size]).toEqual([size + 1, size]);
    }
  });

  it("RANDOMKEY finds the one key that has not expired", () => {
    const harness = new Harness();
    for (let at = 0; at < 300; at += 1) harness.run(`SET k${at} v PX 5`);
    harness.run("SET alive v");
    harness.keyspace.nowMs += 10;
    harness.keyspace.mayExpire = false;
    expect(harness.ask("RANDOMKEY")).toBe("alive");
  });

  it.each([100, 1000])("HRANDFIELD of a hash of %d picks without copying the hash", (size) => {
    const harness = new Harness();
    for (let at = 0; at < size; at += 1) harness.run(`HSET h f${at} v${at}`);
    const hash = harness.keyspace.database(0).entryOf("h")?.value as HashValue;
    hash.entries = () => {
      throw new Error("all of them are looked at");
    };
    for (const count of [1, 10, size - 1]) {
      const fields = harness.ask(`HRANDFIELD h ${count}`) as string[];
      expect([fields.length, new Set(fields).size]).toEqual([count, count]);
    }
    const pairs = harness.ask(`HRANDFIELD h -${size * 20} WITHVALUES`) as string[];
    const values = pairs.filter((_, at) => at % 2 === 1);
    expect(pairs.filter((_, at) => at % 2 === 0).map((field) => field.replace("f", "v"))).toEqual(values);
    expect(new Set(values).size).toBe(size);
  });

  it("HRANDFIELD gives distinct fields for a positive count, repeats for a negative one", () => {
    const harness = new Harness();
    harness.run("HSET h a 1 b 2 c 3");
    const two = harness.ask("HRANDFIELD h 2") as string[];
    expect(new Set(two).size).toBe(2);
    expect(harness.ask("HRANDFIELD h -20")).toHaveLength(20);
    expect(harness.ask("HRANDFIELD h -2 WITHVALUES")).toHaveLength(4);
    harness.run("HELLO 3");
    expect(harness.ask("HRANDFIELD h 9 WITHVALUES")).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["c", "3"],
    ]);
  });
});
