/**
 * node-redis 4, which has no sentinel client: as its users do it, one plain client listens to a sentinel for
 * `+switch-master`, and another is opened to the master that it names.
 */
import { createClient } from "redis-4";
import { expect, it } from "vitest";
import { lostWrites, WriteLoad } from "../cluster/redis-clients.ts";
import { processScene, type UpCluster } from "../process/up-cluster.ts";
import { failOverUnder } from "./fail-over.ts";

const scene = processScene();

type Client = ReturnType<typeof createClient>;

function clientOf(host: string | undefined, port: string | number | undefined): Client {
  const client: Client = createClient({ url: `redis://${host}:${port}` });
  client.on("error", () => {});
  return client;
}

async function loadOn(cluster: UpCluster): Promise<WriteLoad> {
  const [sentinel] = cluster.sentinels;
  const asking = clientOf(sentinel?.host, sentinel?.port);
  await asking.connect();
  const listening = asking.duplicate();
  listening.on("error", () => {});
  await listening.connect();
  const [host, port] = (await asking.sendCommand(["SENTINEL", "get-master-addr-by-name", cluster.group])) as [
    string,
    string,
  ];
  let master = clientOf(host, port);
  await master.connect();
  await listening.subscribe("+switch-master", (message) => {
    const [, , , newHost, newPort] = message.split(" ");
    const old = master;
    master = clientOf(newHost, newPort);
    master.connect().catch(() => {});
    old.disconnect().catch(() => {});
  });
  const close = async (): Promise<void> => {
    for (const client of [master, listening, asking]) await client.disconnect();
  };
  return new WriteLoad((key, value) => master.set(key, value), close);
}

it("loses nothing when it follows +switch-master away from a killed master", async () => {
  const cluster = await scene.up();
  const load = await scene.writing(loadOn(cluster));
  const next = await failOverUnder(cluster, load);
  expect(await lostWrites(load, next)).toEqual([]);
});
