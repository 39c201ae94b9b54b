/** The two sides of every figure. A figure runs the same code on both; only how a cluster starts is different. */
import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Arena } from "../cluster/chaos/arena.ts";
import { startLocalCluster } from "../cluster/chaos/local-cluster.ts";
import { waitUntilWhole } from "../cluster/chaos/look.ts";
import { InterrexError } from "../src/base/errors.ts";
import type { OpenArenas } from "./open-arenas.ts";
import { redisVersion, startRedisCluster } from "./redis-cluster.ts";

export type Side = "redis" | "interrex";

export interface Contender {
  readonly side: Side;
  /** Name and version, for the table. */
  readonly label: string;
  /** One master, two replicas, three sentinels, down-after 1000 ms; resolves when all is whole. */
  start(replication: "async" | "semi-sync"): Promise<Arena>;
}

const DOWN_AFTER_MS = 1000;
const WHOLE_TIMEOUT_MS = 30_000;

/** @returns those that can run here, and a line for each that can't. */
export async function findContenders(
  open: OpenArenas,
): Promise<{ contenders: Contender[]; missing: string[] }> {
  const contenders: Contender[] = [];
  const missing: string[] = [];
  const version = await redisVersion();
  if (version === null) missing.push("redis-server is not installed: no figures of Redis");
  else {
    const options = { replicas: 2, sentinels: 3, downAfterMs: DOWN_AFTER_MS };
    const start = async () => await whole(await open.start(() => startRedisCluster(options)));
    contenders.push({ side: "redis", label: `Redis ${version}`, start });
  }
  const main = fileURLToPath(new URL("../cli/main.js", import.meta.url));
  if (await isThere(main)) {
    const options = { main, nodes: 3, sentinels: 3, downAfterMs: DOWN_AFTER_MS };
    const start: Contender["start"] = async (replication) =>
      await whole(await open.start(() => startLocalCluster({ ...options, replication })));
    contenders.push({ side: "interrex", label: "interrex", start });
  } else missing.push(`${main} is not there (npm run build): no figures of interrex`);
  return { contenders, missing };
}

async function whole(arena: Arena): Promise<Arena> {
  const obstacle = await waitUntilWhole(arena, WHOLE_TIMEOUT_MS);
  if (obstacle === null) return arena;
  await arena.close();
  throw new InterrexError("NOT_WHOLE", `The cluster did not become whole: ${obstacle}`);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
