import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { EMPTY_BYTES } from "../../../src/core/keyspace/memory-model.ts";
import { MEMORY_DEFAULTS, type MemoryPolicy } from "../../../src/core/keyspace/memory-settings.ts";
import { memoryParameters } from "../../../src/node/memory-parameters.ts";
import { mayUse } from "../../may-use.ts";
import { Harness } from "./harness.ts";
import { RedisServer } from "./redis-server.ts";

const comparing = mayUse("redis-server", "MEMORY is not compared with Redis");

function withPolicy(policy: MemoryPolicy): Harness {
  const harness = new Harness();
  harness.keyspace.limitMemory({ ...MEMORY_DEFAULTS, policy }, new SeededRandomness(1));
  return harness;
}

describe("MEMORY", () => {
  it("USAGE adds up to what INFO says, and grows with what a key holds", () => {
    const harness = new Harness();
    harness.run("SET a 1");
    harness.run("RPUSH l 1 2 3");
    harness.run("SET e 1 EX 100");
    const usages = ["a", "l", "e"].map((key) => Number(harness.ask(`MEMORY USAGE ${key}`)));
    const total = usages.reduce((sum, bytes) => sum + bytes, 0);
    expect(String(harness.ask("INFO memory"))).toContain(`used_memory:${total + EMPTY_BYTES}\r\n`);
    harness.run("RPUSH l 4");
    expect(Number(harness.ask("MEMORY USAGE l"))).toBeGreaterThan(usages[1] ?? 0);
    expect(harness.ask("MEMORY USAGE none")).toBeNull();
  });

  it("USAGE counts neither as use of a key nor as a miss", () => {
    const harness = new Harness();
    harness.keyspace.notifyFlags = 2 | 4096;
    harness.run("SET a 1");
    harness.keyspace.nowMs += 5000;
    harness.run("MEMORY USAGE a");
    expect(harness.ask("OBJECT IDLETIME a")).toBe(5);
    expect(harness.execute(["MEMORY", "USAGE", "none"]).publications).toEqual([]);
  });

  it("STATS tells of each database, and the peak stays", () => {
    const harness = new Harness();
    harness.run("SET a 1");
    harness.run("SELECT 2");
    harness.run("SET b 1 EX 100");
    const stats = harness.ask("MEMORY STATS") as unknown[];
    const at = (name: string): unknown => stats[stats.indexOf(name) + 1];
    expect(at("keys.count")).toBe(2);
    expect(at("total.allocated")).toBe(harness.keyspace.usedBytes + EMPTY_BYTES);
    expect(at("db.2")).toEqual([
      "overhead.hashtable.main",
      56,
      "overhead.hashtable.expires",
      32,
      "overhead.hashtable.slot-to-keys",
      0,
    ]);
    const peak = harness.keyspace.usedBytes + EMPTY_BYTES;
    harness.run("FLUSHALL");
    expect(String(harness.ask("INFO memory"))).toContain(`used_memory_peak:${peak}\r\n`);
    expect(String(harness.ask("INFO memory"))).toContain(`used_memory:${EMPTY_BYTES}\r\n`);
  });

  it("DOCTOR has a word for an empty node, a healthy one, and one that was larger", () => {
    const harness = new Harness();
    expect(harness.ask("MEMORY DOCTOR")).toMatch(/too little data/);
    for (let at = 0; at < 3; at += 1) harness.execute(["SET", `k${at}`, "v".repeat(4 * 1024 * 1024)]);
    expect(harness.ask("MEMORY DOCTOR")).toMatch(/Nothing is wrong/);
    harness.run("DEL k0");
    expect(harness.ask("MEMORY DOCTOR")).toMatch(/Nothing is wrong/);
    harness.execute(["SET", "k1", "v".repeat(2 * 1024 * 1024)]);
    expect(harness.ask("MEMORY DOCTOR")).toMatch(/far more memory/);
    expect(harness.ask("MEMORY PURGE")).toBe("OK");
    expect(harness.ask("MEMORY MALLOC-STATS")).toBe("memory_line:1\n");
  });
});

describe("OBJECT", () => {
  it("FREQ counts under an LFU policy, IDLETIME under any other", () => {
    const lru = withPolicy("allkeys-lru");
    lru.run("SET a 1");
    lru.keyspace.nowMs += 3000;
    expect(lru.ask("OBJECT IDLETIME a")).toBe(3);
    expect(lru.ask("OBJECT FREQ a")).toMatch(/^\(error\) ERR An LFU maxmemory policy is not selected/);
    const lfu = withPolicy("volatile-lfu");
    lfu.run("SET a 1");
    expect(lfu.ask("OBJECT FREQ a")).toBe(5);
    lfu.run("GET a");
    expect(lfu.ask("OBJECT FREQ a")).toBe(6);
    lfu.keyspace.nowMs += 4 * 60_000;
    expect(lfu.ask("OBJECT FREQ a")).toBe(2);
    expect(lfu.ask("OBJECT IDLETIME a")).toMatch(/^\(error\) ERR An LFU maxmemory policy is selected/);
    expect(lfu.ask("OBJECT IDLETIME none")).toBeNull();
  });

  it("a key that is set anew keeps its frequency, and CONFIG RESETSTAT forgets how many were evicted", () => {
    const harness = withPolicy("allkeys-lfu");
    for (const command of ["SET a 1", "GET a", "SET a 2"]) harness.run(command);
    expect(harness.ask("OBJECT FREQ a")).toBeGreaterThanOrEqual(6);
    harness.keyspace.evictedKeys = 4;
    expect(String(harness.ask("INFO stats"))).toContain("evicted_keys:4\r\n");
    harness.run("CONFIG RESETSTAT");
    expect(String(harness.ask("INFO stats"))).toContain("evicted_keys:0\r\n");
  });
});

describe.skipIf(!comparing)("compared with redis-server 7.0", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis?.stop();
  });

  it("MEMORY and OBJECT refuse the same", async () => {
    const commands = [
      "SET a 1",
      "MEMORY USAGE none",
      "MEMORY USAGE a SAMPLES",
      "MEMORY USAGE a SAMPLES -1",
      "MEMORY USAGE a SAMPLES x",
      "MEMORY USAGE a FOO 1",
      "MEMORY USAGE none SAMPLES 0 SAMPLES 3",
      "MEMORY USAGE",
      "MEMORY",
      "MEMORY FOO",
      "OBJECT FREQ a",
      "OBJECT FREQ none",
      "MEMORY PURGE",
    ];
    const harness = new Harness();
    const expected = await redis.ask(commands.map((command) => command.split(" ")));
    expect(commands.map((command) => harness.ask(command))).toEqual(expected);
    // Redis shares the objects of small integers, and counts nothing on them.
    const lfu = ["SET a x", "OBJECT IDLETIME a", "OBJECT IDLETIME none", "OBJECT FREQ a", "OBJECT FREQ none"];
    const [, ...theirs] = await redis.ask([
      ["CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"],
      ["DEL", "a"],
      ...lfu.map((command) => command.split(" ")),
    ]);
    const ours = withPolicy("allkeys-lfu");
    expect(lfu.map((command) => ours.ask(command))).toEqual(theirs.slice(1));
  });

  const VALUES: Readonly<Record<string, readonly string[]>> = {
    maxmemory: ["100mb", "1GB", "1k", "2m", "3g", "4b", "0", "-1", "1.5gb", "5tb", " 5", "1e3"],
    "maxmemory-policy": ["ALLKEYS-LRU", "volatile-ttl", "bogus", "", "noeviction"],
    "maxmemory-samples": ["0", "1", "2147483647", "2147483648", "x", "5 ", "-1"],
    "lfu-log-factor": ["0", "10", "-1", "x"],
    "lfu-decay-time": ["0", "1", "-1", "x"],
    "lazyfree-lazy-eviction": ["yes", "NO", "maybe", ""],
  };

  it.each(Object.keys(VALUES))("%s takes the same values, and refuses others alike", async (name) => {
    const settings: string[] = [];
    const parameter = memoryParameters(MEMORY_DEFAULTS, (changed) =>
      settings.push(JSON.stringify(changed)),
    ).find((each) => each.name === name);
    for (const value of VALUES[name] ?? []) {
      const [set, get] = await redis.ask([
        ["CONFIG", "SET", name, value],
        ["CONFIG", "GET", name],
      ]);
      const reading = parameter?.read(value) ?? { reason: "it is unknown" };
      if ("reason" in reading) {
        expect(`${value}: ${String(set)}`).toBe(
          `${value}: (error) ERR CONFIG SET failed (possibly related to argument '${name}') - ${reading.reason}`,
        );
        continue;
      }
      expect([value, set, get]).toEqual([value, "OK", [name, reading.value]]);
      parameter?.apply(reading.value, value);
    }
    expect(settings.length).toBeGreaterThan(0);
  });
});
