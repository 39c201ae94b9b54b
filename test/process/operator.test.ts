/** The operator's commands against real processes: what they say, and what they bring about. */
import { expect, it } from "vitest";
import { ask, lostWrites } from "../cluster/redis-clients.ts";
import { type CommandEnd, processScene } from "./up-cluster.ts";

const scene = processScene();

function json({ code, stdout, stderr }: CommandEnd): unknown {
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

it("master, switchover, failover, status and history agree with each other and with what the nodes say", async () => {
  const cluster = await scene.up();
  const load = await scene.writingTo(cluster);
  const first = await cluster.master();
  expect(await cluster.operator("master")).toEqual({
    code: 0,
    stdout: `${first.host}:${first.port}\n`,
    stderr: "",
  });

  const [target] = await cluster.replicas();
  if (target === undefined) throw new Error("there is no replica");
  expect(json(await cluster.operator("switchover", target.id, "--json"))).toMatchObject({ ok: true });
  expect(json(await cluster.operator("master", "--json"))).toMatchObject({ port: target.port });
  expect(await ask(target, "ROLE")).toMatchObject({ 0: "master" });
  await cluster.whole();

  expect(json(await cluster.operator("failover", "--json"))).toMatchObject({ ok: true });
  const third = await cluster.master(target.id);
  await load.more(100);
  await cluster.whole();
  await load.stop();
  expect(await lostWrites(load, third)).toEqual([]);

  const status = await cluster.operator("status");
  expect(status.stdout).toContain(`master ${third.id}`);
  for (const { id } of [...cluster.nodes, ...cluster.sentinels.slice(1)]) expect(status.stdout).toContain(id);
  expect(status.stdout).toContain("A failover is possible now.");
  const history = json(await cluster.operator("history", "--json")) as { from: string; to: string }[];
  expect(history.slice(-2)).toMatchObject([
    { from: first.id, to: target.id },
    { from: target.id, to: third.id },
  ]);
});

it("pause holds back the automatic failover until resume", async () => {
  const cluster = await scene.up();
  const old = await cluster.master();
  expect((await cluster.operator("pause")).code).toBe(0);
  const status = await cluster.operator("status");
  expect(status.stdout).toContain("maintenance: no automatic failover until `interrex resume`");
  cluster.signal(old.id, "SIGKILL");
  await cluster.until((view) => view.odown, "the master to be held down by a quorum");
  expect((await cluster.view()).standing?.master).toBe(old.id);
  expect((await cluster.operator("resume")).code).toBe(0);
  const next = await cluster.master(old.id);
  expect(await ask(next, "SET", "key", "value")).toBe("OK");
});

it("what is refused is refused in words, with exit 1", async () => {
  const cluster = await scene.up();
  const refused = await cluster.operator("switchover", "n9");
  expect(refused.code).toBe(1);
  expect(refused.stdout).toBe("");
  expect(refused.stderr).toMatch(/^interrex: .*No member 'n9' in mymaster; its members are /);
});
