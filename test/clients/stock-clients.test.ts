/** Stock clients with nothing but their default options, while their master dies, falls silent or is switched under their writes. */
import { Redis } from "ioredis";
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
/** Asks for the master before there is a new one, so that the event comes while it asks. */
const detecting = (cluster: Cluster) => ({
  ...cluster.ioredisOptions(),
  failoverDetector: true,
  retryStrategy: () => 1,
});
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

describe("ioredis with its failover detector", () => {
  it.each([
    { version: 5, clientOf: (cluster: Cluster) => new Redis(detecting(cluster)) },
    { version: 6, clientOf: (cluster: Cluster) => new Ioredis6(detecting(cluster)) },
  ])(
    "goes on in version $version when the master is killed, and when it falls silent",
    async ({ clientOf }) => {
      const cluster = await scene.start();
      const load = await scene.writing(loadOfIoredis(clientOf(cluster)));
      const first = await cluster.killMaster();
      const second = await cluster.waitForMaster({ not: first.id });
      await load.more(200);
      await cluster.restart(first.id);
      await whole(cluster);
      cluster.pause(second.id);
      const third = await cluster.waitForMaster({ not: second.id });
      await load.more(200);
      cluster.resume(second.id);
      await load.stop();
      expect(await lostWrites(load, third)).toEqual([]);
    },
  );
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
