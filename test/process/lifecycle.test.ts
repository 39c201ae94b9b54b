/** The end of `interrex up`, asked for or not: nothing of it is left, whatever state its children are in. */
import { afterEach, expect, it, vi } from "vitest";
import { bindProblem } from "../../cluster/processes/check-ports.ts";
import { allGone, isAlive } from "../cli/built-command.ts";
import { eventually } from "../cluster/redis-clients.ts";
import { processScene, type UpCluster } from "./up-cluster.ts";

const DEAF = new URL("./deaf-sentinel.mjs", import.meta.url).href;
const scene = processScene();

afterEach(() => {
  vi.unstubAllEnvs();
});

async function portsStillTaken({ nodes, sentinels }: UpCluster): Promise<number[]> {
  const ports = [...nodes, ...sentinels].flatMap(({ port, peerPort }) => [port, peerPort]);
  const problems = await Promise.all(ports.map((port) => bindProblem("127.0.0.1", port)));
  return ports.filter((_, at) => problems[at] !== null);
}

it("ctrl-C under load leaves nothing behind, one dead and one stopped child included", async () => {
  const cluster = await scene.up();
  await scene.writingTo(cluster);
  const [first, second] = await cluster.replicas();
  cluster.signal(first?.id ?? "", "SIGKILL");
  cluster.signal(second?.id ?? "", "SIGSTOP");
  cluster.up.process.kill("SIGINT");
  expect(await cluster.up.exited).toEqual({ code: 0, signal: null });
  expect(cluster.everyPid.filter(isAlive)).toEqual([]);
  expect(await portsStillTaken(cluster)).toEqual([]);
});

it("kill -9 of up itself under load leaves nothing behind", async () => {
  const cluster = await scene.up();
  await scene.writingTo(cluster);
  cluster.up.process.kill("SIGKILL");
  await cluster.up.exited;
  await allGone(cluster.everyPid);
  expect(await portsStillTaken(cluster)).toEqual([]);
});

it("the end of the terminal stops it cleanly", async () => {
  const cluster = await scene.up();
  cluster.up.process.kill("SIGHUP");
  expect(await cluster.up.exited).toEqual({ code: 0, signal: null });
  expect(cluster.everyPid.filter(isAlive)).toEqual([]);
});

it("a second ctrl-C doesn't wait for sentinels that hang", async () => {
  vi.stubEnv("NODE_OPTIONS", `--import=${DEAF}`);
  const cluster = await scene.up();
  await eventually(
    async () => {
      cluster.up.process.kill("SIGINT");
      return cluster.up.process.exitCode ?? undefined;
    },
    () => "the end of up",
  );
  expect(await cluster.up.exited).toEqual({ code: 130, signal: null });
  await allGone(cluster.everyPid);
});
