/** BullMQ through ioredis clients that ask the sentinels: a queue is filled and worked off without a pause while its master is killed. */
import { Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { eventually, WriteLoad } from "../cluster/redis-clients.ts";
import { processScene, type UpCluster } from "../process/up-cluster.ts";
import { failOverUnder } from "./fail-over.ts";

const scene = processScene();
const NAME = "work";
/**
 * A worker that loses the answer to "give me a job" has taken one that nobody works on: BullMQ gives it out again once its
 * lock has ended and two checks have seen it so. By default that takes a minute.
 */
const ORPHANS = { lockDuration: 3000, stalledInterval: 1000, maxStalledCount: 10 };
/** The fault is a death. A busy machine that stands still must not be one: BullMQ calls a job failed whose end is refused. */
const DOWN_AFTER_MS = 10_000;
const DELAYED = 20;
const DELAY_MS = 1500;

function clientOf(cluster: UpCluster): Redis {
  // BullMQ insists on the second; it resends what was under way, as long as it takes.
  const client = new Redis({ ...cluster.ioredisOptions(), maxRetriesPerRequest: null });
  client.on("error", () => {});
  scene.atEnd(() => client.disconnect());
  return client;
}

it("loses no job that was added, and runs none twice but what it calls stalled, when the master is killed", async () => {
  const cluster = await scene.up("--down-after", `${DOWN_AFTER_MS}`);
  const runs = new Map<string, number>();
  const stalled = new Set<string>();
  const work = async ({ id = "" }: { id?: string | undefined }): Promise<string> => {
    runs.set(id, (runs.get(id) ?? 0) + 1);
    return `result of ${id}`;
  };
  const queue = new Queue(NAME, { connection: clientOf(cluster) });
  const events = new QueueEvents(NAME, { connection: clientOf(cluster) });
  const worker = new Worker(NAME, work, { connection: clientOf(cluster), concurrency: 8, ...ORPHANS });
  // Their connections' errors are BullMQ's own affair.
  queue.on("error", () => {});
  events.on("error", () => {});
  worker.on("error", () => {});
  for (const part of [queue, events, worker]) scene.atEnd(() => part.close());
  worker.on("stalled", (id) => stalled.add(id));
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()]);

  const added: string[] = [];
  // An id of its own makes a resent addition the same job.
  const add = async (jobId: string, delay = 0): Promise<void> => {
    await queue.add("job", {}, { jobId, delay });
    added.push(jobId);
  };
  for (let delayed = 0; delayed < DELAYED; delayed += 1) await add(`delayed-${delayed}`, DELAY_MS);
  const load = await scene.writing(
    new WriteLoad(
      (key) => add(key.replace(":", "-")),
      () => {},
    ),
  );
  await failOverUnder(cluster, load);

  let counts: Record<string, number> = {};
  await eventually(
    async () => {
      counts = await queue.getJobCounts();
      const { completed = 0, ...others } = counts;
      return completed >= added.length && Object.values(others).every((count) => count === 0)
        ? true
        : undefined;
    },
    () => `the end of ${added.length} jobs; there are ${JSON.stringify(counts)}`,
  );
  const states = await Promise.all(added.map((id) => queue.getJobState(id)));
  expect(states.filter((state) => state !== "completed")).toEqual([]);
  expect(added.filter((id) => !runs.has(id))).toEqual([]);
  const twice = [...runs].flatMap(([id, count]) => (count > 1 && !stalled.has(id) ? [id] : []));
  expect(twice).toEqual([]);

  const last = await queue.add("job", {}, { jobId: "last" });
  expect(await last.waitUntilFinished(events, 10_000)).toBe("result of last");
});
