/** rate-limiter-flexible with the ioredis client of its README, which asks the sentinels. */
import { Redis } from "ioredis";
import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { expect, it } from "vitest";
import { WriteLoad } from "../cluster/redis-clients.ts";
import { processScene } from "../process/up-cluster.ts";
import { failOverUnder } from "./fail-over.ts";

const scene = processScene();
/** One after the other, before the fault and after it. */
const CALLS = 50;
const DURATION_SECONDS = 600;
/** ioredis sends the command again whose answer was lost with its connection, and that one may have been executed. */
const RESENT_MAX = 1;

it("goes on counting where it was, and lets nobody in again, when the master is killed", async () => {
  const cluster = await scene.up();
  const storeClient = new Redis({ ...cluster.ioredisOptions(), enableOfflineQueue: false });
  storeClient.on("error", () => {});
  scene.atEnd(() => storeClient.disconnect());
  await new Promise((resolve) => storeClient.once("ready", resolve));
  const few = new RateLimiterRedis({ storeClient, points: 2, duration: DURATION_SECONDS, keyPrefix: "few" });
  const many = new RateLimiterRedis({ storeClient, points: 1e6, duration: DURATION_SECONDS });
  await few.consume("exhausted");
  const { msBeforeNext: msBefore } = await few.consume("exhausted");

  const counted: number[] = [];
  const load = new WriteLoad(
    async () => counted.push((await many.consume("busy")).consumedPoints),
    () => {},
    { lanes: 1 },
  );
  await scene.writing(load, CALLS);
  await failOverUnder(cluster, load, CALLS);

  // One after the other: each sees at least its own point more than the one before it.
  expect(counted.filter((points, at) => points <= (counted[at - 1] ?? 0))).toEqual([]);
  const attempts = counted.length + load.failures.length;
  expect(counted.at(-1)).toBeLessThanOrEqual(attempts + RESENT_MAX);
  expect((await many.get("busy"))?.consumedPoints).toBe(counted.at(-1));

  const refusal = await few.consume("exhausted").catch((refused: unknown) => refused);
  if (!(refusal instanceof RateLimiterRes)) throw refusal;
  expect(refusal.consumedPoints).toBe(3);
  expect(refusal.msBeforeNext).toBeGreaterThan(0);
  expect(refusal.msBeforeNext).toBeLessThan(msBefore);
});
