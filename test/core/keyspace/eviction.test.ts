import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { EMPTY_BYTES } from "../../../src/core/keyspace/memory-model.ts";
import {
  MEMORY_DEFAULTS,
  MEMORY_POLICIES,
  type MemorySettings,
} from "../../../src/core/keyspace/memory-settings.ts";
import { afterUse, decayed, FREQUENCY_INITIAL } from "../../../src/core/keyspace/use-frequency.ts";
import { Harness, replayed } from "../commands/harness.ts";
import { COUNTERS, EXPIRY, HASHES, KEYS, LISTS, STRINGS } from "../commands/random-commands.ts";
import { SETS, ZSETS } from "../commands/random-sets.ts";

function limited(settings: Partial<MemorySettings>): Harness {
  const harness = new Harness();
  limit(harness, settings);
  return harness;
}

function limit(harness: Harness, settings: Partial<MemorySettings>): void {
  harness.keyspace.limitMemory({ ...MEMORY_DEFAULTS, ...settings }, new SeededRandomness(3));
}

/** Evicts keys until only so many are left. */
function evictTo(harness: Harness, settings: Partial<MemorySettings>, keys: number): string[] {
  const size = (): number => harness.keyspace.databases.reduce((sum, database) => sum + database.size, 0);
  limit(harness, { samples: 20, ...settings, maxBytes: 1 });
  while (size() > keys && harness.evict(1)) {
    // One more.
  }
  limit(harness, {});
  return [...harness.keyspace.database(0).entries()].map(([key]) => key).sort();
}

function fill(harness: Harness, count: number): void {
  for (let at = 0; at < count; at += 1) harness.run(`SET k${at} v`);
}

describe("evictions", () => {
  it("take the keys that were used longest ago", () => {
    const harness = limited({});
    fill(harness, 20);
    for (let at = 0; at < 20; at += 2) {
      harness.keyspace.nowMs += 1000;
      harness.run(`GET k${at}`);
    }
    expect(evictTo(harness, { policy: "allkeys-lru" }, 5)).toEqual(["k10", "k12", "k14", "k16", "k18"]);
  });

  it("take the keys that are used least, which those are that once were used much", () => {
    const harness = limited({ policy: "allkeys-lfu", maxBytes: 1e6 });
    fill(harness, 10);
    for (let use = 0; use < 200; use += 1) harness.run("MGET k1 k2 k3");
    harness.keyspace.nowMs += 30 * 60_000;
    for (let use = 0; use < 200; use += 1) harness.run("MGET k3 k4 k5");
    expect(evictTo(harness, { policy: "allkeys-lfu" }, 3)).toEqual(["k3", "k4", "k5"]);
  });

  it("leave keys alone that do not expire, when the policy is for volatile ones, and then say that none is left", () => {
    for (const policy of ["volatile-lru", "volatile-lfu", "volatile-ttl", "volatile-random"] as const) {
      const harness = limited({});
      fill(harness, 5);
      harness.run("SET e1 v EX 100");
      harness.run("SELECT 3");
      harness.run("SET e2 v EX 10");
      harness.run("SET e3 v EX 10");
      harness.run("PERSIST e3");
      limit(harness, { policy, maxBytes: 1 });
      expect(harness.evict(100)).toBe(false);
      expect(harness.keyspace.evictedKeys).toBe(2);
      expect([harness.ask("DBSIZE"), harness.ask("EXISTS e3")]).toEqual([1, 1]);
      expect(harness.log.at(-1)?.effects).toMatch(/DEL/);
    }
  });

  it("leave a key alone that has ceased to expire since it was found good to do without", () => {
    for (const policy of ["volatile-lru", "volatile-lfu"] as const) {
      const harness = limited({ policy, lfuLogFactor: 1e9 });
      for (let at = 0; at < 5; at += 1) harness.run(`SET e${at} v EX 100`);
      for (let at = 0; at < 5; at += 1) harness.run(`GET e${at}`);
      limit(harness, { policy, lfuLogFactor: 1e9, samples: 20, maxBytes: 1 });
      harness.evict(1);
      for (let at = 0; at < 5; at += 1) harness.run(`PERSIST e${at}`);
      harness.run("SET last v EX 100");
      expect(harness.evict(5)).toBe(false);
      expect([harness.ask("DBSIZE"), harness.ask("EXISTS last")]).toEqual([4, 0]);
    }
  });

  it("take first what expires first, though its expiry was changed", () => {
    const harness = limited({});
    harness.run("SET a v EX 10");
    harness.run("SET b v EX 30");
    harness.run("SET c v EX 20");
    harness.run("EXPIRE a 100");
    limit(harness, { policy: "volatile-ttl", maxBytes: 1 });
    harness.evict(1);
    expect(harness.ask("EXISTS a b c")).toBe(2);
    expect(harness.ask("EXISTS c")).toBe(0);
    harness.evict(1);
    expect(harness.ask("EXISTS a")).toBe(1);
  });

  it("take any key, each about as often, and from each database in turn", () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 400; round += 1) {
      const harness = limited({});
      fill(harness, 4);
      harness.run("SELECT 1");
      harness.run("SET other v");
      const settings = { ...MEMORY_DEFAULTS, policy: "allkeys-random", maxBytes: 1 } as const;
      harness.keyspace.limitMemory(settings, new SeededRandomness(round));
      harness.evict(2);
      expect(harness.ask("DBSIZE")).toBe(0);
      const left = [...harness.keyspace.database(0).entries()].map(([key]) => key);
      for (const key of left) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // Each of the four is left in three of four rounds.
    expect([...counts.values()].map((count) => Math.round(count / 50))).toEqual([6, 6, 6, 6]);
  });

  it("never take a key under noeviction, and stop as soon as there is room", () => {
    const harness = limited({});
    fill(harness, 10);
    limit(harness, { maxBytes: 1 });
    expect(harness.evict(10)).toBe(false);
    limit(harness, { policy: "allkeys-lru", maxBytes: EMPTY_BYTES + harness.keyspace.usedBytes - 1 });
    expect(harness.evict(10)).toBe(true);
    expect(harness.ask("DBSIZE")).toBe(9);
  });

  it("go on by the keys that are there: those of before the limit, later ones, after FLUSHALL and SWAPDB", () => {
    const harness = limited({});
    fill(harness, 100);
    limit(harness, { policy: "allkeys-lru", maxBytes: 1, samples: 1 });
    harness.evict(50);
    for (let at = 0; at < 20; at += 1) harness.run(`SET later${at} v`);
    harness.run("RENAME later0 renamed");
    harness.run("SWAPDB 0 5");
    harness.evict(20);
    harness.run("SELECT 5");
    expect(harness.ask("DBSIZE")).toBe(50);
    harness.run("FLUSHALL");
    fill(harness, 3);
    harness.evict(10);
    expect(harness.keyspace.usedBytes).toBe(0);
  });

  it("are told to subscribers, and replicated as UNLINK where that is asked for", () => {
    const harness = limited({});
    harness.keyspace.notifyFlags = 2 | 512;
    fill(harness, 1);
    limit(harness, { policy: "allkeys-lru", maxBytes: 1, lazyEviction: true });
    harness.evict(1);
    expect(harness.log.at(-1)?.effects).toContain("UNLINK");
    expect(harness.keyspace.publications).toEqual([{ channel: "__keyevent@0__:evicted", message: "k0" }]);
  });

  it("replayed on another keyspace lead to the same state, whatever was evicted meanwhile", () => {
    const command = fc.oneof(STRINGS, COUNTERS, KEYS, EXPIRY, HASHES, LISTS, SETS, ZSETS);
    const policy = fc.constantFrom(...MEMORY_POLICIES);
    const commands = fc.array(command, { minLength: 1, maxLength: 60, size: "max" });
    fc.assert(
      fc.property(commands, policy, fc.integer({ min: 1, max: 2000 }), (all, chosen, maxBytes) => {
        const harness = limited({ policy: chosen, maxBytes });
        for (const argv of all) {
          if (harness.keyspace.isOverMemory) {
            const mayGoOn = harness.evict(2);
            const found = harness.keyspace.databases.some(({ size, expiries }) =>
              chosen.startsWith("allkeys") ? size > 0 : chosen !== "noeviction" && expiries.size > 0,
            );
            if (!mayGoOn) expect(found).toBe(false);
          }
          harness.execute(argv);
        }
        expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
      }),
      { numRuns: 300 },
    );
  });
});

describe("the frequency of use", () => {
  it("grows the slower the greater it is, up to 255", () => {
    const random = new SeededRandomness(1);
    const uses = (from: number, to: number): number => {
      let count = 0;
      for (let frequency = from; frequency < to; count += 1) frequency = afterUse(frequency, 10, random);
      return count;
    };
    expect(uses(0, FREQUENCY_INITIAL)).toBe(FREQUENCY_INITIAL);
    const early = uses(FREQUENCY_INITIAL, 15);
    expect(uses(15, 25)).toBeGreaterThan(early);
    expect(afterUse(255, 0, random)).toBe(255);
  });

  it("shrinks by one for each period without use", () => {
    expect(decayed(10, 0, 59, 1)).toBe(10);
    expect(decayed(10, 0, 180, 1)).toBe(7);
    expect(decayed(10, 0, 180, 2)).toBe(9);
    expect(decayed(10, 0, 6000, 1)).toBe(0);
    expect(decayed(10, 0, 6000, 0)).toBe(10);
    // The clock may go back.
    expect(decayed(10, 6000, 0, 1)).toBe(10);
  });
});
