/** What a test may do with a member that it has just brought back. */
import { expect, it } from "vitest";
import { startCluster } from "../../cluster/start-cluster.ts";

it("a restarted replica takes a switchover once every sentinel counts it as fit", async () => {
  const cluster = await startCluster({ downAfterMs: 300 });
  try {
    const { id: old } = await cluster.master();
    const id = old === "n1" ? "n2" : "n1";
    await cluster.restart(id);
    // As README has it.
    await cluster.until(({ views }) =>
      Object.values(views).every(({ replicas }) =>
        replicas.some((one) => one.id === id && one.ineligible === null),
      ),
    );
    expect((await cluster.switchover(id)).id).toBe(id);
  } finally {
    await cluster.stop();
  }
});
