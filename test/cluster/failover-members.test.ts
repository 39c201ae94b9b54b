/** Members that go and come back: each of them in turn, sentinels, a replica that has lost everything, and planned switchovers. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failoverScene, replicasOf, whole } from "./failover-scene.ts";
import { ask, carefulLoad, equalDigests, lostWrites } from "./redis-clients.ts";

const scene = failoverScene();

describe("a switchover under load", () => {
  it("goes round all nodes, loses nothing, and leaves no write in doubt", async () => {
    const cluster = await scene.start();
    const load = await scene.writing(carefulLoad(cluster));
    for (const { id } of [...(await replicasOf(cluster)), await cluster.master()]) {
      expect(await cluster.switchover(id)).toMatchObject({ id });
      await load.more(100);
      await whole(cluster);
    }
    await load.stop();
    // Each says that nothing was executed, or that the connection ended (or, on a busy machine, that the client gave up waiting); none that the outcome is unknown to the server.
    const surprises = load.failures.filter(
      ({ error }) => !/^READONLY |clos(ed|ing)|isn't writeable|max retries|timed out/i.test(error),
    );
    expect(surprises).toEqual([]);
    await equalDigests(cluster.nodes);
    for (const node of cluster.nodes) expect(await lostWrites(load, node)).toEqual([]);
  });
});

describe("a restart", () => {
  it("of every member in turn, the masters included, loses nothing", async () => {
    const cluster = await scene.start();
    const load = await scene.writing(carefulLoad(cluster));
    for (const { id } of [...cluster.nodes, ...cluster.sentinels]) {
      await cluster.restart(id);
      await whole(cluster);
      await load.more(50);
    }
    await load.stop();
    await equalDigests(cluster.nodes);
    for (const node of cluster.nodes) expect(await lostWrites(load, node)).toEqual([]);
  });

  it("of every node at once, killed, brings back every acknowledged write", async () => {
    const cluster = await scene.start();
    const load = await scene.writing(carefulLoad(cluster));
    const before = await cluster.master();
    for (const { id } of cluster.nodes) cluster.kill(id);
    await Promise.all(cluster.nodes.map(({ id }) => cluster.restart(id)));
    await whole(cluster);
    expect((await cluster.master()).epoch).toBeGreaterThan(before.epoch);
    await load.more(50);
    await load.stop();
    await equalDigests(cluster.nodes);
    for (const node of cluster.nodes) expect(await lostWrites(load, node)).toEqual([]);
  });

  it("of a replica whose data is gone: it gets everything anew, and is admitted", async () => {
    const dataDir = scene.directory();
    const cluster = await scene.start({ dataDir });
    const load = await scene.writing(carefulLoad(cluster));
    const [replica] = await replicasOf(cluster);
    if (replica === undefined) throw new Error("there is no replica");
    const before = cluster.status().nodes[replica.id]?.incarnation;
    cluster.kill(replica.id);
    rmSync(join(dataDir, replica.id), { recursive: true });
    await cluster.restart(replica.id);
    await whole(cluster);
    await load.more(50);
    await load.stop();
    const { nodes, views } = cluster.status();
    const incarnation = nodes[replica.id]?.incarnation;
    expect(incarnation).not.toBe(before);
    for (const view of Object.values(views)) {
      const recorded = view.standing?.members.find(({ id }) => id === replica.id);
      expect(recorded).toMatchObject({ incarnation, admitted: true });
    }
    await equalDigests(cluster.nodes);
    expect(await lostWrites(load, replica)).toEqual([]);
  });
});

describe("sentinels that die", () => {
  it("one of three does not stand in the way of a failover, and hears of it when it is back", async () => {
    const cluster = await scene.start();
    const load = await scene.writing(carefulLoad(cluster));
    cluster.kill("s1");
    const old = await cluster.killMaster();
    const next = await cluster.waitForMaster({ not: old.id });
    await load.more(100);
    await cluster.restart("s1");
    await cluster.restart(old.id);
    await whole(cluster);
    expect(cluster.status().views.s1?.standing?.master).toBe(next.id);
    await load.stop();
    expect(await lostWrites(load, next)).toEqual([]);
  });

  it("all of them do not take down a master in semi-sync, and go on with it when they are back", async () => {
    const cluster = await scene.start();
    const load = await scene.writing(carefulLoad(cluster));
    const before = await cluster.master();
    for (const { id } of cluster.sentinels) cluster.kill(id);
    await load.more(200);
    // Reads too, without any lease: acks carry them.
    expect(await ask(before, "SET", "key", "value")).toBe("OK");
    expect(await ask(before, "GET", "key")).toBe("value");
    for (const { id } of cluster.sentinels) await cluster.restart(id);
    await whole(cluster);
    expect((await cluster.master()).id).toBe(before.id);
    await load.stop();
    expect(await lostWrites(load, before)).toEqual([]);
  });
});
