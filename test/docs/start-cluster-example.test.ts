/** The README's example, run as it stands there: only the import of the package is another one. */
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { startCluster } from "../../cluster/start-cluster.ts";

it("keeps an acknowledged write when the master is killed", async () => {
  await using cluster = await startCluster();
  const redis = new Redis(cluster.ioredisOptions());
  redis.on("error", () => {}); // the killed master resets its sockets; ioredis connects again by itself

  await redis.set("order:42", "paid");
  const old = await cluster.killMaster();
  const master = await cluster.waitForMaster({ not: old.id });

  expect(master.epoch).toBeGreaterThan(old.epoch);
  expect(await redis.get("order:42")).toBe("paid");
  redis.disconnect();
});
