import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { giveBackPorts, takeFreePorts } from "../../cluster/free-ports.ts";
import { type BuiltCommand, startBuilt } from "./built-command.ts";

let dir: string;
let ports: readonly number[];
const started: BuiltCommand[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "interrex-node-"));
  ports = await takeFreePorts("127.0.0.1", 2);
});

afterEach(async () => {
  for (const command of started.splice(0)) {
    command.process.kill("SIGKILL");
    await command.exited;
  }
  giveBackPorts(ports);
  rmSync(dir, { recursive: true });
});

function startNode(...more: string[]): BuiltCommand {
  const [port, peerPort] = ports;
  const own = ["node", "--id", "n1", "--port", `${port}`, "--peer-port", `${peerPort}`, "--master", "--json"];
  const command = startBuilt([...own, ...more], dir);
  started.push(command);
  return command;
}

function clientOf(command: BuiltCommand): Redis {
  const { port } = JSON.parse(command.stdout) as { port: number };
  return new Redis({ host: "127.0.0.1", port });
}

describe("interrex node", () => {
  it("says in one line where it serves, and logs to stderr", async () => {
    const node = startNode();
    expect(JSON.parse(await node.firstLine)).toEqual({
      event: "ready",
      id: "n1",
      host: "127.0.0.1",
      port: ports[0],
      peerPort: ports[1],
      pid: node.pid,
    });
    node.process.kill("SIGTERM");
    expect(await node.exited).toEqual({ code: 0, signal: null });
    expect(node.stdout.trim().split("\n")).toHaveLength(1);
    for (const line of node.stderr.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("event");
  });

  it("runs scripts by Lua 5.1's arithmetic: joined into a few files, what must be loaded first still is", async () => {
    const node = startNode("--memory-only");
    await node.firstLine;
    const client = clientOf(node);
    expect(await client.eval("return tostring(5 % math.huge)", 0)).toContain("nan");
    client.disconnect();
  });

  it.each(["SIGTERM", "SIGINT"] as const)("stops cleanly at %s and has its data again", async (signal) => {
    const first = startNode();
    await first.firstLine;
    const writer = clientOf(first);
    await writer.set("greeting", "hello");
    writer.disconnect();
    first.process.kill(signal);
    expect(await first.exited).toEqual({ code: 0, signal: null });

    const second = startNode();
    await second.firstLine;
    const reader = clientOf(second);
    expect(await reader.get("greeting")).toBe("hello");
    reader.disconnect();
  });

  it("ends with exit 0 when a client says SHUTDOWN", async () => {
    const node = startNode();
    await node.firstLine;
    const client = clientOf(node);
    client.on("error", () => {});
    client.call("SHUTDOWN").catch(() => {});
    expect(await node.exited).toEqual({ code: 0, signal: null });
    client.disconnect();
  });

  it("refuses a port in use with one line and exit 2", async () => {
    await startNode().firstLine;
    const twin = startNode("--data-dir", join(dir, "other"));
    expect(await twin.exited).toEqual({ code: 2, signal: null });
    const lines = twin.stderr.trim().split("\n");
    expect(lines.at(-1)).toMatch(new RegExp(`^interrex: .*${ports[0]}.*in use`));
    expect(twin.stdout).toBe("");
  });

  it("refuses a data directory that another process uses with one line and exit 2", async () => {
    await startNode().firstLine;
    const twin = startNode();
    expect(await twin.exited).toEqual({ code: 2, signal: null });
    expect(twin.stderr.trim().split("\n").at(-1)).toMatch(/^interrex: Cannot use the data directory /);
  });

  it("refuses a data directory that is a file with one line and exit 2", async () => {
    const file = join(dir, "file");
    writeFileSync(file, "");
    const node = startNode("--data-dir", file);
    expect(await node.exited).toEqual({ code: 2, signal: null });
    expect(node.stderr.trim().split("\n").at(-1)).toMatch(new RegExp(`^interrex: Cannot use .* ${file}: `));
  });

  it("keeps nothing on disk with --memory-only", async () => {
    const node = startNode("--memory-only");
    await node.firstLine;
    node.process.kill("SIGTERM");
    await node.exited;
    expect(() => readFileSync(join(dir, "data"))).toThrow("ENOENT");
  });
});

describe("interrex sentinel", () => {
  it("ends with exit 0 when a client says SHUTDOWN", async () => {
    const [port, peerPort] = ports;
    const own = ["sentinel", "--id", "s1", "--port", `${port}`, "--peer-port", `${peerPort}`, "--json"];
    const others = ["--sentinels", `s1=ws://127.0.0.1:${peerPort}`, "--nodes", "n1=ws://127.0.0.1:1"];
    const sentinel = startBuilt([...own, ...others], dir);
    started.push(sentinel);
    await sentinel.firstLine;
    const client = clientOf(sentinel);
    client.on("error", () => {});
    client.call("SHUTDOWN").catch(() => {});
    expect(await sentinel.exited).toEqual({ code: 0, signal: null });
    client.disconnect();
  });
});
