/** Real processes under `interrex up`, and real signals: what kill -9 and SIGSTOP of the master do to a client that writes. */
import { describe, expect, it } from "vitest";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { ask, equalDigests, lostWrites } from "../cluster/redis-clients.ts";
import { processScene } from "./up-cluster.ts";

const scene = processScene();
const MODES: readonly ReplicationMode[] = ["semi-sync", "sync"];

describe("the master's process", () => {
  it.each(MODES)(
    "killed twice under load loses no acknowledged write in %s, and is a replica when it is back",
    async (mode) => {
      const cluster = await scene.up("--replication", mode);
      const load = await scene.writingTo(cluster);
      for (let round = 0; round < 2; round += 1) {
        const old = await cluster.master();
        cluster.signal(old.id, "SIGKILL");
        const next = await cluster.master(old.id);
        await load.more(200);
        await cluster.restart(old.id);
        await cluster.whole();
        expect(await ask(old, "ROLE")).toMatchObject({ 0: "slave", 2: next.port });
      }
      await load.stop();
      await equalDigests(cluster.nodes);
      for (const node of cluster.nodes) expect(await lostWrites(load, node)).toEqual([]);
    },
  );

  it("stopped for longer than down-after is replaced, and its divergent writes are cut and kept in a file", async () => {
    const cluster = await scene.up("--down-after", "500");
    const load = await scene.writingTo(cluster);
    const old = await cluster.master();
    const replicas = await cluster.replicas();
    // The write gets no further than to sockets that nobody reads and that die with their process.
    for (const { id } of replicas) cluster.signal(id, "SIGSTOP");
    await expect(ask(old, "SET", "divergent", "1")).rejects.toThrow(/^UNCERTAIN /);
    for (const { id } of replicas) cluster.signal(id, "SIGKILL");
    cluster.signal(old.id, "SIGSTOP");
    for (const { id } of replicas) await cluster.restart(id);
    const next = await cluster.master(old.id);
    await load.more(200);
    cluster.signal(old.id, "SIGCONT");
    await cluster.whole();
    await load.stop();
    expect((await cluster.master()).id).toBe(next.id);
    await equalDigests(cluster.nodes);
    for (const node of cluster.nodes) expect(await lostWrites(load, node)).toEqual([]);
    expect(await ask(old, "EXISTS", "divergent")).toBe(0);
    expect(cluster.rollbacks(old.id).join("")).toContain("divergent");
    expect(cluster.loggedEvents(old.id)).toContain("rollback");
  });
});

describe("everything killed at once", () => {
  it("has every acknowledged write again when it is started with the same directory", async () => {
    const cluster = await scene.up();
    const load = await scene.writingTo(cluster);
    const killed = cluster.killAll();
    await load.stop();
    await killed;
    await cluster.start();
    await cluster.whole();
    await equalDigests(cluster.nodes);
    for (const node of cluster.nodes) expect(await lostWrites(load, node)).toEqual([]);
    expect(await ask(await cluster.master(), "SET", "after", "1")).toBe("OK");
  });
});
