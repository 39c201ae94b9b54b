/** The two servers that are compared: redis-server itself, and a cluster of three nodes and three sentinels. Each run gets a fresh one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startLocalCluster } from "../../../cluster/chaos/local-cluster.ts";
import { type Address, ask } from "../../cluster/redis-clients.ts";
import { freePort } from "../../free-port.ts";

export interface Target extends AsyncDisposable {
  readonly server: Address;
  /** After a run: what is wrong with the replicas or the master's reign; `null` when all is as it must be. */
  trouble(): Promise<string | null>;
}

const WAIT_MS = 30_000;
const LOOK_EVERY_MS = 50;
/** Silence is no evidence here: the suite stalls servers on purpose, and the machine may be slow. */
const DOWN_AFTER_MS = 60_000;

/** redis-server as Redis's own pipeline starts it for runs against an external server. */
export async function redisTarget(): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), "interrex-redis-suite-server-"));
  const server = { host: "127.0.0.1", port: await freePort() };
  const flags = ["--bind", server.host, "--port", String(server.port), "--save", "", "--dir", directory];
  for (const what of ["protected-configs", "debug-command", "module-command"]) {
    flags.push(`--enable-${what}`, "yes");
  }
  const child = spawn("redis-server", flags, { stdio: "ignore" });
  const exited = once(child, "exit");
  const dispose = async (): Promise<void> => {
    // It holds nothing that anyone needs, and a test may have changed what SIGTERM does.
    child.kill("SIGKILL");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await eventually(
      async () => (await ask(server, "PING")) === "PONG",
      () => "redis-server",
    );
  } catch (error) {
    await dispose();
    throw error;
  }
  return { server, trouble: () => Promise.resolve(null), [Symbol.asyncDispose]: dispose };
}

/** @param main path of the built `interrex` command. */
export async function interrexTarget(main: string): Promise<Target> {
  const cluster = await startLocalCluster({
    main,
    nodes: 3,
    sentinels: 3,
    replication: "semi-sync",
    downAfterMs: DOWN_AFTER_MS,
  });
  try {
    const nodes = cluster.members.filter(({ kind }) => kind === "node");
    const sentinels = cluster.members.filter(({ kind }) => kind === "sentinel");
    const masterPort = async (): Promise<number> => {
      const [sentinel] = sentinels;
      if (sentinel === undefined) throw new Error("the cluster has no sentinel");
      const address = await ask(sentinel, "SENTINEL", "get-master-addr-by-name", cluster.group);
      return Array.isArray(address) ? Number(address[1]) : 0;
    };
    let master = nodes[0];
    await eventually(
      async () => {
        const port = await masterPort();
        master = nodes.find((node) => node.port === port);
        if (master === undefined) return false;
        await ask(master, "SET", "ready", "yes");
        return Number(await ask(master, "WAIT", "2", "1000")) === 2;
      },
      () => "a master with two replicas",
    );
    if (master === undefined) throw new Error("the cluster has no master");
    const server = master;
    const lives = await livesOf(nodes);
    const look = async (): Promise<string | null> => {
      const port = await masterPort();
      if (port !== server.port) return `another node has become master: port ${port}, was ${server.port}`;
      if ((await livesOf(nodes)) !== lives) return "a node has started again";
      return differenceOf(nodes);
    };
    const trouble = (): Promise<string | null> =>
      look().catch((error: Error) => `the cluster can't be asked: ${error.message}`);
    return { server, trouble, [Symbol.asyncDispose]: () => cluster.close() };
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** Names each node's process. */
async function livesOf(nodes: readonly Address[]): Promise<string> {
  const lives = await Promise.all(
    nodes.map(async (node) => /run_id:\w+/.exec(String(await ask(node, "INFO", "server")))?.[0]),
  );
  return lives.join(" ");
}

/** Replicas may be a moment behind; equal states are equal for good. */
async function differenceOf(nodes: readonly Address[]): Promise<string | null> {
  let digests: string[] = [];
  try {
    await eventually(
      async () => {
        digests = await Promise.all(nodes.map(async (node) => String(await ask(node, "DEBUG", "DIGEST"))));
        return new Set(digests).size === 1;
      },
      () => "equal states",
    );
    return null;
  } catch (error) {
    const states = nodes.map(({ port }, at) => `port ${port} ${digests[at] ?? "unknown"}`).join(", ");
    return `${(error as Error).message}: ${states}`;
  }
}

/** A server that does not answer yet is asked again. */
async function eventually(look: () => Promise<boolean>, what: () => string): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  for (;;) {
    let cause: unknown;
    try {
      if (await look()) return;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > endMs) throw new Error(`Waited ${WAIT_MS} ms in vain for ${what()}`, { cause });
    await sleep(LOOK_EVERY_MS);
  }
}
