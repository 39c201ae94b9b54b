/** The end of `interrex up`, asked for or not: nothing of it is left, whatever state its children are in. */
import { expect, it } from "vitest";
import { bindProblem } from "../../cluster/processes/check-ports.ts";
import { allGone, isAlive } from "../cli/built-command.ts";
import { processScene, type UpCluster } from "./up-cluster.ts";

const scene = processScene();

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
