import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ArenaProcess, ProcessArena } from "../../cluster/chaos/process-arena.ts";
import { isSame, see } from "../../cluster/chaos/process-identity.ts";
import { allGone, isAlive } from "../cli/built-command.ts";
import { eventually } from "../cluster/redis-clients.ts";

/** Says its pid on stderr, answers as the member of its first argument does to INFO, and ends with its parent where that gave it a channel. */
const MEMBER = `
  const info = "# Server\\r\\nprocess_id:" + process.pid + "\\r\\ninterrex_id:" + process.argv[1] + "\\r\\n";
  const server = require("node:net").createServer((socket) => {
    socket.on("data", () => socket.write("$" + info.length + "\\r\\n" + info + "\\r\\n")).on("error", () => {});
  });
  server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => process.stdout.write("port " + server.address().port + "\\n"));
  console.error(process.pid);
  process.on("disconnect", () => process.exit());
`;
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
  const configPath = `/data/${id}/node.yaml`;
  const args = [...respawn.args, id, "0", configPath];
  const child = spawn(respawn.command, args, { stdio: ["ignore", "pipe", "ignore"] });
  const pid = child.pid ?? -1;
  pids.push(pid);
  const [port] = await once(child.stdout, "data");
  return {
    ...planned(id),
    pid,
    port: Number(String(port).slice("port ".length)),
    configPath,
    respawn: { ...respawn, args },
  };
}

function planned(id: string): ArenaProcess {
  const logPath = join(directory, `${id}.log`);
  return { id, kind: "node", host: "127.0.0.1", port: 1, pid: null, respawn, logPath };
}

/** Of a member that the arena has started again. */
async function restartedPid(id: string): Promise<number> {
  const pid = await eventually(
    async () => {
      const log = readFileSync(join(directory, `${id}.log`), "utf8");
      const own = /^\d+$/m.exec(log);
      return own === null ? undefined : Number(own[0]);
    },
    () => `the pid of ${id}`,
  );
  pids.push(pid);
  return pid;
}

describe("an arena of processes that others have started", () => {
  const stranger = async (): Promise<number> => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    await once(child, "spawn");
    pids.push(child.pid ?? -1);
    return child.pid ?? -1;
  };
  const arenaOf = (...processes: readonly ArenaProcess[]): ProcessArena =>
    new ProcessArena({ group: "g", foreign: true, processes });

  it("signals no process that the member does not answer as", async () => {
    const [member, other] = [await running("n1"), await stranger()];
    const arena = arenaOf({ ...member, pid: other });
    const refusal = {
      code: "NOT_THE_MEMBER",
      message: expect.stringContaining(`answers as pid ${member.pid}`),
    };
    await expect(arena.confirmAll()).rejects.toMatchObject(refusal);
    await expect(arena.kill("n1")).rejects.toMatchObject(refusal);
    await expect(arena.stop("n1")).rejects.toMatchObject(refusal);
    expect([other, member.pid].map(isAlive)).toEqual([true, true]);
  });

  it("signals nobody when another member answers there, or none", async () => {
    const member = await running("n1");
    await expect(arenaOf({ ...member, id: "n2" }).kill("n2")).rejects.toThrow(/gets no signal: .* is n1/);
    await expect(arenaOf({ ...member, kind: "sentinel" }).kill("n1")).rejects.toThrow("is nothing");
    await expect(arenaOf({ ...member, port: 1 }).kill("n1")).rejects.toThrow("ECONNREFUSED");
    expect(isAlive(member.pid)).toBe(true);
  });

  it.runIf(process.platform === "linux")(
    "signals no process of this machine that was started as something else",
    async () => {
      const member = await running("n1");
      const arena = arenaOf({ ...member, configPath: "/elsewhere/n1/node.yaml" });
      await expect(arena.kill("n1")).rejects.toThrow("on this machine that is");
      expect(isAlive(member.pid)).toBe(true);
    },
  );

  it("knows a member that it has started again by itself", async () => {
    const member = await running("n1");
    const arena = arenaOf(member);
    await arena.kill("n1");
    await arena.restart("n1");
    const again = await restartedPid("n1");
    await arena.kill("n1");
    await allGone([again]);
  });

  it.runIf(process.platform === "linux")("tells a later process from one that had its pid", async () => {
    const seen = see((await running("n1")).pid);
    expect(isSame(seen)).toBe(true);
    expect(isSame({ ...seen, startedAt: "0" })).toBe(false);
    expect(isSame({ ...seen, startedAt: null })).toBe(false);
  });
});

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

it("says in one line why a member can't be started again", async () => {
  const noLog = { ...planned("n1"), logPath: join(directory, "gone", "n1.log") };
  const noCommand = { ...planned("n2"), respawn: { command: join(directory, "gone"), args: [] } };
  const arena = new ProcessArena({ group: "g", processes: [noLog, noCommand] });
  for (const id of ["n1", "n2"]) {
    await expect(arena.restart(id)).rejects.toMatchObject({
      code: "SPAWN_FAILED",
      message: expect.stringMatching(new RegExp(`^Cannot start ${id} again: .*ENOENT`)),
    });
  }
});

describe("an arena of processes that is closed", () => {
  it("ends what it has started, stopped or not", async () => {
    const arena = new ProcessArena({ group: "g", processes: [planned("n1"), planned("n2")] });
    await arena.restart("n1");
    await arena.restart("n2");
    const started = [await restartedPid("n1"), await restartedPid("n2")];
    expect(arena.leftRunning()).toEqual([]);
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
    expect(arena.leftRunning()).toEqual([{ id: "n1", pid: again }]);
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
