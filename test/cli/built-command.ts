/** Runs the built `interrex` command as real processes, and leaves none behind. Needs `npm run build` first. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkPortsFree } from "../../cluster/processes/check-ports.ts";
import { planLayout } from "../../cluster/processes/layout.ts";
import { until } from "../../cluster/until.ts";
import { InterrexError } from "../../src/base/errors.ts";
import { examplePlan } from "../cluster/processes/example-plan.ts";

export const MAIN: string = join(import.meta.dirname, "../../dist/cli/main.js");

export interface BuiltCommand {
  readonly process: ChildProcess;
  readonly pid: number;
  stdout: string;
  stderr: string;
  /** The first line of stdout; rejects when the process ends without one. */
  readonly firstLine: Promise<string>;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** @param script another built one than the `interrex` command. */
export function startBuilt(args: readonly string[], cwd: string, script: string = MAIN): BuiltCommand {
  if (!existsSync(script)) throw new Error(`${script} is not there: run npm run build`);
  const child = spawn(process.execPath, [script, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let onLine: (line: string) => void = () => {};
  let onNone: (error: Error) => void = () => {};
  const firstLine = new Promise<string>((resolve, reject) => {
    onLine = resolve;
    onNone = reject;
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const command: BuiltCommand = {
    process: child,
    pid: child.pid ?? -1,
    stdout: "",
    stderr: "",
    firstLine,
    exited,
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    command.stdout += text;
    const end = command.stdout.indexOf("\n");
    if (end >= 0) onLine(command.stdout.slice(0, end));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    command.stderr += text;
  });
  void exited.then(({ code, signal }) => onNone(new Error(`ended (${signal ?? code}): ${command.stderr}`)));
  // Not every test waits for a line.
  firstLine.catch(() => {});
  return command;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when none of these processes is left. */
export async function allGone(pids: readonly number[]): Promise<void> {
  await until(() => (pids.some(isAlive) ? undefined : true), {
    timeoutMs: 20_000,
    what: () => `the end of ${pids.filter(isAlive).join(", ")}`,
  });
}

/** `--port` and `--sentinel-port` under which everything that a cluster of 3 and 3 needs is free. */
export async function freeUpPorts(): Promise<string[]> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // Client and peer ports alike below those of in-process clusters and of chaos runs.
    const port = 2000 + 10 * Math.floor(Math.random() * 799);
    const sentinelPort = port + 5;
    const { nodes, sentinels } = planLayout({ ...examplePlan, port, sentinelPort });
    try {
      await checkPortsFree([...nodes, ...sentinels]);
      return ["--port", String(port), "--sentinel-port", String(sentinelPort)];
    } catch (error) {
      if (!(error instanceof InterrexError)) throw error;
    }
  }
  throw new Error("found no free ports");
}
