/** The master's host is cut off silently, with a client on it that goes on writing: no reset, no refusal, packets just vanish. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ask, carefulLoad, equalDigests, lostWrites } from "../cluster/redis-clients.ts";
import { loadFrom, startHostCluster } from "./host-cluster.ts";
import { namespacesUnavailable } from "./namespaces.ts";
import { processScene } from "./up-cluster.ts";

const unavailable = namespacesUnavailable();
if (unavailable !== null) console.warn(`skipped: ${unavailable}`);
const scene = processScene();
const CUT_OFF_MS = 8000;

it.skipIf(unavailable !== null)(
  "8 s of it in semi-sync: the other side writes on, and after healing no acknowledged write is lost",
  async () => {
    const options = { replication: "semi-sync", downAfterMs: 1000 } as const;
    const cluster = scene.keep(await startHostCluster(scene.directory(), options));
    const { network } = cluster;
    const old = await cluster.masterAccordingTo(network.hosts);
    const others = network.hosts.filter((host) => host !== old.on);
    const majoritySentinels = cluster.sentinels.filter(({ on }) => on !== old.on);
    const { group } = cluster;
    const majority = scene.keep(
      carefulLoad({ group, sentinels: majoritySentinels, password: old.password }, "majority"),
    );
    const isolated = scene.keep(await loadFrom(old.on, old, "isolated"));
    await Promise.all([majority.more(200), isolated.more(200)]);

    // The length of the cut is the fault itself.
    const cutOver = sleep(CUT_OFF_MS);
    await network.cutOff(old.on.name);
    await isolated.moreFailures(1);
    const acknowledgedThen = isolated.acknowledged.size;
    await majority.more(200);
    const next = await cluster.masterAccordingTo(others);
    expect(next.id).not.toBe(old.id);
    await cutOver;
    expect(isolated.failures.length).toBeGreaterThan(1);
    expect(isolated.acknowledged.size).toBe(acknowledgedThen);

    await network.heal();
    await cluster.whole();
    await Promise.all([majority.stop(), isolated.stop()]);
    expect(await cluster.masterAccordingTo(network.hosts)).toBe(next);
    expect(await ask(old, "ROLE")).toMatchObject({ 0: "slave", 1: next.host });
    await equalDigests(cluster.nodes);
    for (const node of cluster.nodes) {
      expect(await lostWrites(majority, node)).toEqual([]);
      expect(await lostWrites(isolated, node)).toEqual([]);
    }
  },
);
