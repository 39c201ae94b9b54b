import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ArenaProcess, ProcessArena } from "../../cluster/chaos/process-arena.ts";
import { allGone, isAlive } from "../cli/built-command.ts";
import { eventually } from "../cluster/redis-clients.ts";

/** Says its pid on stderr, and ends with its parent where that gave it a channel. */
const MEMBER = `console.error(process.pid); process.on("disconnect", () => process.exit()); setInterval(() => {}, 1000)`;
const respawn = { command: process.execPath, args: ["-e", MEMBER] };

let directory: string;
const pids: number[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "interrex-arena-"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const pid of pids.filter(isAlive)) process.kill(pid, "SIGKILL");
  await allGone(pids.splice(0));
  rmSync(directory, { recursive: true });
});

/** A member that runs already, started by somebody else. */
async function running(id: string): Promise<ArenaProcess & { readonly pid: number }> {
  const child = spawn(respawn.command, respawn.args, { stdio: "ignore" });
  await once(child, "spawn");
  const pid = child.pid ?? -1;
  pids.push(pid);
  return { ...planned(id), pid };
}

function planned(id: string): ArenaProcess {
  const logPath = join(directory, `${id}.log`);
  return { id, kind: "node", host: "127.0.0.1", port: 1, pid: null, respawn, logPath };
}

/** Of a member that the arena has started again. */
async function restartedPid(id: string): Promise<number> {
  const pid = await eventually(
    async () => {
      const lines = readFileSync(join(directory, `${id}.log`), "utf8").split("\n");
      return lines.length < 2 ? undefined : Number(lines.at(-2));
    },
    () => `the pid of ${id}`,
  );
  pids.push(pid);
  return pid;
}

it("gives an exported password to nobody whom it starts", async () => {
  vi.stubEnv("INTERREX_PASSWORD", "sesame");
  const args = ["-e", "console.error(process.env.INTERREX_PASSWORD ?? process.pid)"];
  const arena = new ProcessArena({
    group: "g",
    processes: [{ ...planned("n1"), respawn: { ...respawn, args } }],
  });
  await arena.restart("n1");
  expect(await restartedPid("n1")).not.toBeNaN();
  await arena.close();
});

describe("an arena of processes that is closed", () => {
  it("ends what it has started, stopped or not", async () => {
    const arena = new ProcessArena({ group: "g", processes: [planned("n1"), planned("n2")] });
    await arena.restart("n1");
    await arena.restart("n2");
    const started = [await restartedPid("n1"), await restartedPid("n2")];
    await arena.stop("n2");
    await arena.close();
    expect(started.filter(isAlive)).toEqual([]);
  });

  it("leaves a foreign cluster running, members that it has started again too", async () => {
    const [first, second] = [await running("n1"), await running("n2")];
    const arena = new ProcessArena({ group: "g", foreign: true, processes: [first, second] });
    await arena.kill("n1");
    await arena.restart("n1");
    const again = await restartedPid("n1");
    await arena.stop("n2");
    await arena.close();
    expect([again, second.pid].map(isAlive)).toEqual([true, true]);
    expect(again).not.toBe(first.pid);
  });

  it("ends the rest although a stopped member has died", async () => {
    const stopped = await running("n1");
    let closed = false;
    const arena = new ProcessArena({
      group: "g",
      processes: [stopped, planned("n2")],
      closeCluster: async () => {
        closed = true;
      },
    });
    await arena.restart("n2");
    const started = await restartedPid("n2");
    await arena.stop("n1");
    process.kill(stopped.pid, "SIGKILL");
    await allGone([stopped.pid]);
    await arena.close();
    expect(isAlive(started)).toBe(false);
    expect(closed).toBe(true);
  });
});
