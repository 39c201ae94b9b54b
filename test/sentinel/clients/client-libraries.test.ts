/** What stock clients make of our answers, over real sockets: they find the master, and follow it when it changes. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { createSentinel } from "redis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mayUse } from "../../may-use.ts";
import { ServedMaster, ServedSentinel, viewWithMaster } from "./served.ts";

const run = promisify(execFile);

let sentinel: ServedSentinel;
let first: ServedMaster;
let second: ServedMaster;

beforeEach(async () => {
  [sentinel, first, second] = [new ServedSentinel(), new ServedMaster("first"), new ServedMaster("second")];
  await Promise.all([sentinel.listen(), first.listen(), second.listen()]);
  sentinel.view = viewWithMaster("n1", first.address, 1);
});

afterEach(async () => {
  await Promise.all([sentinel.close(), first.close(), second.close()]);
});

/** The master dies; queries are held; then the switch is published. */
function failOver(): void {
  sentinel.view = viewWithMaster("n1", first.address, 1, true);
  first.kill();
  setImmediate(() =>
    sentinel.switchTo(viewWithMaster("n2", second.address, 2), first.address, second.address),
  );
}

describe("ioredis in sentinel mode", () => {
  it("finds the master and follows a switch", async () => {
    const redis = new Redis({
      sentinels: [sentinel.address],
      name: "mymaster",
      sentinelRetryStrategy: () => 10,
      retryStrategy: () => 10,
    });
    // The old master's death is reported here; the next command shows whether the client has recovered.
    redis.on("error", () => {});
    try {
      expect(await redis.get("who")).toBe("first");
      failOver();
      expect(await redis.get("who")).toBe("second");
    } finally {
      redis.disconnect();
    }
  });

  it("gets +switch-master when it subscribes", async () => {
    const redis = new Redis(sentinel.address.port, sentinel.address.host, { enableReadyCheck: false });
    try {
      await redis.subscribe("+switch-master");
      const message = once(redis, "message");
      sentinel.switchTo(viewWithMaster("n2", second.address, 2), first.address, second.address);
      const payload = `mymaster 127.0.0.1 ${first.address.port} 127.0.0.1 ${second.address.port}`;
      expect(await message).toEqual(["+switch-master", payload]);
    } finally {
      redis.disconnect();
    }
  });
});

describe("node-redis createSentinel", () => {
  it.each([2, 3] as const)("finds the master in RESP%s and follows a switch", async (RESP) => {
    const client = createSentinel({
      name: "mymaster",
      RESP,
      sentinelRootNodes: [sentinel.address],
      scanInterval: 0,
      maxCommandRediscovers: 100,
    });
    client.on("error", () => {});
    await client.connect();
    try {
      expect(await client.get("who")).toBe("first");
      failOver();
      expect(await client.get("who")).toBe("second");
    } finally {
      await client.destroy();
    }
  });
});

const redisCli = mayUse("redis-cli", "a sentinel is not asked by redis-cli");

describe.skipIf(!redisCli)("redis-cli", () => {
  const cli = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run("redis-cli", ["-p", String(sentinel.address.port), ...args]);
    return stdout;
  };

  it("prints SENTINEL MASTERS", async () => {
    const lines = (await cli("sentinel", "masters")).split("\n");
    expect(lines.slice(0, 6)).toEqual([
      "name",
      "mymaster",
      "ip",
      "127.0.0.1",
      "port",
      String(first.address.port),
    ]);
  });

  it("speaks RESP3 with it", async () => {
    const lines = (await cli("-3", "sentinel", "master", "mymaster")).split("\n");
    expect(lines[0]).toBe("name mymaster");
    expect(lines).toContain("flags master");
  });

  it("prints nothing for an unknown master's address", async () => {
    expect((await cli("sentinel", "get-master-addr-by-name", "nope")).trim()).toBe("");
  });
});
