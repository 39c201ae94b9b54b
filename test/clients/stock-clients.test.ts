/** Stock clients with nothing but their default options, while their master dies, falls silent or is switched under their writes. */
import { Redis } from "ioredis";
import { Redis as Ioredis6 } from "ioredis-6";
import { Redis as Iovalkey } from "iovalkey";
import { createSentinel as createSentinel6 } from "redis-6";
import { describe, expect, it } from "vitest";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import {
  equalDigests,
  ioredisLoad,
  loadOfIoredis,
  loadOfNodeRedis,
  lostWrites,
  nodeRedisLoad,
} from "../cluster/redis-clients.ts";
import { processScene, type UpCluster } from "../process/up-cluster.ts";

const scene = processScene();

const CLIENTS = [
  { client: "ioredis 5", loadOn: (cluster: UpCluster) => ioredisLoad(cluster.ioredisOptions()) },
  {
    client: "ioredis 6",
    loadOn: (cluster: UpCluster) => loadOfIoredis(new Ioredis6(cluster.ioredisOptions())),
  },
  {
    client: "iovalkey",
    loadOn: (cluster: UpCluster) => loadOfIoredis(new Iovalkey(cluster.ioredisOptions())),
  },
  { client: "node-redis 5", loadOn: (cluster: UpCluster) => nodeRedisLoad(cluster.nodeRedisOptions()) },
  {
    client: "node-redis 6",
    loadOn: (cluster: UpCluster) => loadOfNodeRedis(createSentinel6(cluster.nodeRedisOptions())),
  },
];
/** Asks for the master before there is a new one, so that the event comes while it asks. */
const detecting = (cluster: UpCluster) => ({
  ...cluster.ioredisOptions(),
  failoverDetector: true,
  retryStrategy: () => 1,
});
const MODES: readonly ReplicationMode[] = ["semi-sync", "sync"];

describe.each(CLIENTS)("$client with default options", ({ loadOn }) => {
  it.each(MODES)(
    "goes on writing when the master is killed, and loses nothing in %s",
    async (replication) => {
      const cluster = await scene.up("--replication", replication);
      const load = await scene.writing(loadOn(cluster));
      const old = await cluster.killMaster();
      const next = await cluster.master(old.id);
      await load.more(200);
      await load.stop();
      expect(await lostWrites(load, next)).toEqual([]);
      await cluster.restart(old.id);
      await cluster.whole();
      await equalDigests(cluster.nodes);
    },
  );

  it("has no write left in doubt by a switchover, and loses nothing", async () => {
    const cluster = await scene.up();
    const load = await scene.writing(loadOn(cluster));
    const old = await cluster.master();
    expect((await cluster.operator("switchover")).code).toBe(0);
    const next = await cluster.master(old.id);
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
    { version: 5, clientOf: (cluster: UpCluster) => new Redis(detecting(cluster)) },
    { version: 6, clientOf: (cluster: UpCluster) => new Ioredis6(detecting(cluster)) },
  ])(
    "goes on in version $version when the master is killed, and when it falls silent",
    async ({ clientOf }) => {
      const cluster = await scene.up();
      const load = await scene.writing(loadOfIoredis(clientOf(cluster)));
      const first = await cluster.killMaster();
      const second = await cluster.master(first.id);
      await load.more(200);
      await cluster.restart(first.id);
      await cluster.whole();
      cluster.signal(second.id, "SIGSTOP");
      const third = await cluster.master(second.id);
      await load.more(200);
      cluster.signal(second.id, "SIGCONT");
      await load.stop();
      expect(await lostWrites(load, third)).toEqual([]);
    },
  );
});

describe("node-redis 5 with default options", () => {
  it("leaves a master that has fallen silent, and loses nothing", async () => {
    const cluster = await scene.up();
    const load = await scene.writing(nodeRedisLoad(cluster.nodeRedisOptions()));
    const old = await cluster.master();
    cluster.signal(old.id, "SIGSTOP");
    const next = await cluster.master(old.id);
    await load.more(200);
    cluster.signal(old.id, "SIGCONT");
    await load.stop();
    expect(await lostWrites(load, next)).toEqual([]);
  });
});
