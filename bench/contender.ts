/** The two sides of every figure. A figure runs the same code on both; only how a cluster starts is different. */
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Arena } from "../cluster/chaos/arena.ts";
import { startLocalCluster } from "../cluster/chaos/local-cluster.ts";
import { waitUntilWhole } from "../cluster/chaos/look.ts";
import type { HostArena } from "../cluster/hosts/host-arena.ts";
import { startInterrexHosts } from "../cluster/hosts/interrex-hosts.ts";
import { InterrexError } from "../src/base/errors.ts";
import type { ReplicationMode } from "../src/rules/group-record.ts";
import { type LoneServer, startLoneInterrex, startLoneRedis } from "./lone-server.ts";
import type { OpenArenas } from "./open-arenas.ts";
import { redisVersion, startRedisCluster } from "./redis-cluster.ts";
import { startRedisHosts } from "./redis-hosts.ts";

export type Side = "redis" | "interrex";

export interface Contender {
  readonly side: Side;
  /** Name and version, for the table. */
  readonly label: string;
  /** One master, two replicas, three sentinels, down-after 1000 ms; resolves when all is whole. */
  start(replication: "async" | "semi-sync"): Promise<Arena>;
  /** The same on three hosts that can be cut off, one node and one sentinel each. Only where namespaces can be made. */
  startOnHosts(replication: ReplicationMode): Promise<HostArena>;
  /** One server without sentinels: a master, or a fresh replica of the one at `follow`; resolves when its process is there. */
  startAlone(follow: LoneServer | null): Promise<LoneServer>;
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
    const startOnHosts = async () => await whole(await open.start(() => startRedisHosts(options)));
    const startAlone: Contender["startAlone"] = async (follow) =>
      await open.start(() => startLoneRedis(follow));
    contenders.push({ side: "redis", label: `Redis ${version}`, start, startOnHosts, startAlone });
  }
  const main = fileURLToPath(new URL("../cli/main.js", import.meta.url));
  if (await isThere(main)) {
    const options = { main, nodes: 3, sentinels: 3, downAfterMs: DOWN_AFTER_MS };
    const start: Contender["start"] = async (replication) =>
      await whole(await open.start(() => startLocalCluster({ ...options, replication })));
    const startOnHosts: Contender["startOnHosts"] = async (replication) =>
      await whole(await open.start(() => onHosts(main, replication)));
    const startAlone: Contender["startAlone"] = async (follow) =>
      await open.start(() => startLoneInterrex(main, follow));
    contenders.push({ side: "interrex", label: "interrex", start, startOnHosts, startAlone });
  } else missing.push(`${main} is not there (npm run build): no figures of interrex`);
  return { contenders, missing };
}

async function onHosts(main: string, replication: ReplicationMode): Promise<HostArena> {
  const directory = await mkdtemp(join(tmpdir(), "interrex-bench-"));
  const afterClose = async (): Promise<void> => await rm(directory, { recursive: true, force: true });
  try {
    return await startInterrexHosts({
      main,
      directory,
      hosts: 3,
      replication,
      downAfterMs: DOWN_AFTER_MS,
      afterClose,
    });
  } catch (error) {
    await afterClose();
    throw error;
  }
}

async function whole<Started extends Arena>(arena: Started): Promise<Started> {
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
