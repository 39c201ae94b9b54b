/** `interrex chaos` as a process: what it owns ends with it, however it ends. */
import { execFileSync } from "node:child_process";
import { afterEach, expect, it, vi } from "vitest";
import { allGone, type BuiltCommand, startBuilt } from "../cli/built-command.ts";
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

/** Of `up` and its children, once all are there. */
async function pidsBelow(pid: number, count: number): Promise<number[]> {
  return await eventually(
    async () => {
      const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
      const parents = new Map(rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]));
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
