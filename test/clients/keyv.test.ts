/** keyv, which hands the options of a sentinel client to node-redis. */
import KeyvRedis from "@keyv/redis";
import { Keyv } from "keyv";
import { expect, it } from "vitest";
import { WriteLoad } from "../cluster/redis-clients.ts";
import { processScene } from "../process/up-cluster.ts";
import { failOverUnder } from "./fail-over.ts";

const scene = processScene();
const TTL_MS = 600_000;

it("has every value that it has stored, and still forgets it in time, when the master is killed", async () => {
  const cluster = await scene.up();
  // Without it keyv calls a value stored whatever became of it.
  const throwOnErrors = true;
  const store = new KeyvRedis(cluster.nodeRedisOptions(), { throwOnErrors });
  const keyv = new Keyv({ store, throwOnErrors });
  keyv.on("error", () => {});
  scene.atEnd(() => keyv.disconnect());
  await keyv.set("before", { made: "before" }, TTL_MS);

  const load = await scene.writing(
    new WriteLoad(
      (key, value) => keyv.set(key, value, TTL_MS),
      () => {},
    ),
  );
  await failOverUnder(cluster, load);

  expect(await keyv.get("before")).toEqual({ made: "before" });
  const keys = [...load.acknowledged.keys()];
  expect(await keyv.getMany(keys)).toEqual([...load.acknowledged.values()]);
  expect(await keyv.hasMany(keys)).toEqual(keys.map(() => true));
  const { expires } = (await keyv.getRaw("before")) ?? {};
  expect(expires).toBeGreaterThan(Date.now());
  expect(await keyv.delete("before")).toBe(true);
  expect(await keyv.get("before")).toBeUndefined();
});
