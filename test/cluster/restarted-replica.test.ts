/** What a test may do with members that it has just brought back. */
import { expect, it } from "vitest";
import { startCluster } from "../../cluster/start-cluster.ts";

it("a restarted replica takes a switchover once it has been waited for", async () => {
  const cluster = await startCluster({ downAfterMs: 300 });
  try {
    const { id: old } = await cluster.master();
    const id = old === "n1" ? "n2" : "n1";
    await cluster.restart(id);
    await cluster.waitForReplicas();
    expect((await cluster.switchover(id)).id).toBe(id);
  } finally {
    await cluster.stop();
  }
});

it("one master after the other is killed and brought back, each with replicas that can follow it", async () => {
  const cluster = await startCluster({ downAfterMs: 300 });
  try {
    for (let round = 0; round < 5; round++) {
      const old = await cluster.killMaster();
      const master = await cluster.waitForMaster({ not: old.id });
      await cluster.restart(old.id);
      await cluster.waitForReplicas();
      const { nodes, views } = cluster.status();
      expect(Object.values(nodes).map(({ role }) => role)).toHaveLength(3);
      for (const { obstacles } of Object.values(views)) expect(obstacles).toEqual([]);
      expect((await cluster.switchover(old.id)).id).toBe(old.id);
      expect(cluster.status().master?.epoch).toBeGreaterThan(master.epoch);
      await cluster.waitForReplicas();
    }
  } finally {
    await cluster.stop();
  }
});

it("a wait for replicas that is in vain names who is not fit", async () => {
  const cluster = await startCluster({ downAfterMs: 300 });
  try {
    const { id } = await cluster.master();
    const cutOff = ["n1", "n2", "n3"].find((one) => one !== id) as string;
    const others = ["n1", "n2", "n3", "s1", "s2", "s3"].filter((one) => one !== cutOff);
    cluster.partition([cutOff], others);
    await cluster.until(({ views }) =>
      Object.values(views).some(({ replicas }) => replicas.some(({ sdown }) => sdown)),
    );
    await expect(cluster.waitForReplicas({ timeoutMs: 50 })).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining(`replicas that could take over: ${cutOff} `),
    });
    cluster.heal();
    await cluster.waitForReplicas();
  } finally {
    await cluster.stop();
  }
});
