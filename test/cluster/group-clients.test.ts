/** The clients of a chaos run, beside a cluster that gets a new master. */
import { afterEach, describe, expect, it } from "vitest";
import { type ChaosClient, whenReady } from "../../cluster/chaos/chaos-client.ts";
import { GroupClients } from "../../cluster/chaos/group-clients.ts";
import { failoverScene } from "./failover-scene.ts";
import type { GroupAddress } from "./redis-clients.ts";

const WAIT_MS = 30_000;

const scene = failoverScene();
let group: GroupClients | undefined;
afterEach(() => group?.close());

function groupOf({ sentinels, group: name }: GroupAddress): GroupClients {
  group = new GroupClients({ sentinels, group: name, defaults: false, onError: () => {} });
  return group;
}

async function connected(client: ChaosClient): Promise<void> {
  expect(await whenReady(client, WAIT_MS)).toBe(true);
}

describe("careful clients of a group", () => {
  it("leave a master that has fallen silent for the new one, and stay there", async () => {
    // Long, so that a stall of a busy machine is no second failover: that would close connections too.
    const cluster = await scene.start({ downAfterMs: 1500 });
    const careful = groupOf(cluster);
    const clients = [0, 1, 2].map((first) => careful.connect(first));
    await Promise.all(clients.map(connected));
    const old = await cluster.master();
    cluster.pause(old.id);
    const next = await cluster.waitForMaster({ not: old.id });
    for (const client of clients) {
      // No command is under way whose time-out would close a connection: the old master's would stay open for ever.
      await expect.poll(() => client.stream.remotePort, { timeout: WAIT_MS }).toBe(next.port);
      await connected(client);
    }
    let losses = 0;
    for (const client of clients) client.on("close", () => (losses += 1));
    cluster.resume(old.id);
    for (const [at, client] of clients.entries()) {
      // A careful client gives a command up after half a second, which a busy machine may take; that closes no connection.
      await expect.poll(() => client.set(`k${at}`, "value"), { timeout: WAIT_MS }).toBe("OK");
    }
    expect(losses).toBe(0);
  });

  it("are all gone, and ask no sentinel any more, once the group is closed", async () => {
    const cluster = await scene.start();
    const before = process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
    const careful = groupOf(cluster);
    const client = careful.connect();
    await connected(client);
    careful.close();
    await expect.poll(() => client.status).toBe("end");
    const now = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
    await expect.poll(now, { timeout: WAIT_MS }).toBeLessThanOrEqual(before);
  });
});
