/** A replica that has lost its disk gets everything anew from a snapshot, because the log no longer reaches back to the start. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ask, equalDigests, eventually } from "../cluster/redis-clients.ts";
import { processScene } from "./up-cluster.ts";

const scene = processScene();
const VALUE_BYTES = 512 * 1024;
/** 140 MB: a first segment of 64 MB that a snapshot makes superfluous, and more than the 64 MB that are kept for partial syncs. */
const WRITES = 280;

it("a replica whose directory is emptied takes a full sync, is admitted, and has equal data", async () => {
  const cluster = await scene.up();
  const master = await cluster.master();
  const [victim] = await cluster.replicas();
  if (victim === undefined) throw new Error("there is no replica");
  for (let round = 0; round < WRITES; round += 1) {
    await ask(master, "SET", `key:${round % 8}`, String(round).padEnd(VALUE_BYTES, "x"));
  }
  expect(await ask(master, "BGSAVE")).toBe("Background saving started");
  await eventually(
    async () => cluster.loggedEvents(master.id).includes("snapshot") || undefined,
    () => `a snapshot at ${master.id}`,
  );

  cluster.signal(victim.id, "SIGKILL");
  const directory = join(cluster.dataDir, victim.id);
  for (const name of readdirSync(directory)) {
    if (name !== "node.yaml") rmSync(join(directory, name), { recursive: true });
  }
  await cluster.restart(victim.id);
  await cluster.whole();
  await equalDigests(cluster.nodes);
  expect(await ask(victim, "STRLEN", "key:7")).toBe(VALUE_BYTES);
  // Its own first snapshot would be due after 64 MB of log: this one came from the master.
  expect(cluster.loggedEvents(victim.id)).toContain("snapshot");
});
