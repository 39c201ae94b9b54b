/** A master that is alive but silent: paused as by SIGSTOP, or cut off from everyone but its clients. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { DOWN_AFTER_MS, failoverScene, othersThan, replicated, whole } from "./failover-scene.ts";
import { ask, carefulLoad, equalDigests, loadOn, lostWrites } from "./redis-clients.ts";

const scene = failoverScene();

describe("a master that is paused", () => {
  it("is replaced, and rejoins as a replica with equal data and every acknowledged write", async () => {
    const cluster = await scene.start();
    const load = await scene.writing(carefulLoad(cluster));
    const old = await cluster.master();
    cluster.pause(old.id);
    const next = await cluster.waitForMaster({ not: old.id });
    await load.more(200);
    cluster.resume(old.id);
    await whole(cluster);
    await load.stop();
    expect(await cluster.master()).toEqual(next);
    expect(await ask(old, "ROLE")).toEqual(["slave", next.host, next.port, "connected", expect.any(Number)]);
    await equalDigests(cluster.nodes);
    for (const node of cluster.nodes) expect(await lostWrites(load, node)).toEqual([]);
  });

  it("stays master, in the same epoch, through pauses shorter than down-after", async () => {
    const cluster = await scene.start();
    const load = await scene.writing(carefulLoad(cluster));
    const before = await cluster.master();
    for (let pauses = 0; pauses < 3; pauses += 1) {
      cluster.pause(before.id);
      // The length of the pause is the fault itself.
      await sleep(DOWN_AFTER_MS / 2);
      cluster.resume(before.id);
      await load.more(50);
    }
    await whole(cluster);
    expect(await cluster.master()).toEqual(before);
    for (const view of Object.values(cluster.status().views)) expect(view.votedEpoch).toBe(before.epoch);
    await load.stop();
    expect(await lostWrites(load, before)).toEqual([]);
  });
});

const QUORUM_MODES: readonly ReplicationMode[] = ["semi-sync", "sync"];

describe("a master that is cut off together with a client", () => {
  it.each(QUORUM_MODES)(
    "acknowledges nothing in %s while the majority goes on, and after healing nothing is lost or divergent",
    async (replication) => {
      const dataDir = scene.directory();
      const cluster = await scene.start({ replication, dataDir, ackTimeoutMs: 300 });
      const majority = await scene.writing(carefulLoad(cluster, "majority"));
      const old = await cluster.master();
      const isolated = await scene.writing(loadOn(old, "isolated"));

      cluster.partition([old.id], othersThan(cluster, old.id));
      // No replica can have this one: it is executed, never acknowledged, and must not survive.
      await expect(ask(old, "SET", "divergent", "1")).rejects.toThrow(/^UNCERTAIN /);
      const acknowledgedThen = isolated.acknowledged.size;
      const next = await cluster.waitForMaster({ not: old.id });
      await majority.more(200);
      await isolated.moreFailures(20);
      expect(isolated.acknowledged.size).toBe(acknowledgedThen);
      await expect(ask(old, "SET", "refused", "1")).rejects.toThrow(/^NOREPLICAS /);
      await isolated.stop();

      cluster.heal();
      await whole(cluster);
      await majority.stop();
      expect((await cluster.master()).id).toBe(next.id);
      await equalDigests(cluster.nodes);
      for (const node of cluster.nodes) {
        expect(await lostWrites(majority, node)).toEqual([]);
        expect(await lostWrites(isolated, node)).toEqual([]);
        expect(await ask(node, "EXISTS", "divergent", "refused")).toBe(0);
      }
      const rollback = join(dataDir, old.id, "rollback");
      const cut = readdirSync(rollback).map((file) => readFileSync(join(rollback, file), "latin1"));
      expect(cut.join("")).toContain("divergent");
    },
  );

  it("has stopped acknowledging in async by the time that there is another master", async () => {
    const cluster = await scene.start({ replication: "async" });
    const majority = await scene.writing(carefulLoad(cluster, "majority"));
    const old = await cluster.master();
    const isolated = await scene.writing(loadOn(old, "isolated"));
    const longBefore = new Set([...majority.acknowledged.keys(), ...isolated.acknowledged.keys()]);
    await replicated(cluster, old.id);

    cluster.partition([old.id], othersThan(cluster, old.id));
    const next = await cluster.waitForMaster({ not: old.id });
    const acknowledgedThen = isolated.acknowledged.size;
    const atRisk = new Set([...majority.acknowledged.keys()].filter((key) => !longBefore.has(key)));
    await majority.more(200);
    await isolated.moreFailures(20);
    expect(isolated.acknowledged.size).toBe(acknowledgedThen);
    await isolated.stop();

    cluster.heal();
    await whole(cluster);
    await majority.stop();
    await equalDigests(cluster.nodes);
    // Lost is at most what was acknowledged around the cut, as async says of itself.
    const lost = await lostWrites(majority, next);
    expect(lost.filter((key) => !atRisk.has(key))).toEqual([]);
    expect((await lostWrites(isolated, next)).filter((key) => longBefore.has(key))).toEqual([]);
  });
});
