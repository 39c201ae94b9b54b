/** The master's host is cut off silently, with a client on it that goes on writing: no reset, no refusal, packets just vanish. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ask, carefulLoad, equalDigests, lostWrites } from "../cluster/redis-clients.ts";
import { loadFrom, skipsNamespaces, startHostCluster } from "./host-cluster.ts";
import { processScene } from "./up-cluster.ts";

const scene = processScene();
const CUT_OFF_MS = 8000;

it.skipIf(skipsNamespaces()).each([
  { mode: "semi-sync", promise: "no acknowledged write is lost" },
  { mode: "sync", promise: "no acknowledged write is lost" },
  { mode: "async", promise: "no write is lost but those acknowledged within the lease" },
] as const)("8 s of it in $mode: the other side writes on, and after healing $promise", async ({ mode }) => {
  const cluster = scene.keep(
    await startHostCluster(scene.directory(), { replication: mode, downAfterMs: 1000 }),
  );
  const { network } = cluster.arena;
  const old = await cluster.masterAccordingTo(network.hosts);
  const others = network.hosts.filter((host) => host !== old.on);
  const majoritySentinels = cluster.sentinels.filter(({ on }) => on !== old.on);
  const { group } = cluster;
  const majority = scene.keep(
    carefulLoad({ group, sentinels: majoritySentinels, password: old.password }, "majority"),
  );
  const isolated = scene.keep(await loadFrom(old.on, old, "isolated"));
  await Promise.all([majority.more(200), isolated.more(200)]);
  const wellBefore = new Set([...majority.acknowledged.keys(), ...isolated.acknowledged.keys()]);
  // By then those before have long left for the replicas, whatever the mode.
  await Promise.all([majority.more(50), isolated.more(50)]);

  // The length of the cut is the fault itself.
  const cutOver = sleep(CUT_OFF_MS);
  await network.cutOff(old.on.name);
  await isolated.moreFailures(1);
  // Refused once, it acknowledges no more: its lease has ended, or it has nobody to confirm.
  const acknowledgedThen = isolated.acknowledged.size;
  await majority.more(200);
  console.info(`${mode}: the other side wrote again after ${Math.round(majority.longestGapMs)} ms`);
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
    const lost = [...(await lostWrites(majority, node)), ...(await lostWrites(isolated, node))];
    if (mode !== "async") expect(lost).toEqual([]);
    else expect(lost.filter((key) => wellBefore.has(key))).toEqual([]);
  }
});
