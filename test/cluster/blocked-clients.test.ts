/** Clients that wait for a list, on real sockets. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { startCluster } from "../../cluster/start-cluster.ts";

/** Asks until so many clients are blocked: there is nobody to tell of it. */
async function untilBlocked(redis: Redis, count: number): Promise<void> {
  while (!(await redis.info("clients")).includes(`blocked_clients:${count}\r\n`));
}

describe("a client that waits for a list", () => {
  it("gets what is pushed, and takes nothing once it has gone", async () => {
    await using cluster = await startCluster();
    const { host, port } = await cluster.master();
    const [pusher, worker] = [new Redis(port, host), new Redis(port, host)];
    const job = worker.blpop("queue", 0);
    await untilBlocked(pusher, 1);
    expect(await pusher.rpush("queue", "job 1")).toBe(1);
    expect(await job).toEqual(["queue", "job 1"]);

    const lost = worker.blpop("queue", 0).catch((error: Error) => error.message);
    await untilBlocked(pusher, 1);
    worker.disconnect();
    await untilBlocked(pusher, 0);
    expect(await lost).toMatch(/closed/);
    await pusher.rpush("queue", "job 2");
    expect(await pusher.llen("queue")).toBe(1);
    pusher.disconnect();
  });

  it("is released by a switchover, and waits at the new master then", async () => {
    await using cluster = await startCluster();
    const worker = new Redis(cluster.ioredisOptions());
    const pusher = new Redis(cluster.ioredisOptions());
    const errors: string[] = [];
    const work = async (): Promise<[string, string] | null> => {
      for (;;) {
        try {
          return await worker.blpop("queue", 0);
        } catch (error) {
          errors.push((error as Error).message);
        }
      }
    };
    const job = work();
    await untilBlocked(pusher, 1);
    const old = await cluster.master();
    await cluster.switchover();
    await cluster.waitForMaster({ not: old.id });
    await pusher.rpush("queue", "job");
    expect(await job).toEqual(["queue", "job"]);
    expect(errors[0]).toMatch(/^UNBLOCKED force unblock from blocking operation, instance state changed/);
    for (const client of [worker, pusher]) client.disconnect();
  });
});
