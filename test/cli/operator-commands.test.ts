import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../cli/program.ts";
import { type Cluster, startCluster } from "../../cluster/start-cluster.ts";
import { recordedTerminal } from "./recorded-terminal.ts";

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ password: "sesame" });
  await cluster.waitForReplicas();
});

afterAll(async () => {
  await cluster.stop();
});

async function ask(...args: string[]): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const terminal = recordedTerminal();
  const sentinels = cluster.sentinels.flatMap(({ host, port }) => ["--sentinel", `${host}:${port}`]);
  const exitCode = await run([...args, ...sentinels, "--password", "sesame"], terminal);
  return { stdout: terminal.stdout, stderr: terminal.stderr, exitCode };
}

async function answerOf(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await ask(...args);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout;
}

describe("an operator", () => {
  it("learns where the master is", async () => {
    const { host, port } = await cluster.master();
    expect(await answerOf("master")).toBe(`${host}:${port}\n`);
    expect(JSON.parse(await answerOf("master", "--json"))).toEqual({ group: "mymaster", host, port });
  });

  it("sees who is what", async () => {
    const { id } = await cluster.master();
    const status = await answerOf("status");
    expect(status).toMatch(new RegExp(`^mymaster  master ${id}, epoch \\d+, semi-sync, W 2 of 3`));
    for (const node of cluster.nodes) expect(status).toMatch(new RegExp(`^${node.id} .* up$`, "m"));
    expect(JSON.parse(await answerOf("status", "--json"))).toMatchObject({
      name: "mymaster",
      master: { id },
    });
  });

  it("hands the master's role to the node named, and finds that in the history", async () => {
    const old = await cluster.master();
    const to = cluster.nodes.find(({ id }) => id !== old.id)?.id ?? "";
    expect(await answerOf("switchover", to)).toMatch(new RegExp(`^✓ .*${to}.* \\(\\d+ ms\\)\n$`));
    expect((await cluster.master()).id).toBe(to);
    expect(await answerOf("history")).toContain(`${old.id} -> ${to}`);
    expect(JSON.parse(await answerOf("history", "--json"))).toContainEqual(
      expect.objectContaining({ from: old.id, to }),
    );
  });

  it("fails over, and is told who is master then", async () => {
    const old = await cluster.master();
    const { ok, answer } = JSON.parse(await answerOf("failover", "--json"));
    const { id } = await cluster.waitForMaster({ not: old.id });
    expect({ ok, answer }).toEqual({ ok: true, answer: `mymaster is failed over: ${id} is the master` });
  });

  it("begins and ends maintenance, which the status shows meanwhile", async () => {
    expect(await answerOf("pause")).toContain("mymaster is in maintenance");
    expect(await answerOf("status")).toContain(
      "! maintenance: no automatic failover until `interrex resume`",
    );
    expect(await answerOf("resume")).toContain("automatic failover of mymaster works again");
    expect(await answerOf("status")).not.toContain("maintenance");
  });

  it("is refused with the sentinel's words, one line and exit 1", async () => {
    const refused = await ask("switchover", "n9");
    expect(refused).toMatchObject({ stdout: "", exitCode: 1 });
    expect(refused.stderr).toMatch(/^interrex: 127\.0\.0\.1:\d+: .*n9.*\n$/);
    const adopted = await ask("adopt", "n1");
    expect(adopted.exitCode).toBe(1);
    expect(adopted.stderr).toMatch(/^interrex: .*\n$/);
  });

  it("who mistypes the group is told the flag", async () => {
    const { stderr, exitCode } = await ask("status", "--group", "other");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/knows no group "other"; give its name with --group\n$/);
  });

  it("of chaos who mistypes the group is told before any load", async () => {
    const { stderr, exitCode } = await ask("chaos", "--group", "other");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/know no master of "other"; .*--group names another group\n$/);
  });

  it("without the password is asked for it", async () => {
    const terminal = recordedTerminal();
    const [sentinel] = cluster.sentinels;
    const exitCode = await run(["master", "--sentinel", `127.0.0.1:${sentinel?.port}`], terminal);
    expect(exitCode).toBe(1);
    expect(terminal.stderr).toMatch(
      /asks for a password: give the right one with --password or INTERREX_PASSWORD\n$/,
    );
  });

  it("who asks a data node is told that it is no sentinel", async () => {
    const terminal = recordedTerminal();
    const { port } = await cluster.master();
    const exitCode = await run(
      ["status", "--sentinel", `127.0.0.1:${port}`, "--password", "sesame"],
      terminal,
    );
    expect(exitCode).toBe(1);
    expect(terminal.stderr).toContain("is no interrex sentinel");
  });

  it("is answered by the next sentinel when the first is dead", async () => {
    cluster.kill("s1");
    const { port } = await cluster.master();
    expect(await answerOf("master")).toBe(`127.0.0.1:${port}\n`);
    await cluster.restart("s1");
  });
});
