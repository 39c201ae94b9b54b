/** Snapshots whose slices are taken between random commands on keys and values around the limits of a block. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { bytesOf } from "../../../src/core/keyspace/memory-account.ts";
import { MEMORY_DEFAULTS } from "../../../src/core/keyspace/memory-settings.ts";
import { Harness } from "../commands/harness.ts";

function text(byte: string, length: number): string {
  return byte.repeat(length);
}

const key = fc.constantFrom(0, 1, 3, 4, 5, 475, 476, 477, 512, 1023, 1024, 1025).map((n) => text("\xff", n));
/** So few that a hash goes through several changes. */
const hashKey = fc.constantFrom("hash", text("\xff", 477));
const value = fc.oneof(
  fc.constantFrom(0, 1, 3, 4, 5, 470, 473, 476, 480, 481, 512, 1023, 1024, 5000).map((n) => text("\x80", n)),
  fc.nat({ max: 520 }).map((n) => text("v", n)),
  fc.constantFrom("12", "-7"),
);
const few = fc.constantFrom("1", "2", "3");
const db = fc.constantFrom("0", "1", "2");
const durationMs = fc.integer({ min: 1, max: 60 }).map(String);

function command(...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string[]> {
  return fc.tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)));
}

const commands = fc.oneof(
  { weight: 4, arbitrary: command("SET", key, value) },
  { weight: 2, arbitrary: command("SET", key, value, "PX", durationMs) },
  { weight: 2, arbitrary: command("APPEND", key, value) },
  { weight: 2, arbitrary: command("DEL", key, key) },
  { weight: 2, arbitrary: command("PEXPIRE", key, durationMs) },
  { weight: 2, arbitrary: command(fc.constantFrom("RENAME", "RENAMENX", "SUNIONSTORE"), key, key) },
  command("SET", key, value, "KEEPTTL"),
  command("SETRANGE", key, fc.constantFrom("0", "470", "1020"), value),
  command("BITOP", "OR", key, key, key),
  command(fc.constantFrom("INCR", "GETDEL", "PERSIST", "SPOP", "LPOP", "ZPOPMIN"), key),
  command("GETEX", key, "PX", durationMs),
  command(fc.constantFrom("HSET", "ZADD", "SADD", "RPUSH"), key, few, value),
  // Too large to be one text.
  { weight: 2, arbitrary: command("HSET", hashKey, "4", text("w", 8200), few, value) },
  { weight: 2, arbitrary: command(fc.constantFrom("HSET", "HSETNX"), hashKey, few, value) },
  command("HDEL", hashKey, few, few),
  command("XADD", key, "*", "f", value),
  command(fc.constantFrom("HDEL", "SREM", "ZREM"), key, few),
  command("SMOVE", key, key, few),
  command("LMOVE", key, key, "LEFT", "RIGHT"),
  command("SORT", key, "ALPHA", "STORE", key),
  command("COPY", key, key, "DB", db, "REPLACE"),
  command("MOVE", key, db),
  command("SWAPDB", db, db),
  command("SELECT", db),
  command("FLUSHDB"),
);

const slice = fc.constantFrom(1, 200, 3000);
const step = fc.oneof(
  { weight: 30, arbitrary: commands },
  { weight: 12, arbitrary: fc.record({ sliceBytes: slice }) },
  { weight: 3, arbitrary: fc.record({ passMs: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 2, arbitrary: fc.constantFrom("expire" as const, "evict" as const) },
);

function evictOne(harness: Harness): void {
  const { keyspace } = harness;
  const settings = { ...MEMORY_DEFAULTS, policy: "allkeys-random" } as const;
  keyspace.limitMemory({ ...settings, maxBytes: 1 }, new SeededRandomness(keyspace.usedBytes));
  harness.evict(1);
  keyspace.limitMemory(MEMORY_DEFAULTS, new SeededRandomness(1));
}

function stringsOf({ keyspace }: Harness): number {
  return keyspace.databases
    .flatMap((database) => [...database.entries()])
    .filter(([, entry]) => typeof entry.value === "string").length;
}

function recounted({ keyspace }: Harness): number {
  let bytes = 0;
  for (const { table } of keyspace.databases) for (const at of table.walk()) bytes += bytesOf(table, at);
  return bytes;
}

it("a snapshot has each key as it was at its beginning, once, whatever runs between its slices", () => {
  const lists = fc.tuple(
    fc.array(commands, { maxLength: 60, size: "max" }),
    fc.array(step, { maxLength: 80, size: "max" }),
  );
  fc.assert(
    fc.property(lists, ([before, steps]) => {
      const harness = new Harness();
      for (const argv of before) harness.execute(argv);
      const atBegin = harness.keyspace.digest();
      const strings = stringsOf(harness);
      const cursor = harness.keyspace.beginSnapshot();
      const slices: Buffer[] = [];
      const take = (bytes: number): boolean => {
        const next = cursor.nextSlice(bytes);
        if (next !== undefined) slices.push(next);
        return next !== undefined;
      };
      for (const one of steps) {
        if (Array.isArray(one)) harness.execute(one);
        else if (one === "expire") harness.expire(3);
        else if (one === "evict") evictOne(harness);
        else if ("passMs" in one) harness.keyspace.nowMs += one.passMs;
        else take(one.sliceBytes);
      }
      while (take(300));
      const rebuilt = new Harness();
      let into = 0;
      for (const each of slices) into = rebuilt.dispatcher.replay(each, into, 0 as Offset);
      expect(rebuilt.keyspace.digest()).toBe(atBegin);
      expect(slices.join("").split("\r\nSET\r\n").length - 1).toBe(strings);
      expect(harness.keyspace.usedBytes).toBe(recounted(harness));
      for (const database of harness.keyspace.databases) {
        for (const [name] of [...database.entries()].sort()) database.remove(name);
        expect([database.size, database.expiries.size]).toEqual([0, 0]);
      }
      expect(harness.keyspace.usedBytes).toBe(0);
    }),
    { numRuns: 300 },
  );
});
