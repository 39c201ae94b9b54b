/** redis-semaphore, through an ioredis client that asks the sentinels. The mutex is shorter than by default, so that it is refreshed meanwhile. */
import { Redis } from "ioredis";
import { Mutex, Semaphore } from "redis-semaphore";
import { describe, expect, it } from "vitest";
import { WriteLoad } from "../cluster/redis-clients.ts";
import { processScene, type UpCluster } from "../process/up-cluster.ts";
import { failOverUnder } from "./fail-over.ts";

const scene = processScene();
/** Longer than a busy machine stands still. */
const LOCK_TIMEOUT_MS = 3000;
const REFRESH_MS = 500;
/** Before the fault, and after it. */
const CALLS = 50;

function clientOf(cluster: UpCluster): Redis {
  const client = new Redis(cluster.ioredisOptions());
  client.on("error", () => {});
  scene.atEnd(() => client.disconnect());
  return client;
}

describe("redis-semaphore", () => {
  it("a mutex outlives the master that it was acquired on: refreshed, and nobody else's", async () => {
    const cluster = await scene.up();
    const lost: Error[] = [];
    const options = {
      lockTimeout: LOCK_TIMEOUT_MS,
      refreshInterval: REFRESH_MS,
      onLockLost: (error: Error) => lost.push(error),
    };
    const mutex = new Mutex(clientOf(cluster), "resource", options);
    const rival = new Mutex(clientOf(cluster), "resource", { ...options, acquireAttemptsLimit: 1 });
    await mutex.acquire();
    scene.atEnd(() => mutex.stopRefresh());

    const taken: boolean[] = [];
    const attempts = new WriteLoad(
      async () => taken.push(await rival.tryAcquire()),
      () => {},
      { lanes: 1 },
    );
    await scene.writing(attempts, CALLS);
    // By then the lock has ended that was held when the master died.
    const endsAtMs = performance.now() + LOCK_TIMEOUT_MS;
    const old = await cluster.killMaster();
    await cluster.master(old.id);
    while (performance.now() <= endsAtMs) await attempts.more(1);
    await attempts.stop();

    expect(taken).not.toContain(true);
    expect(lost).toEqual([]);
    await mutex.release();
    expect(await rival.tryAcquire()).toBe(true);
    await rival.release();
  });

  it("a semaphore of two never lets in a third while its master is killed", async () => {
    const cluster = await scene.up();
    const client = clientOf(cluster);
    let inside = 0;
    let insideMax = 0;
    const load = new WriteLoad(
      async () => {
        const semaphore = new Semaphore(client, "resource", 2);
        await semaphore.acquire();
        insideMax = Math.max(insideMax, ++inside);
        await client.ping();
        inside -= 1;
        await semaphore.release();
      },
      () => {},
    );
    await scene.writing(load, CALLS);
    await failOverUnder(cluster, load, CALLS);
    expect(insideMax).toBe(2);
  });
});
