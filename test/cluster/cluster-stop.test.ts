/** What is left of a cluster in this process, and of what waits for it, when it is stopped. */
import { describe, expect, it } from "vitest";
import { startCluster } from "../../cluster/start-cluster.ts";
import { failoverScene } from "./failover-scene.ts";
import { listens } from "./listens.ts";

const { start } = failoverScene();

describe("a cluster that is stopped", () => {
  it("listens nowhere after stop, which may be said twice", async () => {
    const cluster = await start();
    const addresses = [...cluster.nodes, ...cluster.sentinels];
    expect(await Promise.all(addresses.map(listens))).not.toContain(false);
    await Promise.all([cluster.stop(), cluster.stop()]);
    expect(await Promise.all(addresses.map(listens))).not.toContain(true);
  });

  it("takes nobody back once it is stopped, whom nobody would end again", async () => {
    const cluster = await start({ nodes: 1, sentinels: 1 });
    const stopping = cluster.stop();
    await expect(cluster.restart("n1")).rejects.toMatchObject({ code: "STOPPED" });
    await stopping;
    await expect(cluster.restart("n1")).rejects.toThrow("Cannot restart n1: the cluster has been stopped");
    expect(cluster.status().members).toEqual([
      { id: "n1", state: "dead" },
      { id: "s1", state: "dead" },
    ]);
    expect(await listens(cluster.nodes[0] ?? { host: "", port: 0 })).toBe(false);
  });

  it("ends every wait when it is stopped, and waits for nothing afterwards", async () => {
    const cluster = await start({ nodes: 1, sentinels: 1 });
    const ends: string[] = [];
    const note = (name: string, wait: Promise<unknown>): Promise<void> =>
      wait.then(
        () => void ends.push(`${name} came`),
        (error) => void ends.push(`${name} ${error.code}`),
      );
    const under = [
      note("waitForMaster", cluster.waitForMaster({ not: "n1" })),
      note(
        "until",
        cluster.until(() => false),
      ),
    ];
    const stopped = cluster.stop().then(() => ends.push("stopped"));
    await Promise.all([...under, stopped]);
    expect(ends).toEqual(["waitForMaster STOPPED", "until STOPPED", "stopped"]);
    const later = await Promise.allSettled([
      cluster.master(),
      cluster.waitForMaster(),
      cluster.killMaster(),
      cluster.switchover(),
      cluster.until(() => true),
    ]);
    for (const end of later) expect(end).toMatchObject({ reason: { code: "STOPPED" } });
  });

  it("ends a switchover that is under way when it is stopped", async () => {
    const cluster = await start();
    const { id } = await cluster.master();
    for (const other of cluster.nodes) if (other.id !== id) cluster.pause(other.id);
    const switchover = cluster.switchover();
    // The sentinel has been asked once it says that it is at it.
    await cluster.until(({ views }) => Object.values(views).some(({ failover }) => failover !== null));
    const [end] = await Promise.allSettled([switchover, cluster.stop()]);
    expect(end).toMatchObject({ status: "rejected", reason: { code: "STOPPED" } });
  });

  it("stops at the end of its block with await using", async () => {
    let addresses: readonly { host: string; port: number }[] = [];
    {
      await using cluster = await startCluster({ nodes: 1, sentinels: 1 });
      addresses = cluster.nodes;
      expect(await listens(cluster.nodes[0] ?? { host: "", port: 0 })).toBe(true);
    }
    expect(await Promise.all(addresses.map(listens))).toEqual([false]);
  });
});
