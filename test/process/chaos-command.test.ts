/** `interrex chaos` as a process: what it owns ends with it, however it ends. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { allGone, type BuiltCommand, freeUpPorts, isAlive, startBuilt } from "../cli/built-command.ts";
import { eventually } from "../cluster/redis-clients.ts";
import { processScene } from "./up-cluster.ts";

const DEAF = new URL("./deaf-sentinel.mjs", import.meta.url).href;
const FEW_CLIENTS = ["--clients", "2", "--think", "10"];
const scene = processScene();

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A run on a cluster of its own; its directory goes with the test's. */
function chaosLocal(...flags: readonly string[]): BuiltCommand {
  const directory = scene.directory();
  vi.stubEnv("TMPDIR", directory);
  const command = startBuilt(["chaos", "--local", ...flags], directory);
  scene.atEnd(async () => {
    command.process.kill("SIGTERM");
    await command.exited;
  });
  return command;
}

function processes(): { pid: number; parent: number; stopped: boolean }[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" }).trim().split("\n");
  return rows.map((row) => {
    const [pid, parent, state = ""] = row.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), stopped: state.startsWith("T") };
  });
}

/** Of `up` and its children, once all are there. */
async function pidsBelow(pid: number, count: number): Promise<number[]> {
  return await eventually(
    async () => {
      const parents = new Map(processes().map(({ pid, parent }) => [pid, parent]));
      const isBelow = (one: number | undefined): boolean =>
        one !== undefined && one !== 0 && (parents.get(one) === pid || isBelow(parents.get(one)));
      const found = [...parents.keys()].filter(isBelow);
      return found.length === count ? found : undefined;
    },
    () => `${count} processes below ${pid}`,
  );
}

it("kill -9 of chaos ends the cluster that it has started", async () => {
  const chaos = chaosLocal();
  const pids = await pidsBelow(chaos.pid, 7);
  chaos.process.kill("SIGKILL");
  await chaos.exited;
  await allGone(pids);
});

it("ctrl-C mends what it has broken, and is no verdict but 130", async () => {
  const chaos = chaosLocal("--stop", "master", "--stop-for", "5m", "--for", "5m", ...FEW_CLIENTS, "--json");
  const pids = await pidsBelow(chaos.pid, 7);
  await eventually(
    async () => processes().find(({ pid, stopped }) => stopped && pids.includes(pid)),
    () => "a member that is stopped",
  );
  chaos.process.kill("SIGINT");
  expect(await chaos.exited).toEqual({ code: 130, signal: null });
  expect(JSON.parse(chaos.stdout)).toMatchObject({ ok: true, interrupted: true });
  expect(chaos.stderr).toMatch(/^interrex: Interrupted/);
  await allGone(pids);
});

/** A run on a cluster that somebody else has started. */
async function chaosOnRunning(
  upFlags: readonly string[],
  ...flags: readonly string[]
): Promise<BuiltCommand> {
  const directory = scene.directory();
  const up = startBuilt(["up", "--json", ...(await freeUpPorts()), ...upFlags], directory);
  scene.atEnd(async () => {
    up.process.kill("SIGTERM");
    await up.exited;
  });
  const file = join(directory, "up.json");
  writeFileSync(file, await up.firstLine);
  const chaos = startBuilt(["chaos", "--cluster-json", file, ...flags, ...FEW_CLIENTS, "--json"], directory);
  scene.atEnd(async () => {
    await chaos.exited;
    const { leftRunning } = JSON.parse(chaos.stdout) as { leftRunning: { pid: number }[] };
    for (const { pid } of leftRunning.filter(({ pid }) => isAlive(pid))) process.kill(pid, "SIGTERM");
    await allGone(leftRunning.map(({ pid }) => pid));
  });
  return chaos;
}

it("a cluster that is there is judged by what its own record promises", async () => {
  const chaos = await chaosOnRunning(["--replication", "async"], "--for", "2s");
  expect(await chaos.exited).toEqual({ code: 0, signal: null });
  expect(JSON.parse(chaos.stdout)).toMatchObject({ replication: "async", interrupted: false });
});

it("says what it has started again and leaves running, when it is interrupted too", async () => {
  const flags = ["--kill", "replica", "--dead-for", "100ms", "--every", "1m", "--for", "5m"];
  const chaos = await chaosOnRunning([], ...flags);
  const [pid] = await pidsBelow(chaos.pid, 1);
  chaos.process.kill("SIGINT");
  expect(await chaos.exited).toEqual({ code: 130, signal: null });
  expect(chaos.stderr).toMatch(
    new RegExp(`^interrex: Interrupted; started again, and left running: n\\d \\(pid ${pid}\\)\n$`),
  );
  expect(JSON.parse(chaos.stdout)).toMatchObject({ leftRunning: [{ pid }] });
});

it("the end of its terminal ends the cluster as well", async () => {
  const chaos = chaosLocal();
  const pids = await pidsBelow(chaos.pid, 7);
  chaos.process.kill("SIGHUP");
  expect((await chaos.exited).signal).toBeNull();
  await allGone(pids);
});

it("a second ctrl-C doesn't wait for a cluster that hangs", async () => {
  vi.stubEnv("NODE_OPTIONS", `--import=${DEAF}`);
  const chaos = chaosLocal();
  const pids = await pidsBelow(chaos.pid, 7);
  await eventually(
    async () => {
      chaos.process.kill("SIGINT");
      return chaos.process.exitCode ?? undefined;
    },
    () => "the end of chaos",
  );
  expect(await chaos.exited).toEqual({ code: 130, signal: null });
  await allGone(pids);
});

it("an exported password is that of the cluster and of its clients", async () => {
  vi.stubEnv("INTERREX_PASSWORD", "sesame");
  const chaos = chaosLocal("--for", "2s", ...FEW_CLIENTS, "--json");
  expect(await chaos.exited).toEqual({ code: 0, signal: null });
  expect(JSON.parse(chaos.stdout)).toMatchObject({ ok: true });
});

it("killed sentinels leave no words of the client library on stderr", async () => {
  const chaos = chaosLocal("--kill", "sentinel", "--for", "4s", "--every", "1s", ...FEW_CLIENTS);
  expect(await chaos.exited).toEqual({ code: 0, signal: null });
  expect(chaos.stderr).toBe("");
});
