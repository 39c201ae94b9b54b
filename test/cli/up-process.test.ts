import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReadyLine, ReadyProcess } from "../../cli/up-report.ts";
import { checkPortsFree } from "../../cluster/processes/check-ports.ts";
import { planLayout } from "../../cluster/processes/layout.ts";
import { until } from "../../cluster/until.ts";
import { readBootId } from "../../src/io/storage/boot-id.ts";
import { DirectoryLock } from "../../src/io/storage/directory-lock.ts";
import { examplePlan } from "../cluster/processes/example-plan.ts";
import { allGone, type BuiltCommand, freeUpPorts, isAlive, startBuilt } from "./built-command.ts";

let dir: string;
let ports: string[];
const started: BuiltCommand[] = [];
const pids = new Set<number>();

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "interrex-up-"));
  ports = await freeUpPorts();
});

afterEach(async () => {
  for (const command of started.splice(0)) {
    command.process.kill("SIGTERM");
    await command.exited;
  }
  await allGone([...pids]);
  pids.clear();
  rmSync(dir, { recursive: true });
});

async function up(
  ...more: string[]
): Promise<{ command: BuiltCommand; ready: ReadyLine; all: ReadyProcess[] }> {
  const command = startBuilt(["up", "--json", ...ports, ...more], dir);
  started.push(command);
  const ready = JSON.parse(await command.firstLine) as ReadyLine;
  const all = [...ready.nodes, ...ready.sentinels];
  for (const { pid } of all) pids.add(pid);
  return { command, ready, all };
}

/** Nothing of the cluster listens any more. */
async function portsAreFree(): Promise<boolean> {
  const [port, sentinelPort] = [Number(ports[1]), Number(ports[3])];
  const { nodes, sentinels } = planLayout({ ...examplePlan, port, sentinelPort });
  await checkPortsFree([...nodes, ...sentinels]);
  return true;
}

function clientOf(ready: ReadyLine): Redis {
  return new Redis({
    name: ready.group,
    sentinels: ready.sentinels.map(({ host, port }) => ({ host, port })),
  });
}

describe("interrex up --json", () => {
  it("prints exactly one line, with every process, its ports and its file", async () => {
    const { command, ready, all } = await up();
    expect(ready).toMatchObject({ event: "ready", group: "mymaster" });
    expect(ready.nodes.map(({ id }) => id)).toEqual(["n1", "n2", "n3"]);
    expect(ready.sentinels.map(({ id }) => id)).toEqual(["s1", "s2", "s3"]);
    expect(ready.nodes.map(({ id }) => id)).toContain(ready.master);
    for (const process of all) {
      expect(Object.keys(process)).toEqual(["id", "host", "port", "peerPort", "pid", "config"]);
      expect(process.peerPort).toBe(process.port + 10_000);
      expect(isAlive(process.pid)).toBe(true);
      expect(existsSync(process.config)).toBe(true);
    }
    command.process.kill("SIGINT");
    expect(await command.exited).toEqual({ code: 0, signal: null });
    expect(command.stdout.trim().split("\n")).toHaveLength(1);
    expect(command.stderr).toBe("");
    expect(all.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it("serves a client of the sentinels, and has the data again with the same --data-dir", async () => {
    const first = await up();
    const writer = clientOf(first.ready);
    await writer.set("greeting", "hello");
    writer.disconnect();
    first.command.process.kill("SIGTERM");
    await first.command.exited;

    const second = await up();
    const reader = clientOf(second.ready);
    expect(await reader.get("greeting")).toBe("hello");
    reader.disconnect();
  });

  it("says what a group is that was begun with other flags", async () => {
    const first = await up("--replication", "async");
    first.command.process.kill("SIGTERM");
    await first.command.exited;

    const again = startBuilt(["up", ...ports, "--replication", "sync"], dir);
    started.push(again);
    expect(await again.firstLine).toBe("mymaster is up, async");
    expect(again.stderr).toMatch(/^interrex: mymaster goes on .*: replication is async, not sync\. .*\n$/);
    await until(() => (again.stdout.includes("3 nodes, async: any 2 nodes") ? true : undefined), {
      timeoutMs: 10_000,
      what: () => `what the record survives, in ${again.stdout}`,
    });
  });

  it("leaves the files of a running cluster alone, whose directory it is given with other ports", async () => {
    const { all } = await up();
    const files = () => all.map(({ config }) => readFileSync(config, "utf8"));
    const before = files();
    const twin = startBuilt(["up", ...(await freeUpPorts())], dir);
    expect(await twin.exited).toEqual({ code: 2, signal: null });
    expect(twin.stderr).toMatch(/^interrex: Cannot use the data directory .*n1: process \d+ uses it\. .*\n$/);
    expect(files()).toEqual(before);
  });

  it("leaves a directory alone in which another one is starting", async () => {
    const starting = DirectoryLock.acquire(dir, { bootId: await readBootId() });
    const command = startBuilt(["up", "--json", ...ports, "--data-dir", dir], dir);
    started.push(command);
    expect(await command.exited).toEqual({ code: 2, signal: null });
    expect(command.stderr).toContain(`Cannot use the data directory ${dir}: process ${process.pid} uses it.`);
    expect(readdirSync(dir)).toEqual(["lock"]);
    starting.release();
  });

  it("refuses another number of sentinels than the directory was begun with, before it writes anything", async () => {
    const { command, all } = await up();
    command.process.kill("SIGTERM");
    await command.exited;
    const files = () => all.map(({ config }) => readFileSync(config, "utf8"));
    const before = files();
    for (const sentinels of ["1", "5"]) {
      const other = startBuilt(["up", ...ports, "--sentinels", sentinels], dir);
      started.push(other);
      expect(await other.exited).toEqual({ code: 2, signal: null });
      expect(other.stderr).toMatch(
        /^interrex: .*data was begun with 3 sentinels, not .* Give --sentinels 3, .*\n$/,
      );
    }
    expect(files()).toEqual(before);
    expect(existsSync(join(dir, "data", "s4"))).toBe(false);
  });

  it("leaves no orphan when it is killed by SIGKILL", async () => {
    const { command, all } = await up();
    command.process.kill("SIGKILL");
    await command.exited;
    await allGone(all.map(({ pid }) => pid));
  });

  it("reports a child that dies, and leaves it dead", async () => {
    const { command, ready } = await up();
    const victim = ready.nodes.find(({ id }) => id !== ready.master);
    if (victim === undefined) throw new Error("there is no replica");
    process.kill(victim.pid, "SIGKILL");
    const report = `interrex: ${victim.id} (pid ${victim.pid}) has died: SIGKILL.`;
    await until(() => (command.stderr.includes(report) ? true : undefined), {
      timeoutMs: 10_000,
      what: () => `${report} in ${command.stderr}`,
    });
    expect(command.stderr).toContain(`interrex node --config ${victim.config}`);
    expect(command.stderr.trim().split("\n")).toHaveLength(1);
    expect(isAlive(victim.pid)).toBe(false);
    command.process.kill("SIGTERM");
    expect(await command.exited).toEqual({ code: 0, signal: null });
  });

  it("logs each process in JSON lines to a file of its own", async () => {
    const { ready, all } = await up();
    for (const { id } of all) {
      const lines = readFileSync(join(dir, "data", id, `${id}.log`), "utf8")
        .trim()
        .split("\n");
      expect(JSON.parse(lines[0] ?? "")).toMatchObject({ id });
    }
    expect(ready.nodes).toHaveLength(3);
  });

  it("that is interrupted during the start stops what it has started, and says so", async () => {
    const command = startBuilt(["up", "--json", ...ports], dir);
    started.push(command);
    const log = join(dir, "data", "n1", "n1.log");
    await until(() => (existsSync(log) ? true : undefined), { timeoutMs: 20_000, what: () => log });
    command.process.kill("SIGINT");
    expect(await command.exited).toEqual({ code: 130, signal: null });
    expect(command.stdout).toBe("");
    expect(command.stderr).toBe("interrex: Interrupted; everything that was started has been stopped\n");
    expect(await portsAreFree()).toBe(true);
  });

  it("starts nothing when one of its ports is in use", async () => {
    const { all } = await up();
    const twin = startBuilt(["up", "--json", ...ports, "--data-dir", join(dir, "other")], dir);
    expect(await twin.exited).toEqual({ code: 2, signal: null });
    expect(twin.stdout).toBe("");
    expect(twin.stderr).toMatch(/^interrex: Port \d+ on 127\.0\.0\.1 is in use, and n1 needs it .*\n$/);
    expect(existsSync(join(dir, "other"))).toBe(false);
    expect(all.every(({ pid }) => isAlive(pid))).toBe(true);
  });

  it("asks everyone for the password that it was given", async () => {
    const { ready } = await up("--password", "sesame");
    const stranger = new Redis({ ...ready.sentinels[0], enableReadyCheck: false });
    await expect(stranger.call("SENTINEL", "MASTERS")).rejects.toThrow("NOAUTH");
    stranger.disconnect();
    const sentinels = ready.sentinels.map(({ host, port }) => ({ host, port }));
    const client = new Redis({
      name: ready.group,
      sentinels,
      password: "sesame",
      sentinelPassword: "sesame",
    });
    expect(await client.set("a", "1")).toBe("OK");
    client.disconnect();
  });
});
