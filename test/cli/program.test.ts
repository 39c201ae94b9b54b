import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { run } from "../../cli/program.ts";
import { type RecordedTerminal, recordedTerminal } from "./recorded-terminal.ts";

async function runRecorded(...args: string[]): Promise<RecordedTerminal & { exitCode: number }> {
  const terminal = recordedTerminal();
  const exitCode = await run(args, terminal);
  return { ...terminal, exitCode };
}

describe("help", () => {
  it.each([
    [["--help"], "interrex"],
    ...["up", "node", "sentinel", "status", "switchover", "recover", "import"].map(
      (name): [string[], string] => [[name, "--help"], name],
    ),
  ])("of %j is as agreed", async (args, name) => {
    const { stdout, stderr, exitCode } = await runRecorded(...args);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    await expect(stdout).toMatchFileSnapshot(`help/${name}.txt`);
  });

  it("of one command is asked for in two ways", async () => {
    const { stdout, exitCode } = await runRecorded("help", "up");
    expect(exitCode).toBe(0);
    expect(stdout).toBe((await runRecorded("up", "--help")).stdout);
  });

  it("goes to stderr with exit 2 when no command is given", async () => {
    const { stdout, stderr, exitCode } = await runRecorded();
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toContain("Usage: interrex");
  });

  it("prints the package's version", async () => {
    expect(await runRecorded("--version")).toMatchObject({ stdout: "0.1.0\n", stderr: "", exitCode: 0 });
  });
});

describe("a wrong flag", () => {
  it.each<[string[], string]>([
    [["up", "--nods", "3"], "interrex: unknown option '--nods' (Did you mean --nodes?)\n"],
    [["statsu"], "interrex: unknown command 'statsu' (Did you mean status?)\n"],
    [["help", "bogus"], "interrex: unknown command 'bogus'\n"],
    [["bogus", "--help"], "interrex: unknown command 'bogus'\n"],
    [
      ["up", "--port", "abc"],
      "interrex: option '--port <port>' argument 'abc' is invalid. Give a whole number from 1 to 65535.\n",
    ],
    [
      ["up", "--replication", "fast"],
      "interrex: option '--replication <mode>' argument 'fast' is invalid. Allowed choices are async, semi-sync, sync.\n",
    ],
    [
      ["status", "--sentinel", "localhost"],
      "interrex: option '--sentinel <host:port>' argument 'localhost' is invalid. Give HOST:PORT, such as 127.0.0.1:26379.\n",
    ],
    [
      ["node", "--id", "n1", "--replicaof", "127.0.0.1:6379"],
      "interrex: option '--replicaof <id=url>' argument '127.0.0.1:6379' is invalid. Give ID=URL, such as n1=ws://127.0.0.1:16379.\n",
    ],
    [
      ["node", "--memory-only", "--data-dir", "x"],
      "interrex: option '--memory-only' cannot be used with option '--data-dir <dir>'\n",
    ],
    [["adopt"], "interrex: missing required argument 'id'\n"],
    [
      ["sentinel", "--id", "s1", "--quorum", "2"],
      "interrex: --quorum describes the group of --nodes; give that too, or set it in the file\n",
    ],
    [
      ["up", "--port", "55534"],
      "interrex: --port 55534 is too high: the peer port of n3 would be 55536 + 10000, past 65535; give 55533 or less\n",
    ],
    [
      ["up", "--port", "6379", "--sentinel-port", "6380"],
      "interrex: Port 6380 would serve both n2 and s1; move --port and --sentinel-port further apart\n",
    ],
    [
      ["up", "--copies", "4"],
      "interrex: --copies is 4, but only 3 nodes vote; no write could ever be acknowledged\n",
    ],
  ])("%j is one line on stderr and exit 2", async (args, line) => {
    expect(await runRecorded(...args)).toMatchObject({ stdout: "", stderr: line, exitCode: 2 });
  });

  it.each([
    ["up", "--data-dir"],
    ["node", "--data-dir"],
    ["sentinel", "--data-dir"],
    ["node", "--config"],
    ["sentinel", "--config"],
    ["chaos", "--cluster-json"],
  ])("%s %s '' is no path", async (command, flag) => {
    expect(await runRecorded(command, flag, "")).toMatchObject({
      stdout: "",
      stderr: expect.stringMatching(
        new RegExp(`^interrex: option '${flag} <.*>' argument '' is invalid\\. Give a path\\.\n$`),
      ),
      exitCode: 2,
    });
  });

  it.each([
    ["node", "--ack-timeout", 10],
    ["sentinel", "--down-after", 50],
    ["up", "--down-after", 50],
    ["chaos", "--down-after", 50],
  ] as const)("%s %s has the limits of the file's key", async (command, flag, min) => {
    expect((await runRecorded(command, flag, "2592000001")).stderr).toContain(
      `Give a whole number from ${min} to 2592000000.`,
    );
  });

  it("asks for the loss to be accepted in words before it recovers", async () => {
    const { stderr, exitCode } = await runRecorded("recover", "n2");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /^interrex: Going on from n2 may lose acknowledged writes .* say --accept-loss\n$/,
    );
  });
});

describe("chaos", () => {
  it.each<[string[], string]>([
    [["--local", "--group", "g"], "--group names a group of --sentinel"],
    [["--sentinel", "127.0.0.1:1", "--nodes", "3"], "--nodes describes the cluster of --local"],
    [["--cluster-json", "f", "--sentinels", "3"], "--sentinels describes the cluster of --local"],
    [["--cluster-json", "f", "--down-after", "500"], "--down-after describes the cluster of --local"],
    [["--sentinel", "127.0.0.1:1", "--every", "5s"], "--every is for faults"],
    [["--local", "--stop-for", "5s"], "--stop-for goes with --stop or --partition"],
    [["--local", "--stop", "master", "--dead-for", "5s"], "--dead-for goes with --kill"],
  ])("refuses what would do nothing: %j", async (flags, words) => {
    expect(await runRecorded("chaos", ...flags)).toMatchObject({
      stdout: "",
      stderr: `interrex: ${words}, and would do nothing here; leave it out\n`,
      exitCode: 2,
    });
  });

  it("wants one cluster", async () => {
    const { stderr, exitCode } = await runRecorded("chaos", "--local", "--sentinel", "127.0.0.1:1");
    expect({ stderr, exitCode }).toEqual({
      stderr: expect.stringMatching(/^interrex: Name one cluster: /),
      exitCode: 2,
    });
  });

  it.each(["--kill", "--stop"])("has no replica to %s in a cluster of one node", async (flag) => {
    expect(await runRecorded("chaos", "--local", "--nodes", "1", flag, "replica")).toMatchObject({
      stdout: "",
      stderr: expect.stringMatching(/^interrex: A cluster of one node has no replica .*\n$/),
      exitCode: 2,
    });
  });
});

describe("chaos of a cluster that is known by its sentinels", () => {
  it("says that a peer port is none for clients, before any load", async () => {
    const peers = createHttpServer().listen(0, "127.0.0.1");
    await once(peers, "listening");
    const { port } = peers.address() as AddressInfo;
    const result = await runRecorded("chaos", "--sentinel", `127.0.0.1:${port}`);
    peers.close();
    expect(result).toMatchObject({ stdout: "", exitCode: 1 });
    expect(result.stderr).toBe(
      `interrex: No sentinel answers (127.0.0.1:${port}: this is no Redis port; is it a peer port? Those are 10000 above the ports for clients); start one, or name another with --sentinel HOST:PORT\n`,
    );
  });
});

describe("chaos without a temporary directory", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("is one line, and exit 2", async () => {
    vi.stubEnv("TMPDIR", "/nonexistent");
    expect(await runRecorded("chaos", "--local")).toMatchObject({
      stdout: "",
      stderr: expect.stringMatching(/^interrex: Cannot make a directory .*ENOENT.* set TMPDIR .*\n$/),
      exitCode: 2,
    });
  });
});

describe("a broken file", () => {
  it("is one line with file and line, and exit 2", async () => {
    const dir = mkdtempSync(join(tmpdir(), "interrex-cli-"));
    const path = join(dir, "node.yaml");
    writeFileSync(path, "id: n1\nport: high\n");
    try {
      expect(await runRecorded("node", "--config", path)).toMatchObject({
        stdout: "",
        stderr: `interrex: ${path}:2: port must be a whole number from 1 to 65535 (got "high")\n`,
        exitCode: 2,
      });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe("a port in use", () => {
  it("keeps `up` from starting anything: one line, exit 2", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen({ host: "127.0.0.1", port: 0 }, () => {
        const address = other.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    const dir = mkdtempSync(join(tmpdir(), "interrex-cli-"));
    const dataDir = join(dir, "data");
    // The peer port is not what is tested: a high port must still leave room for it.
    const flag = port + 10_000 > 65_000 ? String(port - 10_000) : String(port);
    try {
      const result = await runRecorded(
        "up",
        "--port",
        flag,
        "--sentinel-port",
        "10001",
        "--data-dir",
        dataDir,
      );
      expect(result.exitCode).toBe(2);
      expect(result.stdout).toBe("");
      expect(result.stderr).toMatch(
        /^interrex: Port \d+ on 127\.0\.0\.1 is in use, and n1 needs it .*--port\n$/,
      );
      expect(result.stderr).toContain(`Port ${port} `);
    } finally {
      other.close();
      rmSync(dir, { recursive: true });
    }
  });
});

describe("an operator's command", () => {
  it("without a sentinel to ask fails with exit 1 and names what it tried", async () => {
    const result = await runRecorded("master", "--sentinel", "127.0.0.1:1", "--sentinel", "127.0.0.1:2");
    expect(result).toMatchObject({ stdout: "", exitCode: 1 });
    expect(result.stderr).toMatch(
      /^interrex: No sentinel answers \(127\.0\.0\.1:1: .*ECONNREFUSED.*; 127\.0\.0\.1:2: .*\); start one, or name another with --sentinel HOST:PORT\n$/,
    );
  });
});
