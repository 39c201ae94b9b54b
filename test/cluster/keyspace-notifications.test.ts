import { once } from "node:events";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { startCluster } from "../../cluster/start-cluster.ts";

describe("keyspace notifications", () => {
  it("are turned on and off by CONFIG SET, and reach subscribers", async () => {
    await using cluster = await startCluster();
    const { host, port } = await cluster.master();
    const [client, subscriber] = [new Redis(port, host), new Redis(port, host)];
    await subscriber.subscribe("__keyevent@0__:lpush");
    expect(await client.config("GET", "notify-keyspace-events")).toEqual(["notify-keyspace-events", ""]);
    await expect(client.config("SET", "notify-keyspace-events", "q")).rejects.toThrow(
      "ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - " +
        "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
    );
    await client.lpush("unheard", "1");
    expect(await client.config("SET", "notify-keyspace-events", "lE")).toBe("OK");
    expect(await client.config("GET", "notify-keyspace-events")).toEqual(["notify-keyspace-events", "lE"]);
    const heard = once(subscriber, "message");
    await client.lpush("heard", "1");
    expect(await heard).toEqual(["__keyevent@0__:lpush", "heard"]);
    for (const each of [client, subscriber]) each.disconnect();
  });
});
