/** Stock clients with nothing but their default options, while their master dies, falls silent or is switched under their writes. */
import { Redis as Ioredis6 } from "ioredis-6";
import { Redis as Iovalkey } from "iovalkey";
import { createSentinel as createSentinel6 } from "redis-6";
import { describe, expect, it } from "vitest";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { failoverScene, whole } from "../cluster/failover-scene.ts";
import {
  equalDigests,
  ioredisLoad,
  loadOfIoredis,
  loadOfNodeRedis,
  lostWrites,
  nodeRedisLoad,
} from "../cluster/redis-clients.ts";

const scene = failoverScene();

const CLIENTS = [
  { client: "ioredis 5", loadOn: (cluster: Cluster) => ioredisLoad(cluster.ioredisOptions()) },
  {
    client: "ioredis 6",
    loadOn: (cluster: Cluster) => loadOfIoredis(new Ioredis6(cluster.ioredisOptions())),
  },
  {
    client: "iovalkey",
    loadOn: (cluster: Cluster) => loadOfIoredis(new Iovalkey(cluster.ioredisOptions())),
  },
  { client: "node-redis 5", loadOn: (cluster: Cluster) => nodeRedisLoad(cluster.nodeRedisOptions()) },
  {
    client: "node-redis 6",
    loadOn: (cluster: Cluster) => loadOfNodeRedis(createSentinel6(cluster.nodeRedisOptions())),
  },
];
const MODES: readonly ReplicationMode[] = ["semi-sync", "sync"];

describe.each(CLIENTS)("$client with default options", ({ loadOn }) => {
  it.each(MODES)(
    "goes on writing when the master is killed, and loses nothing in %s",
    async (replication) => {
      const cluster = await scene.start({ replication });
      const load = await scene.writing(loadOn(cluster));
      const old = await cluster.killMaster();
      const next = await cluster.waitForMaster({ not: old.id });
      await load.more(200);
      await load.stop();
      expect(await lostWrites(load, next)).toEqual([]);
      await cluster.restart(old.id);
      await whole(cluster);
      await equalDigests(cluster.nodes);
    },
  );

  it("has no write left in doubt by a switchover, and loses nothing", async () => {
    const cluster = await scene.start();
    const load = await scene.writing(loadOn(cluster));
    const next = await cluster.switchover();
    await load.more(200);
    await load.stop();
    // READONLY says for certain that nothing was executed; besides it a socket may close, and no more.
    const surprises = load.failures.filter(({ error }) => !/^READONLY |clos(ed|ing)/i.test(error));
    expect(surprises).toEqual([]);
    expect(await lostWrites(load, next)).toEqual([]);
    await equalDigests(cluster.nodes);
  });
});

describe("node-redis 5 with default options", () => {
  it("leaves a master that has fallen silent, and loses nothing", async () => {
    const cluster = await scene.start();
    const load = await scene.writing(nodeRedisLoad(cluster.nodeRedisOptions()));
    const old = await cluster.master();
    cluster.pause(old.id);
    const next = await cluster.waitForMaster({ not: old.id });
    await load.more(200);
    cluster.resume(old.id);
    await load.stop();
    expect(await lostWrites(load, next)).toEqual([]);
  });
});
