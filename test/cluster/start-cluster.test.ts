import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createSentinel } from "redis";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Cluster,
  type ClusterOptions,
  type MasterAddress,
  startCluster,
} from "../../cluster/start-cluster.ts";
import { listens } from "./listens.ts";

const clusters: Cluster[] = [];

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.stop();
});

async function start(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await startCluster(options);
  clusters.push(cluster);
  return cluster;
}

/** What nobody catches meanwhile, instead of the runner, for which it would be a failure. */
async function uncaughtDuring(action: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  const runners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", note);
  try {
    await action();
  } finally {
    process.removeListener("uncaughtException", note);
    for (const runner of runners) process.on("uncaughtException", runner);
  }
  return uncaught;
}

describe("a cluster in this process", () => {
  it("has three nodes, three sentinels and a master that all of them name", async () => {
    const cluster = await start();
    expect(cluster.nodes.map(({ id }) => id)).toEqual(["n1", "n2", "n3"]);
    expect(cluster.sentinels.map(({ id }) => id)).toEqual(["s1", "s2", "s3"]);
    const master = await cluster.master();
    const named = cluster.nodes.find(({ id }) => id === master.id);
    expect(named).toEqual({ id: master.id, host: master.host, port: master.port });
    for (const view of Object.values(cluster.status().views)) expect(view.standing?.master).toBe(master.id);
  });

  it("shows an observer to clients as Redis shows a replica that is never promoted", async () => {
    const cluster = await start({ nodes: [{}, { priority: 1 }, { voting: false }], sentinels: 1 });
    const shown = async (at: number): Promise<unknown> => {
      const redis = new Redis({ ...cluster.nodes[at], enableReadyCheck: false });
      const reply = await redis.config("GET", "replica-priority");
      redis.disconnect();
      return reply;
    };
    expect(await shown(1)).toEqual(["replica-priority", "1"]);
    expect(await shown(2)).toEqual(["replica-priority", "0"]);
  });

  it("serves ioredis with the options that it gives", async () => {
    const cluster = await start({ password: "sesame" });
    const redis = new Redis(cluster.ioredisOptions());
    expect(await redis.set("greeting", "hello")).toBe("OK");
    expect(await redis.get("greeting")).toBe("hello");
    redis.disconnect();
  });

  it("serves node-redis with the options that it gives", async () => {
    const cluster = await start({ password: "sesame" });
    const client = createSentinel(cluster.nodeRedisOptions());
    client.on("error", () => {});
    await client.connect();
    expect(await client.set("greeting", "hello")).toBe("OK");
    await client.close();
  });

  it("has another master after the first is killed, and the data too", async () => {
    const cluster = await start();
    const redis = new Redis(cluster.ioredisOptions());
    // The killed master resets the connection; the client asks the sentinels and goes on.
    redis.on("error", () => {});
    await redis.set("greeting", "hello");
    const changes: { from: MasterAddress | null; to: MasterAddress }[] = [];
    cluster.on("masterChanged", (change) => changes.push(change));
    const old = await cluster.killMaster();
    const next = await cluster.waitForMaster({ not: old.id });
    expect(next.id).not.toBe(old.id);
    expect(next.epoch).toBeGreaterThan(old.epoch);
    expect(changes.map(({ from, to }) => [from?.id, to.id])).toEqual([[old.id, next.id]]);
    expect(await redis.get("greeting")).toBe("hello");
    redis.disconnect();
  });

  it("kills the successor too when the master is to be killed twice at once", async () => {
    const cluster = await start();
    const killed = await Promise.all([cluster.killMaster(), cluster.killMaster()]);
    expect(new Set(killed.map(({ id }) => id)).size).toBe(2);
    const dead = cluster.status().members.filter(({ state }) => state === "dead");
    expect(dead.map(({ id }) => id).sort()).toEqual(killed.map(({ id }) => id).sort());
  });

  it("takes a killed node back as a replica", async () => {
    const cluster = await start();
    const old = await cluster.killMaster();
    const next = await cluster.waitForMaster({ not: old.id });
    await cluster.restart(old.id);
    const now = await cluster.until(({ nodes }) => nodes[old.id]?.following?.linkUp === true);
    expect(now.nodes[old.id]).toMatchObject({ role: "replica", following: { master: next.id } });
  });

  it("takes a killed sentinel back", async () => {
    const cluster = await start();
    cluster.kill("s1");
    expect(cluster.status().views.s1).toBeUndefined();
    await cluster.restart("s1");
    const { id } = await cluster.master();
    await cluster.until(({ views }) => views.s1?.standing?.master === id);
  });

  it("replaces a paused master, which follows once it is resumed", async () => {
    const cluster = await start({ downAfterMs: 300 });
    const old = await cluster.master();
    cluster.pause(old.id);
    const next = await cluster.waitForMaster({ not: old.id });
    cluster.resume(old.id);
    await cluster.until(({ nodes }) => nodes[old.id]?.following?.master === next.id);
  });

  it("replaces a master that is cut off, which follows once the network is healed", async () => {
    const cluster = await start({ downAfterMs: 300 });
    const old = await cluster.master();
    const others = [...cluster.nodes, ...cluster.sentinels].map(({ id }) => id).filter((id) => id !== old.id);
    cluster.partition([old.id], others);
    const next = await cluster.waitForMaster({ not: old.id });
    expect(cluster.status().nodes[old.id]?.role).toBe("master");
    cluster.heal();
    await cluster.until(({ nodes }) => nodes[old.id]?.following?.master === next.id);
  });

  it("is switched over to the node that is asked for", async () => {
    const cluster = await start();
    const old = await cluster.master();
    const to = cluster.nodes.find(({ id }) => id !== old.id)?.id ?? "";
    expect(await cluster.switchover(to)).toMatchObject({ id: to });
  });

  it("is switched over by a sentinel on the side that can elect", async () => {
    const cluster = await start();
    const old = await cluster.master();
    cluster.partition(["s1"], ["s2", "s3"]);
    expect((await cluster.switchover()).id).not.toBe(old.id);
  });

  it("says TIMEOUT of a switchover that took too long", async () => {
    const cluster = await start();
    const { id } = await cluster.master();
    for (const other of cluster.nodes) if (other.id !== id) cluster.pause(other.id);
    const [late] = await Promise.allSettled([cluster.switchover(undefined, 50)]);
    expect(late).toMatchObject({
      reason: { code: "TIMEOUT", message: expect.stringMatching(/^s\d did not answer within 50 ms$/) },
    });
  });

  it("says NO_ANSWER of a switchover whose sentinel dies: nobody knows what comes of it", async () => {
    const cluster = await start({ sentinels: 1 });
    const { id } = await cluster.master();
    for (const other of cluster.nodes) if (other.id !== id) cluster.pause(other.id);
    const switchover = cluster.switchover();
    await cluster.until(({ views }) => Object.values(views).some(({ failover }) => failover !== null));
    cluster.kill("s1");
    await expect(switchover).rejects.toMatchObject({ code: "NO_ANSWER" });
  });

  it("refuses to switch over to a stranger in a sentinel's own words", async () => {
    const cluster = await start();
    const [end] = await Promise.allSettled([cluster.switchover("n9")]);
    expect(end).toMatchObject({
      reason: { code: "REFUSED", message: expect.stringMatching(/^s\d: (?!ERR)/) },
    });
  });

  it("tells of members that are killed, paused and restarted", async () => {
    const cluster = await start();
    const states: string[] = [];
    cluster.on("memberChanged", ({ id, state }) => states.push(`${id} ${state}`));
    const replica = cluster.nodes.find(({ id }) => cluster.status().nodes[id]?.role === "replica")?.id ?? "";
    cluster.pause(replica);
    cluster.resume(replica);
    cluster.kill(replica);
    await cluster.restart(replica);
    expect(states).toEqual(["paused", "running", "dead", "running"].map((state) => `${replica} ${state}`));
  });

  it("stops a node or a sentinel that a client shuts down", async () => {
    const cluster = await start();
    const replica = cluster.nodes.find(({ id }) => cluster.status().nodes[id]?.role === "replica");
    for (const member of [replica, cluster.sentinels[0]]) {
      if (member === undefined) throw new Error("no such member");
      const changed = once(cluster, "memberChanged");
      const client = new Redis({ ...member, enableReadyCheck: false, retryStrategy: () => null });
      client.on("error", () => {});
      client.call("SHUTDOWN").catch(() => {});
      expect(await changed).toEqual([{ id: member.id, state: "dead", error: null }]);
      expect(await listens(member)).toBe(false);
      client.disconnect();
    }
  });

  it("leaves every sentinel running when a listener throws, which is an uncaught exception as anywhere", async () => {
    const cluster = await start();
    cluster.on("masterChanged", () => {
      throw new Error("a listener's own");
    });
    const uncaught = await uncaughtDuring(async () => {
      const old = await cluster.killMaster();
      await cluster.waitForMaster({ not: old.id });
    });
    expect(uncaught.map(String)).toEqual(["Error: a listener's own"]);
    const dead = cluster.status().members.filter(({ state }) => state === "dead");
    expect(dead).toHaveLength(1);
    expect(dead[0]?.id).toMatch(/^n/);
  });

  it("kills, takes back and pauses whom it is told to when a listener throws", async () => {
    const cluster = await start({ nodes: 1, sentinels: 1 });
    cluster.on("memberChanged", ({ state }) => {
      throw new Error(state);
    });
    const uncaught = await uncaughtDuring(async () => {
      expect((await cluster.killMaster()).id).toBe("n1");
      await cluster.restart("n1");
      cluster.pause("n1");
      cluster.resume("n1");
      await cluster.until(({ nodes }) => nodes.n1 !== undefined);
    });
    expect(uncaught.map(String)).toEqual(
      ["dead", "running", "paused", "running"].map((state) => `Error: ${state}`),
    );
  });

  it("says that no sentinel answers when that is what stands in the way of a master", async () => {
    const cluster = await start({ nodes: 1, sentinels: 2 });
    cluster.pause("s1");
    cluster.kill("s2");
    await expect(cluster.waitForMaster({ timeoutMs: 0 })).rejects.toThrow(
      "Waited 0 ms in vain for a master: no sentinel answers: s1 is paused, s2 is dead",
    );
  });

  it("names its members when asked about one that it doesn't have", async () => {
    const cluster = await start({ nodes: 1, sentinels: 1 });
    expect(() => cluster.kill("n7")).toThrow('There is no member "n7"; there are n1, s1');
    expect(() => cluster.partition(["n1"], ["n7"])).toThrow('There is no member "n7"');
  });

  it("waits for another master than one of its nodes only", async () => {
    const cluster = await start({ nodes: 1, sentinels: 1 });
    const master = await cluster.master();
    const refusal = async (not: unknown): Promise<unknown> => {
      const [end] = await Promise.allSettled([cluster.waitForMaster({ not: not as string })]);
      return end.status === "rejected" ? `${end.reason.code}: ${end.reason.message}` : end;
    };
    expect(await refusal("n9")).toBe('NO_SUCH_MEMBER: There is no node "n9"; there are n1');
    expect(await refusal("s1")).toBe('NO_SUCH_MEMBER: There is no node "s1"; there are n1');
    expect(await refusal(master)).toMatch(/^NO_SUCH_MEMBER: There is no node \{"id":"n1",/);
  });

  it("takes no promise for an answer", async () => {
    const cluster = await start({ nodes: 1, sentinels: 1 });
    const answers = [async () => false, () => Promise.reject(new Error("unheard"))];
    for (const holds of answers as unknown as (() => boolean)[]) {
      await expect(cluster.until(holds)).rejects.toMatchObject({ code: "BAD_OPTION" });
    }
  });

  it("says what it waited for when it was in vain", async () => {
    const cluster = await start({ nodes: 1, sentinels: 1 });
    await expect(cluster.waitForMaster({ not: "n1", timeoutMs: 20 })).rejects.toThrow(
      "Waited 20 ms in vain for a master other than n1",
    );
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, "abc" as unknown as number])(
    "refuses to wait for %s",
    async (timeoutMs) => {
      const cluster = await start({ nodes: 1, sentinels: 1 });
      const words = `timeoutMs must be a number of milliseconds (got ${typeof timeoutMs === "string" ? '"abc"' : timeoutMs})`;
      await expect(cluster.waitForMaster({ timeoutMs })).rejects.toThrow(words);
      await expect(cluster.until(() => true, timeoutMs)).rejects.toThrow(words);
    },
  );

  it("keeps everything in files when it is given a directory", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "interrex-cluster-"));
    try {
      const first = await start({ dataDir });
      const writer = new Redis(first.ioredisOptions());
      await writer.set("greeting", "hello");
      writer.disconnect();
      await first.stop();
      expect(existsSync(join(dataDir, "n1"))).toBe(true);
      const second = await start({ dataDir });
      const reader = new Redis(second.ioredisOptions());
      expect(await reader.get("greeting")).toBe("hello");
      reader.disconnect();
      await second.stop();
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });

  it("refuses to be another cluster than its directory holds, and leaves nothing running", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "interrex-cluster-"));
    try {
      const first = await start({ dataDir, replication: "async", nodes: [{ priority: 5 }, {}] });
      await first.stop();
      const other = startCluster({ dataDir, replication: "sync", nodes: [{ priority: 7 }, {}] });
      await expect(other.then((cluster) => cluster.stop())).rejects.toMatchObject({
        code: "BAD_OPTION",
        message:
          "dataDir holds a cluster that was begun otherwise: replication is async, not sync; priority of n1 is 5, not 7; leave that out, or take another directory",
      });
      // A member that was left running would hold its directory.
      const again = await start({ dataDir, nodes: 2 });
      expect(again.status().views.s1?.standing?.mode).toBe("async");
      await again.stop();
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });

  it("gives up, and leaves nothing behind, when there is no master in time", async () => {
    await expect(startCluster({ startTimeoutMs: 0 })).rejects.toThrow(
      /^Waited 0 ms in vain for a first master/,
    );
  });
});
