/** Runs one unit of the suite once against a server. Ends it with all its processes when it is told to stop. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Address } from "../../cluster/redis-clients.ts";
import { SuiteOutput, type UnitRun } from "./suite-output.ts";

export interface SuiteRunOptions {
  /** The working copy. */
  readonly directory: string;
  readonly unit: string;
  /** Plain names of tests to leave out. */
  readonly skip: readonly string[];
  readonly signal: AbortSignal;
  /** At most once a test. */
  readonly onProgress: (finished: number, running: string | null) => void;
}

/** Without progress for so long the suite gives the running test up. */
const NO_PROGRESS_SEC = 300;
/**
 * The suite's processes meet on one of 32 ports below this one, which is free together with the one 10000 above it. Runs side by side
 * should not look for the same, nor for those of the clusters (`freePortRun`).
 */
const MEETING_PORT_FIRST = 24_000;
const MEETING_PORTS = 4000;

export async function runSuite(server: Address, options: SuiteRunOptions): Promise<UnitRun> {
  options.signal.throwIfAborted();
  const meetingPort = MEETING_PORT_FIRST + Math.floor(Math.random() * MEETING_PORTS);
  const skipFile = join(options.directory, `skip-${meetingPort}`);
  await writeFile(skipFile, options.skip.join("\n"), "latin1");
  const args = ["--host", server.host, "--port", String(server.port), "--tags", "-slow"];
  args.push("--single", options.unit, "--timeout", String(NO_PROGRESS_SEC));
  args.push("--baseport", String(meetingPort), "--skipfile", skipFile);
  const suite = spawn(join(options.directory, "runtest"), args, {
    cwd: options.directory,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that it ends with its clients.
    detached: true,
  });
  const killGroup = (): void => {
    if (suite.pid === undefined) return;
    try {
      process.kill(-suite.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  options.signal.addEventListener("abort", killGroup, { once: true });
  const closed = once(suite, "close");
  const output = new SuiteOutput();
  let errors = "";
  suite.stderr.setEncoding("latin1").on("data", (text: string) => {
    errors += text;
  });
  suite.stdout.setEncoding("latin1");
  for await (const line of createInterface(suite.stdout)) {
    output.line(line);
    options.onProgress(output.finished, output.running);
  }
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
  options.signal.removeEventListener("abort", killGroup);
  // A client of the suite that outlived an exception.
  killGroup();
  options.signal.throwIfAborted();
  return output.end(`${signal ?? `exit ${code}`} ${errors}`);
}
