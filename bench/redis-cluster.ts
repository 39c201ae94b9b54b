/**
 * Redis and Redis Sentinel as an arena: one master, replicas and sentinels on free ports in a temporary directory, ended by pid.
 * The partner of every benchmark; gives Redis the help that its operator would give, and no more.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pRetry from "p-retry";
import type { Endpoint } from "../cluster/chaos/endpoint.ts";
import { ask, findMaster } from "../cluster/chaos/look.ts";
import { freePortRun } from "../cluster/chaos/port-run.ts";
import { type ArenaProcess, ProcessArena } from "../cluster/chaos/process-arena.ts";
import { InterrexError } from "../src/base/errors.ts";

export interface RedisClusterOptions {
  readonly replicas: number;
  /** 0: plain replication, without failover. */
  readonly sentinels: number;
  readonly downAfterMs: number;
}

const HOST = "127.0.0.1";
export const REDIS_GROUP = "mymaster";
/** 20 ms apart: one that holds a million keys loads them before it answers. */
const START_RETRIES = 1500;

/** @returns `redis-server --version`'s number, `null` where it is not installed. */
export async function redisVersion(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)("redis-server", ["--version"]);
    return /v=([\d.]+)/.exec(stdout)?.[1] ?? "unknown";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** What the first node needs to be a master, and the others to follow it. */
export function nodeLines(dir: string, index: number, master: Endpoint): string[] {
  const follow = index === 0 ? [] : [`replicaof ${master.host} ${master.port}`];
  // `appendonly` as interrex keeps its log too; everysec is the default of both.
  const storage = ['save ""', "appendonly yes", `dir ${dir}`, `appenddirname aof-${index}`];
  // Without it the first full sync waits 5 s for more replicas: no figure here should measure that.
  return [...storage, "repl-diskless-sync-delay 0", ...follow];
}

export function sentinelLines(
  dir: string,
  master: Endpoint,
  { sentinels, downAfterMs }: Pick<RedisClusterOptions, "sentinels" | "downAfterMs">,
): string[] {
  const quorum = Math.floor(sentinels / 2) + 1;
  return [
    `dir ${dir}`,
    `sentinel monitor ${REDIS_GROUP} ${master.host} ${master.port} ${quorum}`,
    `sentinel down-after-milliseconds ${REDIS_GROUP} ${downAfterMs}`,
    // The default of 3 min would make a failed first attempt wait 6 min for the next: kinder to Redis.
    `sentinel failover-timeout ${REDIS_GROUP} 10000`,
  ];
}

export async function startRedisCluster(options: RedisClusterOptions): Promise<ProcessArena> {
  const dir = await mkdtemp(join(tmpdir(), "redis-bench-"));
  const nodeCount = 1 + options.replicas;
  const port = await freePortRun(nodeCount + options.sentinels);
  const children: ChildProcess[] = [];
  const processes: ArenaProcess[] = [];
  const close = async (): Promise<void> => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map(ended));
    await rm(dir, { recursive: true, force: true });
  };
  const start = async (
    kind: ArenaProcess["kind"],
    index: number,
    lines: readonly string[],
  ): Promise<void> => {
    const id = `${kind === "node" ? "redis" : "sentinel"}-${index + 1}`;
    const own = port + (kind === "node" ? index : nodeCount + index);
    const path = join(dir, `${id}.conf`);
    await writeFile(path, [`port ${own}`, `bind ${HOST}`, "protected-mode no", ...lines, ""].join("\n"));
    const respawn = { command: kind === "node" ? "redis-server" : "redis-sentinel", args: [path] };
    const child = spawn(respawn.command, respawn.args, { stdio: "ignore", detached: true });
    children.push(child);
    await once(child, "spawn");
    if (child.pid === undefined) throw new InterrexError("START_FAILED", `Cannot start ${respawn.command}`);
    processes.push({ id, kind, host: HOST, port: own, pid: child.pid, respawn, logPath: null });
    await untilItAnswers(own);
  };

  try {
    const master = { host: HOST, port };
    for (let index = 0; index < nodeCount; index += 1)
      await start("node", index, nodeLines(dir, index, master));
    for (let index = 0; index < options.sentinels; index += 1) {
      await start("sentinel", index, sentinelLines(dir, master, options));
    }
    const arena: ProcessArena = new ProcessArena({
      group: REDIS_GROUP,
      processes,
      afterReturn: async (member) => {
        await untilItAnswers(member.port);
        // An old master that is back believes that it still is one, for up to 10 s; its operator would tell it at once.
        if (member.kind !== "node" || options.sentinels === 0) return;
        const master = await findMaster(arena);
        if (master.id !== member.id) await ask(member, undefined, "REPLICAOF", HOST, String(master.port));
      },
      closeCluster: close,
    });
    return arena;
  } catch (error) {
    await close();
    throw error;
  }
}

async function untilItAnswers(port: number): Promise<void> {
  const options = { retries: START_RETRIES, minTimeout: 20, factor: 1 };
  await pRetry(() => ask({ host: HOST, port }, undefined, "PING"), options);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
    await once(child, "exit");
}
