/** An import from a running server into a running group: everything that a key can be arrives, also across a failover. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { importKeys } from "../../../cluster/import/import-keys.ts";
import type { ImportProgress } from "../../../cluster/import/run-import.ts";
import { type Cluster, startCluster } from "../../../cluster/start-cluster.ts";
import { freePort } from "../../free-port.ts";
import { mayUse } from "../../may-use.ts";

let target: Cluster;
let reader: Redis;

beforeEach(async () => {
  target = await startCluster();
  reader = new Redis(target.ioredisOptions());
  reader.on("error", () => {}); // Its master is killed.
});

afterEach(async () => {
  reader.disconnect();
  await target.stop();
});

function from(
  url: string,
  more: { replace?: boolean; onProgress?: (progress: ImportProgress) => void } = {},
) {
  return importKeys({
    from: new URL(url),
    sentinels: target.sentinels,
    group: target.group,
    password: undefined,
    replace: more.replace === true,
    onProgress: more.onProgress ?? (() => {}),
    signal: new AbortController().signal,
  });
}

/** One key of each kind, some of them longer than what travels at once. */
async function fill(client: Redis): Promise<void> {
  const many = Array.from({ length: 700 }, (_, index) => `e${index}`);
  await client.set(Buffer.from([0, 255, 10]), Buffer.from([13, 10, 0, 200]));
  await client.set("soon", "gone", "PX", 5_000_000);
  await client.rpush("list", ...many);
  await client.sadd("set", ...many);
  await client.hset("hash", ...many.flatMap((field) => [field, "v"]));
  await client.pexpire("hash", 6_000_000);
  await client.zadd(
    "zset",
    ...many.flatMap((member, at) => [at / 3, member]),
    "+inf",
    "top",
    "-inf",
    "bottom",
  );
  for (let id = 1; id <= 600; id++) await client.xadd("stream", `${id}-1`, "field", `v${id}`);
  await client.xgroup("CREATE", "stream", "workers", "0");
  await client.xreadgroup("GROUP", "workers", "one", "COUNT", 300, "STREAMS", "stream", ">");
  await client.xreadgroup("GROUP", "workers", "two", "COUNT", 10, "STREAMS", "stream", ">");
  await client.xack("stream", "workers", "5-1", "6-1");
  await client.xgroup("CREATECONSUMER", "stream", "workers", "idle");
  await client.xgroup("CREATE", "stream", "late", "$");
  await client.xdel("stream", "600-1", "5-1");
  await client.xgroup("CREATE", "empty", "g", "0", "MKSTREAM");
  await client.select(5);
  await client.set("elsewhere", "5");
  await client.select(0);
}

/** All that the keys of `fill` are, but for idle times. */
async function contents(client: Redis): Promise<unknown> {
  const stream = (await client.xinfo("STREAM", "stream")) as unknown[];
  const told = ["length", "last-generated-id", "max-deleted-entry-id", "entries-added", "groups"];
  const pending = (await client.xpending("stream", "workers", "-", "+", 1000)) as [
    string,
    string,
    number,
    number,
  ][];
  const groups = (await client.xinfo("GROUPS", "stream")) as unknown[];
  const consumers = (await client.xinfo("CONSUMERS", "stream", "workers")) as unknown[][];
  const all = {
    bytes: await client.getBuffer(Buffer.from([0, 255, 10])),
    list: await client.lrange("list", 0, -1),
    set: (await client.smembers("set")).sort(),
    hash: await client.hgetall("hash"),
    zset: await client.zrange("zset", 0, "-1", "WITHSCORES"),
    stream: await client.xrange("stream", "-", "+"),
    about: told.map((name) => stream[stream.indexOf(name) + 1]),
    groups,
    consumers: consumers.map((fields) => fields.slice(0, 4)),
    pending: pending.map(([id, consumer, , deliveries]) => [id, consumer, deliveries]),
    empty: await client.xinfo("GROUPS", "empty"),
    expiry: await Promise.all(
      ["soon", "hash"].map(async (key) =>
        Math.round(((await client.call("PEXPIRETIME", key)) as number) / 60_000),
      ),
    ),
    size: await client.dbsize(),
    elsewhere: "",
  };
  await client.select(5);
  all.elsewhere = (await client.get("elsewhere")) ?? "";
  await client.select(0);
  return all;
}

describe("from another group", () => {
  let other: Cluster;
  let writer: Redis;
  let url: string;

  beforeAll(async () => {
    other = await startCluster({ nodes: 1, sentinels: 1 });
    writer = new Redis(other.ioredisOptions());
    const { host, port } = await other.master();
    url = `redis://${host}:${port}`;
    await fill(writer);
  });

  afterAll(async () => {
    writer.disconnect();
    await other.stop();
  });

  it("brings keys of every kind, in all databases", async () => {
    expect(await from(url)).toMatchObject({ copied: 9, gone: 0, failed: 0 });
    expect(await contents(reader)).toEqual(await contents(writer));
  });

  it("brings one database alone, when the URL names it", async () => {
    expect(await from(`${url}/5`)).toMatchObject({ copied: 1 });
    expect([await reader.dbsize(), await reader.select(5), await reader.get("elsewhere")]).toEqual([
      0,
      "OK",
      "5",
    ]);
  });

  it("goes on with the next master when the first one dies meanwhile", async () => {
    const old = await target.master();
    let killed = false;
    const report = await from(url, {
      onProgress: () => {
        if (!killed) target.kill(old.id);
        killed = true;
      },
    });
    expect(report).toMatchObject({ copied: 9, failed: 0 });
    expect((await target.master()).id).not.toBe(old.id);
    expect(await contents(reader)).toEqual(await contents(writer));
  });

  it("leaves a group alone that has keys, unless they may be replaced", async () => {
    await reader.set("list", "mine");
    await reader.set("own", "mine");
    await expect(from(url)).rejects.toMatchObject({ code: "NOT_EMPTY" });
    expect([await reader.dbsize(), await reader.get("list")]).toEqual([2, "mine"]);
    await from(url, { replace: true });
    expect([await reader.llen("list"), await reader.get("own")]).toEqual([700, "mine"]);
  });

  it("refuses what would empty the group, what can't be read and what has no place", async () => {
    for (const { host, port } of target.nodes) {
      await expect(from(`redis://${host}:${port}`, { replace: true })).rejects.toMatchObject({
        code: "SAME_GROUP",
      });
    }
    await expect(from(`redis://127.0.0.1:${await freePort()}`)).rejects.toMatchObject({
      code: "NO_SOURCE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    const [sentinel] = target.sentinels;
    await expect(from(`redis://${sentinel?.host}:${sentinel?.port}`)).rejects.toMatchObject({
      code: "NO_SOURCE",
      message: expect.stringContaining("is a sentinel"),
    });
    await expect(from(`${url}/16`)).rejects.toMatchObject({ code: "BAD_DATABASE" });
  });
});

describe.runIf(mayUse("redis-server", "imports from Redis"))("from Redis", () => {
  it("brings keys of every kind", async () => {
    const port = await freePort();
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", "pass/word"];
    const server = spawn("redis-server", args, { stdio: "ignore" });
    const exited = once(server, "exit");
    // It dials anew until the process listens.
    const writer = new Redis({ port, password: "pass/word", retryStrategy: () => 20 });
    writer.on("error", () => {});
    try {
      await fill(writer);
      await expect(from(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({
        code: "NO_SOURCE",
        message: expect.stringContaining("give its password in the URL"),
      });
      expect(await from(`redis://:pass%2Fword@127.0.0.1:${port}`)).toMatchObject({ copied: 9, failed: 0 });
      expect(await contents(reader)).toEqual(await contents(writer));
    } finally {
      writer.disconnect();
      server.kill();
      await exited;
    }
  });
});
