/** redlock on one group, as its README has it: through one ioredis client that asks the sentinels. */
import { Redis } from "ioredis";
import Redlock, { type Lock } from "redlock";
import { expect, it } from "vitest";
import { ask, WriteLoad } from "../cluster/redis-clients.ts";
import { processScene, type UpCluster } from "../process/up-cluster.ts";
import { failOverUnder } from "./fail-over.ts";

const scene = processScene();
const DURATION_MS = 60_000;

function redlockOn(cluster: UpCluster): Redlock {
  const client = new Redis(cluster.ioredisOptions());
  client.on("error", () => {});
  scene.atEnd(() => client.disconnect());
  const redlock = new Redlock([client]);
  redlock.on("error", () => {});
  return redlock;
}

it("every lock that was acquired is still its holder's alone when the master is killed", async () => {
  const cluster = await scene.up();
  const [holder, rival] = [redlockOn(cluster), redlockOn(cluster)];
  const locks = new Map<string, Lock>();
  const load = await scene.writing(
    new WriteLoad(
      async (key) => locks.set(key, await holder.acquire([key], DURATION_MS)),
      () => {},
    ),
  );
  const next = await failOverUnder(cluster, load);

  const resources = [...locks.keys()];
  expect(await ask(next, "MGET", ...resources)).toEqual([...locks.values()].map(({ value }) => value));
  const [[resource, lock] = []] = locks;
  if (resource === undefined || lock === undefined) throw new Error("no lock was acquired");
  await expect(rival.acquire([resource], DURATION_MS, { retryCount: 0 })).rejects.toThrow();
  const extended = await lock.extend(DURATION_MS);
  await expect(rival.acquire([resource], DURATION_MS, { retryCount: 0 })).rejects.toThrow();
  await extended.release();
  const rivals = await rival.acquire([resource], DURATION_MS, { retryCount: 0 });
  await expect(lock.extend(DURATION_MS)).rejects.toThrow();
  await rivals.release();
});
