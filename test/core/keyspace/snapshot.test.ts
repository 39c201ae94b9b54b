import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import type { SnapshotCursor } from "../../../src/core/keyspace/snapshot-cursor.ts";
import { Harness } from "../commands/harness.ts";

function numbersTo(last: number): string {
  return Array.from({ length: last }, (_, at) => at + 1).join(" ");
}

function filled(): Harness {
  const harness = new Harness();
  for (let at = 0; at < 50; at += 1)
    harness.run(`SET k${at} ${"v".repeat(at)}${at % 2 === 0 ? "" : " EX 100"}`);
  for (let at = 0; at < 300; at += 1) harness.run(`HSET h f${at} ${at}`);
  for (let at = 0; at < 300; at += 1) harness.run(`RPUSH l ${at} v`);
  for (let at = 0; at < 300; at += 1) {
    harness.run(`SADD s m${at}`);
    harness.run(`ZADD z ${at / 3} m${at}`);
  }
  for (let at = 1; at <= 300; at += 1) harness.run(`XADD stream ${at} f ${at} g v`);
  for (const command of [
    "XGROUP CREATE stream g 0",
    "XREADGROUP GROUP g c COUNT 150 STREAMS stream >",
    "XDEL stream 3 4",
  ])
    harness.run(command);
  for (const command of ["SADD ints 3 1 2", "ZADD few inf a -0.5 b 1e-310 c", "PEXPIRE z 9000"])
    harness.run(command);
  for (const command of ["PEXPIRE h 5000", "SELECT 4", "SET other 1", "HSET h2 a 1", "SELECT 0"])
    harness.run(command);
  return harness;
}

function rebuild(slices: readonly Buffer[]): string {
  const rebuilt = new Harness();
  let db = 0;
  for (const slice of slices) db = rebuilt.dispatcher.replay(slice, db, 0 as Offset);
  return rebuilt.keyspace.digest();
}

function rest(cursor: SnapshotCursor, budget: number): Buffer[] {
  const slices: Buffer[] = [];
  for (let slice = cursor.nextSlice(budget); slice !== undefined; slice = cursor.nextSlice(budget))
    slices.push(slice);
  return slices;
}

describe("a snapshot in slices", () => {
  it.each([
    ["nothing changes", []],
    ["a large hash changes while it is being written", ["HSET h f0 changed", "HDEL h f299"]],
    ["a large hash is deleted", ["DEL h"]],
    ["fields of a large hash are deleted", ["HDEL h f299 f0 f150"]],
    ["a field of a large hash is counted up", ["HINCRBY h f299 1", "HSETNX h new 1", "HINCRBYFLOAT h f0 1"]],
    [
      "a large list changes at its ends and inside",
      ["LPUSH l new", "RPOP l", "LSET l 100 new", "LREM l 0 7"],
    ],
    ["a large list is emptied", ["LTRIM l 1 0", "RPUSH l new"]],
    [
      "a large set changes",
      ["SADD s new", "SREM s m0 m299", "SPOP s 3", "SMOVE s ints m5", "SUNIONSTORE s s ints"],
    ],
    [
      "a large sorted set changes",
      ["ZADD z 5 new 7 m3", "ZINCRBY z 1 m4", "ZPOPMAX z 2", "ZREMRANGEBYRANK z 3 9"],
    ],
    ["most of a large sorted set goes, so that what is left moves together", ["ZREMRANGEBYRANK z 20 280"]],
    ["most deliveries are acknowledged", [`XACK stream g ${numbersTo(140)}`]],
    [
      "sets are stored over",
      ["ZUNIONSTORE z 2 z few", "ZRANGESTORE few z 0 5", "ZMPOP 1 z MIN", "ZREM z m9", "DEL z"],
    ],
    [
      "a large stream changes at its ends and inside",
      ["XADD stream 400 f v", "XDEL stream 5 300", "XTRIM stream MAXLEN 200", "XSETID stream 500"],
    ],
    [
      "groups of a large stream change",
      [
        ...["XREADGROUP GROUP g d STREAMS stream >", "XACK stream g 7 8", "XCLAIM stream g d 0 9 10 11"],
        ...["XAUTOCLAIM stream g e 0 0 COUNT 5", "XGROUP DELCONSUMER stream g c", "XGROUP DESTROY stream g"],
      ],
    ],
    ["a large hash moves", ["RENAME h k1", "MOVE k1 7"]],
    ["everything is flushed", ["FLUSHALL", "SET k1 new EX 7", "HSET h f0 new"]],
    ["databases are swapped", ["SWAPDB 0 4", "SET k1 new", "SET other new", "SWAPDB 4 5", "FLUSHALL"]],
    ["keys expire", ["PEXPIREAT k1 1", "PERSIST k3", "EXPIRE k5 7"]],
    ["keys come back", ["DEL k1 k2 k49", "SET k49 new", "SET k1 new", "RENAME k49 k48"]],
  ])("rebuilds the state at its beginning when %s", (_name, changes) => {
    for (const before of [0, 1, 3, 20, 55]) {
      const harness = filled();
      const atBegin = harness.keyspace.digest();
      const cursor = harness.keyspace.beginSnapshot();
      const slices: Buffer[] = [];
      for (let taken = 0; taken < before; taken += 1) slices.push(cursor.nextSlice(1) ?? Buffer.alloc(0));
      for (const change of changes) harness.run(change);
      for (let slice = cursor.nextSlice(500); slice !== undefined; slice = cursor.nextSlice(500))
        slices.push(slice);
      expect({ before, digest: rebuild(slices) }).toEqual({ before, digest: atBegin });
      expect(harness.keyspace.snapshot).toBeNull();
    }
  });

  it("holds large collections as they were, whatever happens to any of their elements meanwhile", () => {
    const random = new SeededRandomness(3);
    const harness = new Harness();
    const add = (at: number): string[] => [
      `HSET h f${at} ${at}`,
      `SADD s m${at}`,
      `ZADD z ${random.below(1000)} m${at}`,
      `${random.below(2) === 0 ? "RPUSH" : "LPUSH"} l ${at}`,
      `XADD stream ${at + 1} f ${at}`,
    ];
    const change = (): string => {
      const at = random.below(9000);
      const changes = [
        ...[`HSET h f${at} new`, `HDEL h f${at}`, `SREM s m${at}`, `SADD s n${at}`],
        ...[`ZADD z ${random.below(1000)} m${at}`, `ZREM z m${at}`, `ZINCRBY z 0.001 m${at}`],
        ...["LPOP l", "RPOP l", `LSET l ${at % 4000} new`, `LREM l 1 ${at}`, `LINSERT l BEFORE ${at} new`],
        `XDEL stream ${at}`,
      ];
      return changes[random.below(changes.length)] as string;
    };
    for (let at = 0; at < 9000; at += 1) for (const command of add(at)) harness.run(command);
    const atBegin = harness.keyspace.digest();
    const cursor = harness.keyspace.beginSnapshot();
    const slices: Buffer[] = [];
    for (let slice = cursor.nextSlice(2000); slice !== undefined; slice = cursor.nextSlice(2000)) {
      slices.push(slice);
      for (let left = 5; left > 0; left -= 1) harness.run(change());
    }
    expect(rebuild(slices)).toBe(atBegin);
    expect(harness.keyspace.digest()).not.toBe(atBegin);
  });

  it.each([
    ["set", (member: string) => `SADD long ${member}`, 10, 600, ["SADD long new"]],
    ["sorted set", (member: string) => `ZADD long 1 ${member}`, 64, 58, ["ZPOPMIN long", "ZADD long 7 new"]],
    ["hash", (member: string) => `HSET long ${member} v`, 64, 62, ["HSET long new v"]],
    ["list", (member: string) => `RPUSH long ${member}`, 10, 600, ["LPOP long", "RPUSH long new"]],
  ])("holds a small %s of long members as it was", (_name, add, members, length, changes) => {
    const harness = new Harness();
    for (let at = 0; at < members; at += 1) harness.run(add("x".repeat(length) + at));
    const atBegin = harness.keyspace.digest();
    const cursor = harness.keyspace.beginSnapshot();
    for (const change of changes) harness.run(change);
    expect(rebuild(rest(cursor, 1e6))).toBe(atBegin);
    expect(harness.keyspace.digest()).not.toBe(atBegin);
  });

  it("writes a large collection that changes in slices too", () => {
    const harness = new Harness();
    for (let at = 0; at < 9000; at += 1) harness.run(`HSET h f${at} ${at}`);
    const cursor = harness.keyspace.beginSnapshot();
    harness.run("HSET h f0 changed");
    for (let slice = cursor.nextSlice(100); slice !== undefined; slice = cursor.nextSlice(100)) {
      expect(slice.length).toBeLessThan(2500);
    }
  });

  it("keeps slices near their budget, also within one large hash", () => {
    const cursor = filled().keyspace.beginSnapshot();
    for (let slice = cursor.nextSlice(100); slice !== undefined; slice = cursor.nextSlice(100)) {
      expect(slice.length).toBeLessThan(2500);
    }
  });

  it("keeps slices near their budget, also when many strings change at once", () => {
    const harness = new Harness();
    const keys = Array.from({ length: 400 }, (_, at) => `key${at}`);
    for (const key of keys) harness.run(`SET ${key} ${"v".repeat(1000)}`);
    const atBegin = harness.keyspace.digest();
    const cursor = harness.keyspace.beginSnapshot();
    const slices = [cursor.nextSlice(3000) ?? Buffer.alloc(0)];
    harness.run(`UNLINK ${keys.join(" ")}`);
    for (let slice = cursor.nextSlice(3000); slice !== undefined; slice = cursor.nextSlice(3000)) {
      expect(slice.length).toBeLessThan(5000);
      slices.push(slice);
    }
    expect(rebuild(slices)).toBe(atBegin);
    expect(harness.keyspace.snapshot).toBeNull();
  });

  it("may be aborted, and then another one begins", () => {
    const harness = filled();
    const first = harness.keyspace.beginSnapshot();
    first.nextSlice(10);
    expect(() => harness.keyspace.beginSnapshot()).toThrow("one snapshot at a time");
    first.abort();
    expect(first.nextSlice(10)).toBeUndefined();
    harness.run("SET k1 changed");
    const second = harness.keyspace.beginSnapshot();
    expect(rebuild(rest(second, 1e9))).toBe(harness.keyspace.digest());
  });

  it("of an empty keyspace is empty", () => {
    expect(new Harness().keyspace.beginSnapshot().nextSlice(100)).toBeUndefined();
  });
});

describe("the digest", () => {
  it("does not depend on order, and does on databases, keys, values, types and expiry", () => {
    const digest = (...commands: string[]): string => {
      const harness = new Harness();
      for (const command of commands) harness.run(command);
      return harness.keyspace.digest();
    };
    expect(digest("SADD s 1 2 x", "ZADD z 1 a 2 b")).toBe(digest("ZADD z 2 b 1 a", "SADD s x 2 1"));
    expect(digest("SET a 1", "SET b 2", "HSET h x 1 y 2")).toBe(
      digest("HSET h y 2 x 1", "SET b 2", "SET a 1"),
    );
    const different = [
      digest(),
      digest("SET a 1"),
      digest("SET a 2"),
      digest("SET b 1"),
      digest("SET a 1 EX 5"),
      digest("SELECT 1", "SET a 1"),
      digest("HSET a 1 1"),
      digest("HSET a 11 "),
      digest("SADD a 1"),
      digest("SADD a 2"),
      digest("ZADD a 1 1"),
      digest("ZADD a 2 1"),
      ...[
        ...[
          ["XADD a 1 f v"],
          ["XADD a 1 f w"],
          ["XADD a 2 f v"],
          ["XADD a 1 f v", "XADD a 2 f v", "XDEL a 2"],
        ],
        ...[
          ["XADD a 1 f v", "XSETID a 2"],
          ["XADD a 1 f v", "XGROUP CREATE a g 0"],
          ["XADD a 1 f v", "XGROUP CREATE a g 1"],
        ],
        ["XADD a 1 f v", "XGROUP CREATE a g 0", "XGROUP CREATECONSUMER a g c"],
        ["XADD a 1 f v", "XGROUP CREATE a g 0", "XREADGROUP GROUP g c STREAMS a >"],
        ["XADD a 1 f v", "XGROUP CREATE a g 0", "XREADGROUP GROUP g c NOACK STREAMS a >"],
        [
          "XADD a 1 f v",
          "XGROUP CREATE a g 0",
          "XREADGROUP GROUP g c STREAMS a >",
          "XREADGROUP GROUP g c STREAMS a 0",
        ],
      ].map((commands) => digest(...commands)),
      digest("SET a 1", "SET b 1"),
    ];
    expect(new Set(different).size).toBe(different.length);
  });

  it("is that of an empty keyspace after clear", () => {
    const harness = filled();
    harness.keyspace.clear();
    expect(harness.keyspace.digest()).toBe(new Harness().keyspace.digest());
  });
});
