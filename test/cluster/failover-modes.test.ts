/** What each mode promises of an acknowledged write, and that it refuses what it cannot keep. */
import { describe, expect, it } from "vitest";
import { failoverScene, replicasOf, whole } from "./failover-scene.ts";
import { ask, equalDigests } from "./redis-clients.ts";

const scene = failoverScene();

describe("semi-sync without replicas", () => {
  it("acknowledges no write while both are paused, and goes on once they are back", async () => {
    // Long enough that a busy machine makes no sentinel doubt the master, which nobody could replace.
    const cluster = await scene.start({ ackTimeoutMs: 200, downAfterMs: 1000 });
    const master = await cluster.master();
    const replicas = await replicasOf(cluster);
    expect(await ask(master, "SET", "before", "1")).toBe("OK");
    for (const { id } of replicas) cluster.pause(id);
    await expect(ask(master, "SET", "executed", "1")).rejects.toThrow(/^UNCERTAIN /);
    await cluster.until(({ views }) =>
      Object.values(views).every((view) => view.replicas.every(({ sdown }) => sdown)),
    );
    await expect(ask(master, "SET", "refused", "1")).rejects.toThrow(
      "NOREPLICAS Not enough good replicas to write.",
    );
    for (const { id } of replicas) cluster.resume(id);
    await whole(cluster);
    expect(await ask(await cluster.master(), "SET", "after", "1")).toBe("OK");
    await equalDigests(cluster.nodes);
    expect(await ask(master, "EXISTS", "before", "after")).toBe(2);
    expect(await ask(master, "EXISTS", "refused")).toBe(0);
  });

  it("never answers a read with a write that is not confirmed", async () => {
    const cluster = await scene.start({ ackTimeoutMs: 200 });
    const master = await cluster.master();
    expect(await ask(master, "SET", "key", "old")).toBe("OK");
    for (const { id } of await replicasOf(cluster)) cluster.pause(id);
    await expect(ask(master, "SET", "key", "new")).rejects.toThrow(/^UNCERTAIN /);
    await expect(ask(master, "GET", "key")).rejects.toThrow(/^(UNCERTAIN|MASTERDOWN) /);
  });

  it("goes on with one of two replicas, by the copy of the other", async () => {
    const cluster = await scene.start();
    const [first, second] = await replicasOf(cluster);
    cluster.pause(first?.id ?? "");
    const master = await cluster.master();
    expect(await ask(master, "SET", "key", "value")).toBe("OK");
    cluster.kill(second?.id ?? "");
    cluster.resume(first?.id ?? "");
    await cluster.until(({ nodes }) => nodes[first?.id ?? ""]?.following?.linkUp === true);
    expect(await ask(await cluster.master(), "SET", "key", "again")).toBe("OK");
  });
});

describe("sync", () => {
  it("has a value at one replica at least, ready to be read, when it says OK", async () => {
    const cluster = await scene.start({ replication: "sync" });
    const master = await cluster.master();
    const replicas = await replicasOf(cluster);
    for (let round = 0; round < 30; round += 1) {
      const key = `sync:${round}`;
      expect(await ask(master, "SET", key, "value")).toBe("OK");
      const values = await Promise.all(replicas.map((replica) => ask(replica, "GET", key)));
      expect(values).toContain("value");
    }
  });

  it("with as many copies as nodes has it everywhere", async () => {
    const cluster = await scene.start({ replication: "sync", copies: 3 });
    const master = await cluster.master();
    const replicas = await replicasOf(cluster);
    for (let round = 0; round < 30; round += 1) {
      const key = `sync:${round}`;
      expect(await ask(master, "SET", key, "value")).toBe("OK");
      const values = await Promise.all(replicas.map((replica) => ask(replica, "GET", key)));
      expect(values).toEqual(["value", "value"]);
    }
  });
});

describe("async", () => {
  it("acknowledges with the master's copy alone, and the replicas get it when they are back", async () => {
    const cluster = await scene.start({ replication: "async" });
    const master = await cluster.master();
    const replicas = await replicasOf(cluster);
    for (const { id } of replicas) cluster.pause(id);
    expect(await ask(master, "SET", "key", "value")).toBe("OK");
    for (const { id } of replicas) cluster.resume(id);
    await whole(cluster);
    await equalDigests(cluster.nodes);
    for (const replica of replicas) expect(await ask(replica, "GET", "key")).toBe("value");
  });
});

describe("a replica", () => {
  it("serves reads and refuses writes in Redis's words", async () => {
    const cluster = await scene.start({ replication: "sync", copies: 3 });
    await ask(await cluster.master(), "SET", "key", "value");
    for (const replica of await replicasOf(cluster)) {
      expect(await ask(replica, "GET", "key")).toBe("value");
      await expect(ask(replica, "SET", "key", "other")).rejects.toThrow(
        "READONLY You can't write against a read only replica.",
      );
    }
  });
});
