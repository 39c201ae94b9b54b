import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import type { Client } from "../../../src/core/client.ts";
import { EMPTY_BYTES } from "../../../src/core/keyspace/memory-model.ts";
import { MEMORY_DEFAULTS, type MemorySettings } from "../../../src/core/keyspace/memory-settings.ts";
import { mayUse } from "../../may-use.ts";
import { decode } from "../commands/harness.ts";
import { RedisServer } from "../commands/redis-server.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

const comparing = mayUse("redis-server", "refusals for want of memory are not compared with Redis");

function scene(): { group: TestGroup; n1: TestMember; client: Client } {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  return { group, n1, client: n1.connect() };
}

function limit(member: TestMember, settings: Partial<MemorySettings>): void {
  member.keyspace.limitMemory({ ...MEMORY_DEFAULTS, ...settings }, new SeededRandomness(5));
}

function digests(group: TestGroup): string[] {
  return group.members.map(({ keyspace }) => keyspace.digest());
}

describe("a master with more than maxmemory", () => {
  it("evicts before each command, in records that leave its replicas equal", () => {
    const { group, n1, client } = scene();
    for (const member of group.members) limit(member, { policy: "allkeys-lru", maxBytes: 20_000 });
    for (let at = 0; at < 500; at += 1) n1.run(client, "SET", `k${at}`, "v".repeat(at % 50));
    n1.ask(client, "HSET", "h", "f", "v".repeat(3000));
    n1.ask(client, "PING");
    group.pass(100);
    expect(n1.keyspace.usedBytes).toBeLessThanOrEqual(20_000);
    expect(n1.keyspace.evictedKeys).toBeGreaterThan(300);
    expect(group.members.slice(1).map(({ keyspace }) => keyspace.evictedKeys)).toEqual([0, 0]);
    expect(new Set(digests(group)).size).toBe(1);
  });

  it("evicts many keys in slices, with time between them", () => {
    const { group, n1, client } = scene();
    for (let at = 0; at < 3000; at += 1) n1.run(client, "SET", `k${at}`, "v");
    limit(n1, { policy: "allkeys-random", maxBytes: 1 });
    n1.ask(client, "PING");
    const first = n1.keyspace.evictedKeys;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(1000);
    expect(n1.member.deadlineMs()).toBeLessThanOrEqual(group.now.monoMs + 1);
    group.pass(5, 1);
    expect(n1.keyspace.evictedKeys).toBeGreaterThan(first);
    expect(n1.keyspace.evictedKeys).toBeLessThan(3000);
    // Commands are taken meanwhile.
    expect(n1.ask(client, "SET", "new", "v")).toBe("+OK\r\n");
    group.pass(100, 1);
    expect(n1.keyspace.usedBytes).toBe(0);
    expect(new Set(digests(group)).size).toBe(1);
  });

  it("evicts few at once, however many commands come together", () => {
    const { n1, client } = scene();
    for (let at = 0; at < 3000; at += 1) n1.run(client, "SET", `k${at}`, "v");
    limit(n1, { policy: "allkeys-random", maxBytes: 1 });
    n1.runAll(
      client,
      Array.from({ length: 500 }, (_, at) => ["SET", `new${at}`, "v"]),
    );
    expect(n1.keyspace.evictedKeys).toBeGreaterThan(500);
    expect(n1.keyspace.evictedKeys).toBeLessThan(1500);
  });

  it("makes room for large values that come together, at the cost of many small ones", () => {
    const { group, n1, client } = scene();
    for (let at = 0; at < 5000; at += 1) n1.run(client, "SET", `k${at}`, "v".repeat(50));
    const maxBytes = n1.keyspace.usedBytes;
    limit(n1, { policy: "allkeys-lru", maxBytes });
    for (let round = 0; round < 10; round += 1) {
      n1.runAll(
        client,
        Array.from({ length: 50 }, (_, at) => ["SET", `large${round}:${at}`, "v".repeat(5000)]),
      );
      group.pass(2, 1);
      expect(n1.keyspace.usedBytes).toBeLessThan(maxBytes * 1.3);
    }
    group.pass(100, 1);
    expect(n1.keyspace.usedBytes).toBeLessThanOrEqual(maxBytes);
  });

  it("evicts nothing while it may write no record, and tells a waiting reader of no key that it may still lose", () => {
    const { group, n1, client } = scene();
    n1.ask(client, "SET", "a", "1");
    group.partition(["n1"]);
    limit(n1, { policy: "allkeys-lru", maxBytes: 1 });
    n1.run(client, "GET", "a");
    // The eviction is a record that nobody has: what saw it is not told.
    expect(n1.keyspace.evictedKeys).toBe(1);
    expect(n1.read(client)).toBe("");
    group.pass(3000);
    const before = n1.keyspace.evictedKeys;
    n1.run(client, "GET", "b");
    expect(n1.keyspace.evictedKeys).toBe(before);
  });

  it("is the only one that evicts: a replica neither on reads nor on ticks", () => {
    const { group, n1, client } = scene();
    n1.ask(client, "SET", "a", "1");
    group.pass(100);
    const n2 = group.member("n2");
    limit(n2, { policy: "allkeys-lru", maxBytes: 1 });
    const reader = n2.connect();
    expect(n2.ask(reader, "GET", "a")).toBe("$1\r\n1\r\n");
    group.pass(500);
    expect([n2.keyspace.evictedKeys, n2.keyspace.usedBytes > 1]).toEqual([0, true]);
    expect(n2.ask(reader, "SET", "a", "1")).toMatch(/^-READONLY/);
  });

  it("takes no write where maxmemory is less than no key at all takes", () => {
    const { n1, client } = scene();
    limit(n1, { maxBytes: 1 });
    const oom = /^-OOM command not allowed when used memory > 'maxmemory'\./;
    expect(n1.ask(client, "EVAL", "redis.call('SET', 'a', '1')", "0")).toMatch(oom);
    expect(n1.ask(client, "SET", "a", "1")).toMatch(oom);
    expect(n1.ask(client, "DBSIZE")).toBe(":0\r\n");
  });

  it.each([0, 2 ** 40])("takes no write beyond 30 GB with a maxmemory of %s either", (maxBytes) => {
    const { n1, client } = scene();
    limit(n1, { maxBytes });
    n1.keyspace.usedBytes += 29 * 2 ** 30;
    expect(n1.ask(client, "SET", "a", "1")).toBe("+OK\r\n");
    n1.keyspace.usedBytes += 2 ** 30;
    expect(n1.ask(client, "SET", "a", "1")).toMatch(/^-OOM/);
  });

  it("takes writes again once there is room", () => {
    const { n1, client } = scene();
    n1.ask(client, "SET", "a", "1");
    limit(n1, { maxBytes: EMPTY_BYTES + 1 });
    expect(n1.ask(client, "SET", "b", "1")).toBe(
      "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    );
    expect(n1.ask(client, "DEL", "a")).toBe(":1\r\n");
    expect(n1.ask(client, "SET", "b", "1")).toBe("+OK\r\n");
  });
});

/** What a connection says and hears while a key is held and there is no memory. */
const WITHOUT_MEMORY: readonly string[][] = [
  ["SET", "b", "1"],
  ["GET", "a"],
  ["APPEND", "a", "x"],
  ["LPUSH", "l", "1"],
  ["EXPIRE", "a", "100"],
  ["MULTI"],
  ["GET", "a"],
  ["EXEC"],
  ["MULTI"],
  ["SET", "b", "1"],
  ["DISCARD"],
  ["MULTI"],
  ["EXEC"],
  ["MULTI"],
  ["PING"],
  ["EXEC"],
  ["PUBLISH", "c", "m"],
  ["EVAL", "return redis.call('set', 'b', '1')", "0"],
  ["EVAL", "return redis.pcall('set', 'b', '1')", "0"],
  ["EVAL", "return redis.call('get', 'a')", "0"],
  ["EVAL", "redis.call('del', 'none') return redis.call('set', 'c', '1')", "0"],
  ["EVAL", "#!lua\nreturn 1", "0"],
  ["EVAL", "#!lua flags=no-writes\nreturn redis.call('get', 'a')", "0"],
  ["EVAL", "#!lua flags=allow-oom\nreturn redis.call('set', 'd', '1')", "0"],
  ["EVAL_RO", "return redis.call('get', 'a')", "0"],
  ["GETDEL", "d"],
  ["COPY", "a", "e"],
  ["SORT", "a", "STORE", "e"],
  ["BLMOVE", "a", "b", "LEFT", "LEFT", "0"],
  ["RENAME", "c", "f"],
];

describe.skipIf(!comparing)("compared with redis-server 7.0", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis?.stop();
  });

  it("the same commands are refused without memory, inside MULTI and scripts too", async () => {
    const { n1, client } = scene();
    const before = [["SET", "a", "1"]];
    const expected = await redis.ask([...before, ["CONFIG", "SET", "maxmemory", "1"], ...WITHOUT_MEMORY]);
    n1.ask(client, "SET", "a", "1");
    limit(n1, { maxBytes: 1 });
    const got = WITHOUT_MEMORY.map((argv) => ({ argv, reply: decode(n1.ask(client, ...argv)) }));
    expect(got).toEqual(WITHOUT_MEMORY.map((argv, at) => ({ argv, reply: expected[at + 2] })));
  });

  it("a transaction that was queued when there was memory is refused as a whole", async () => {
    const other = await redis.connect();
    const { n1, client } = scene();
    const queue = [["MULTI"], ["SET", "b", "1"]];
    const answers = async (count: number): Promise<void> => {
      while (other.text.split("\r\n").length <= count) await new Promise((resolve) => setImmediate(resolve));
    };
    await redis.ask([["CONFIG", "SET", "maxmemory", "0"]]);
    for (const argv of queue) other.send(argv);
    await answers(queue.length);
    await redis.ask([["CONFIG", "SET", "maxmemory", "1"]]);
    other.send(["EXEC"]);
    await answers(queue.length + 1);
    const expected = other.received().at(-1);
    other.close();
    for (const argv of [["SET", "a", "1"], ...queue]) n1.ask(client, ...argv);
    limit(n1, { maxBytes: 1 });
    expect(decode(n1.ask(client, "EXEC"))).toEqual(expected);
  });
});
