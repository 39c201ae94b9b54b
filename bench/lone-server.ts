/** One data node by itself, without sentinels: a master, or a fresh replica of one. For figures of size, where the cluster around it only costs time. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Endpoint } from "../cluster/chaos/endpoint.ts";
import { ask } from "../cluster/chaos/look.ts";
import { freePortRun } from "../cluster/chaos/port-run.ts";
import { PEER_PORT_DISTANCE } from "../cluster/config/peer-port.ts";
import { dataNodeOptions } from "../cluster/processes/child.ts";
import { childEnvironment } from "../cluster/processes/child-environment.ts";
import { InterrexError } from "../src/base/errors.ts";
import { COLLECT, COLLECTED } from "./collect-words.ts";
import { infoNumber } from "./info-number.ts";
import { nodeLines } from "./redis-cluster.ts";
import { writingNow } from "./settled.ts";

const HOST = "127.0.0.1";
const MASTER_ID = "alone";
/** No event tells a client that a server has loaded its data or taken a snapshot; asking costs below a millisecond. */
const LOOK_EVERY_MS = 10;
const HOLDS_TIMEOUT_MS = 120_000;
const SNAPSHOT_TIMEOUT_MS = 120_000;
const COLLECTOR = new URL("./collect-on-request.js", import.meta.url);

interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it collects garbage when asked over the IPC channel. */
  readonly collects: boolean;
  /** INFO's field for what the data takes of the allocator, beside what the server estimates. */
  readonly allocatedField: "used_memory" | "interrex_allocated";
  /** What makes its disk hold one snapshot and no log before it. */
  readonly compact: "BGSAVE" | "BGREWRITEAOF";
}

/** Of a server that has no garbage and writes no snapshot. */
export interface MemoryBytes {
  /** Of the process, as the kernel counts them. */
  readonly resident: number;
  /** Of the allocator: Redis's `used_memory`; V8's heap and what it keeps outside. */
  readonly allocated: number;
  /** `used_memory`: what `maxmemory` is compared with. */
  readonly told: number;
}

export class LoneServer implements Endpoint {
  readonly host: string = HOST;
  readonly port: number;
  readonly #dir: string;
  readonly #launch: Launch;
  #child: ChildProcess;

  private constructor(port: number, dir: string, launch: Launch, child: ChildProcess) {
    this.port = port;
    this.#dir = dir;
    this.#launch = launch;
    this.#child = child;
  }

  /** Resolves when the process is there; it may not answer yet. */
  static async start(launchAt: (port: number, dir: string) => Promise<Launch>): Promise<LoneServer> {
    const dir = await mkdtemp(join(tmpdir(), "bench-alone-"));
    try {
      const port = await freePortRun(1);
      const launch = await launchAt(port, dir);
      return new LoneServer(port, dir, launch, await spawned(launch));
    } catch (error) {
      await rm(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends it cleanly. @returns when it was started again, as `performance.now()`; it may not answer yet. */
  async restart(): Promise<number> {
    await end(this.#child, "SIGTERM");
    const atMs = performance.now();
    this.#child = await spawned(this.#launch);
    return atMs;
  }

  /** Resolves when it answers and holds `keys` keys. @throws InterrexError START_FAILED, NOT_THERE */
  async holds(keys: number): Promise<void> {
    let seen: unknown;
    await this.#until(HOLDS_TIMEOUT_MS, async () => {
      // Refused and LOADING are both "not yet".
      seen = await ask(this, undefined, "DBSIZE").catch((error: Error) => error.message);
      return seen === keys ? null : `it should hold ${keys} keys, and says ${seen}`;
    });
  }

  /** Resolves when no snapshot is being written. */
  async settled(): Promise<void> {
    await this.#until(SNAPSHOT_TIMEOUT_MS, () => writingNow(this));
  }

  async snapshot(): Promise<void> {
    await ask(this, undefined, "BGSAVE");
    await this.settled();
  }

  /** Makes what a restart reads one snapshot, as either side does by itself from time to time. */
  async compactDisk(): Promise<void> {
    await ask(this, undefined, this.#launch.compact);
    await this.settled();
  }

  async memory(): Promise<MemoryBytes> {
    await this.settled();
    if (this.#launch.collects) await this.#collectGarbage();
    const info = String(await ask(this, undefined, "INFO", "memory"));
    return {
      resident: infoNumber(info, "used_memory_rss"),
      allocated: infoNumber(info, this.#launch.allocatedField),
      told: infoNumber(info, "used_memory"),
    };
  }

  /** Again does no harm. */
  async close(): Promise<void> {
    await end(this.#child, "SIGKILL");
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #collectGarbage(): Promise<void> {
    const child = this.#child;
    const stop = new AbortController();
    const ended = once(child, "exit", { signal: stop.signal }).then(() => "ended");
    // Aborted, it is no longer asked.
    ended.catch(() => {});
    try {
      child.send(COLLECT);
      for (let said: unknown; said !== COLLECTED; ) {
        // `ready`, which a node tells its parent too, may still be on its way.
        said = await Promise.race([once(child, "message").then(([message]) => message), ended]);
        if (said === "ended") throw new InterrexError("START_FAILED", "The server ended by itself");
      }
    } finally {
      stop.abort();
    }
  }

  async #until(timeoutMs: number, obstacleNow: () => Promise<string | null>): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      if (!isRunning(this.#child)) throw new InterrexError("START_FAILED", "The server ended by itself");
      const obstacle = await obstacleNow();
      if (obstacle === null) return;
      if (performance.now() >= untilMs) throw new InterrexError("NOT_THERE", `Waited in vain: ${obstacle}`);
      await sleep(LOOK_EVERY_MS);
    }
  }
}

export async function startLoneRedis(follow: Endpoint | null): Promise<LoneServer> {
  return await LoneServer.start(async (port, dir) => {
    const lines = [`port ${port}`, `bind ${HOST}`, "protected-mode no"];
    const roleLines = nodeLines(dir, follow === null ? 0 : 1, follow ?? { host: HOST, port });
    const path = join(dir, "redis.conf");
    await writeFile(path, [...lines, ...roleLines, ""].join("\n"));
    return {
      command: "redis-server",
      args: [path],
      collects: false,
      allocatedField: "used_memory",
      compact: "BGREWRITEAOF",
    };
  });
}

/** @param main path of the `interrex` script. */
export async function startLoneInterrex(main: string, follow: Endpoint | null): Promise<LoneServer> {
  return await LoneServer.start(async (port, dir) => {
    const dataDir = join(dir, "data");
    await mkdir(dataDir);
    const role =
      follow === null
        ? ["--master", "--id", MASTER_ID]
        : ["--id", "fresh", "--replicaof", `${MASTER_ID}=ws://${HOST}:${follow.port + PEER_PORT_DISTANCE}`];
    const flags = ["--port", String(port), "--data-dir", dataDir, "--log-level", "warn"];
    const options = [...dataNodeOptions(), "--expose-gc", "--import", fileURLToPath(COLLECTOR)];
    return {
      command: process.execPath,
      args: [...options, main, "node", ...role, ...flags],
      collects: true,
      allocatedField: "interrex_allocated",
      compact: "BGSAVE",
    };
  });
}

async function spawned({ command, args, collects }: Launch): Promise<ChildProcess> {
  const child = spawn(command, args, {
    stdio: collects ? ["ignore", "ignore", "ignore", "ipc"] : "ignore",
    detached: true,
    env: childEnvironment(),
  });
  await once(child, "spawn");
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!isRunning(child)) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
