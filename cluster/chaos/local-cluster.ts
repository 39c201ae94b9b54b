/** A cluster of `interrex up` of its own, on free ports and in a temporary directory that goes with it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { InterrexError, invariant } from "../../src/base/errors.ts";
import { childEnvironment, PASSWORD_VARIABLE } from "../processes/child-environment.ts";
import { freePortRun } from "./port-run.ts";
import { ProcessArena } from "./process-arena.ts";
import { parseReadyLine, processesOf } from "./ready-line.ts";

export interface LocalClusterOptions {
  /** Path of the `interrex` script, `dist/cli/main.js`. */
  readonly main: string;
  readonly nodes: number;
  readonly sentinels: number;
  readonly replication: string;
  readonly downAfterMs: number;
  readonly password?: string | undefined;
  /** Kills everything at once; the directory stays. */
  readonly atOnce?: AbortSignal | undefined;
}

/** `up` itself gives its sentinels 10 s, and then its nodes as many. */
const END_TIMEOUT_MS = 25_000;

async function makeDirectory(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "interrex-"));
  } catch (cause) {
    const reason = (cause as Error).message;
    const message = `Cannot make a directory for the cluster (${reason}); set TMPDIR to one that can be written`;
    throw new InterrexError("BAD_DATA_DIR", message, { cause });
  }
}

/** @throws InterrexError START_FAILED with what `up` said, BAD_DATA_DIR without a temporary directory, NO_FREE_PORT. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<ProcessArena> {
  const { password } = options;
  const port = await freePortRun(options.nodes + options.sentinels);
  const dataDir = await makeDirectory();
  const flags = {
    nodes: options.nodes,
    sentinels: options.sentinels,
    port,
    "sentinel-port": port + options.nodes,
    replication: options.replication,
    "down-after": options.downAfterMs,
    "data-dir": dataDir,
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const up = spawn(process.execPath, [options.main, "up", "--json", ...args], {
    // The channel tells it when this process ends, even by SIGKILL.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // Ctrl-C is for chaos, which then ends the cluster in order.
    detached: true,
    // Not a flag: the process list shows those.
    env: { ...childEnvironment(), ...(password === undefined ? {} : { [PASSWORD_VARIABLE]: password }) },
  });
  const { stdout, stderr } = up;
  invariant(stdout !== null && stderr !== null, "both are pipes");
  options.atOnce?.addEventListener("abort", () => up.kill("SIGKILL"));
  const errors = text(stderr);
  const exited = once(up, "exit");
  const close = async (): Promise<void> => {
    up.kill("SIGTERM");
    const timer = setTimeout(() => up.kill("SIGKILL"), END_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const line = await Promise.race([
      once(createInterface(stdout), "line").then(([first]) => String(first)),
      exited.then(async () => {
        throw new InterrexError("START_FAILED", `interrex up did not start: ${(await errors).trim()}`);
      }),
    ]);
    const ready = parseReadyLine(line, "interrex up");
    return new ProcessArena({
      group: ready.group,
      password,
      processes: processesOf(ready, options.main),
      atOnce: options.atOnce,
      closeCluster: close,
    });
  } catch (error) {
    if (up.exitCode === null && up.signalCode === null) await close();
    else await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}
