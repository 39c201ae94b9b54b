/** The shell with its real core, network and disk: one sentinel of a set of one, whose data nodes nobody has started. */
import { once } from "node:events";
import fs from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { ConfiguredGroup, SentinelConfig } from "../../sentinel/sentinel-config.ts";
import { SentinelProcess, type SentinelProcessOptions } from "../../sentinel/sentinel-process.ts";
import { MemoryStateCell, openStateCell } from "../../sentinel/state-cell.ts";
import { InvariantError } from "../../src/base/errors.ts";
import {
  EPOCH_ZERO,
  type Epoch,
  type GroupId,
  type IncarnationId,
  type MemberId,
  OFFSET_ZERO,
  type SentinelId,
  type StartId,
} from "../../src/base/ids.ts";
import { SystemClock } from "../../src/io/clock.ts";
import { createLogger, type Logger } from "../../src/io/logger.ts";
import { PeerNetwork } from "../../src/io/peer/peer-network.ts";
import { DurableCell } from "../../src/io/storage/durable-cell.ts";
import { nodeFileCalls } from "../../src/io/storage/file-calls.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import type { GroupRecord } from "../../src/rules/group-record.ts";
import { EMPTY_POSITION } from "../../src/rules/log-position.ts";
import { RawClient } from "../io/redis/redis-harness.ts";

const INFO = "INFO\r\n";

let directory: string;
let lines: Record<string, unknown>[];
let started: SentinelProcess[];
let failures: Error[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "interrex-sentinel-"));
  lines = [];
  started = [];
  failures = [];
});

afterEach(async () => {
  await Promise.all(started.map((sentinel) => sentinel.stop()));
  for (const sentinel of started) sentinel.kill();
  await rm(directory, { recursive: true, force: true });
  expect(failures).toEqual([]);
});

/** Port 1 refuses: no test of ours listens there. */
const group: ConfiguredGroup = {
  name: "mymaster",
  nodes: ["n1", "n2", "n3"].map((id) => ({
    id: id as MemberId,
    url: "ws://127.0.0.1:1",
    priority: 100,
    zone: "",
    voting: true,
  })),
  quorum: 1,
  downAfterMs: 1000,
  stallAfterMs: 2000,
  switchoverTimeoutMs: 5000,
  replication: { mode: "semi-sync", copies: 2 },
  crashEvidence: true,
};

function configOf(change: Partial<SentinelConfig> = {}): SentinelConfig {
  return {
    id: "s1" as SentinelId,
    host: "127.0.0.1",
    port: 0,
    peerPort: 0,
    announceHost: "127.0.0.1",
    dataDir: null,
    password: null,
    peerSecret: null,
    sentinels: [{ id: "s1" as SentinelId, url: "ws://127.0.0.1:1" }],
    membershipVersion: 1,
    groups: [group],
    ...change,
  };
}

/** Replies to INFO in it. */
function count(text: string): number {
  return text.split("# Server").length - 1;
}

function testLogger(): Logger {
  return createLogger({
    level: "info",
    id: "s1",
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
}

async function start(change: Partial<SentinelConfig> = {}, more: Partial<SentinelProcessOptions> = {}) {
  const config = configOf(change);
  const logger = testLogger();
  const onFailed = (error: Error) => failures.push(error);
  const sentinel = await SentinelProcess.start({ config, logger, onFailed, ...more });
  started.push(sentinel);
  return sentinel;
}

/** A raw connection, and what it has read. */
async function dial({ host, port }: { host: string; port: number }) {
  const socket = net.connect(port, host);
  await once(socket, "connect");
  return socket;
}

async function ask(socket: net.Socket, command: string): Promise<string> {
  const answer = once(socket, "data");
  socket.write(`${command}\r\n`);
  return String((await answer)[0]);
}

describe("a sentinel process", () => {
  it("serves Redis clients on a free port, and says what its configuration survives", async () => {
    const sentinel = await start();
    const redis = new Redis({ ...sentinel.address, enableReadyCheck: false });
    try {
      expect(await redis.ping()).toBe("PONG");
      expect(await redis.call("SENTINEL", "MYID")).toBe("s1");
      expect(await redis.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")).toBeNull();
      const status = JSON.parse(String(await redis.call("SENTINEL", "STATUS", "mymaster")));
      expect(status).toMatchObject({ name: "mymaster", standing: null, quorum: 1 });
      expect(sentinel.view("mymaster")?.name).toBe("mymaster");
      expect(await redis.info("server")).toContain(`tcp_port:${sentinel.address.port}\r\n`);
    } finally {
      redis.disconnect();
    }
    expect(lines.find((line) => line.event === "survives")?.survives).toBe(
      "3 nodes, W 2: any 1 node; 1 sentinel: no sentinel",
    );
  });

  it("hands a client's SHUTDOWN on, ends that connection without a reply and serves others until it is stopped", async () => {
    let told = (): void => {};
    const shutdown = new Promise<void>((resolve) => {
      told = resolve;
    });
    const sentinel = await start({}, { onShutdown: told });
    const [operator, other] = [await dial(sentinel.address), await dial(sentinel.address)];
    const read: Buffer[] = [];
    operator.on("data", (bytes: Buffer) => read.push(bytes));
    operator.write("SHUTDOWN\r\n");
    await Promise.all([shutdown, once(operator, "close")]);
    expect(Buffer.concat(read).toString()).toBe("");
    expect(await ask(other, "PING")).toBe("+PONG\r\n");
    other.destroy();
  });

  it("counts connections and bytes in INFO stats, and its time in INFO cpu", async () => {
    const sentinel = await start();
    const [first, second] = [await dial(sentinel.address), await dial(sentinel.address)];
    await ask(first, "PING");
    const text = await ask(second, "INFO stats cpu");
    expect(text).toContain("\r\ntotal_connections_received:2\r\n");
    expect(text).toContain("\r\nrejected_connections:0\r\n");
    expect(text).toContain(`\r\ntotal_net_input_bytes:${"PING\r\nINFO stats cpu\r\n".length}\r\n`);
    expect(text).toContain(`\r\ntotal_net_output_bytes:${"+PONG\r\n".length}\r\n`);
    expect(Number(/used_cpu_user:([\d.]+)/.exec(text)?.[1])).toBeGreaterThan(0);
    first.destroy();
    second.destroy();
  });

  it("tells its health and metrics on the peer port", async () => {
    const { peerAddress } = await start();
    const base = `http://${peerAddress.host}:${peerAddress.port}`;
    const health = await fetch(`${base}/health`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ id: "s1", groups: [{ name: "mymaster", master: null }] });
    const metrics = await fetch(`${base}/metrics`);
    expect(await metrics.text()).toContain('interrex_sentinel_epoch{group="mymaster"} 0\n');
  });

  it("keeps a client that AUTHs out until it has the password", async () => {
    const sentinel = await start({ password: "secret" });
    const socket = await dial(sentinel.address);
    expect(await ask(socket, "SENTINEL MASTERS")).toBe("-NOAUTH Authentication required.\r\n");
    expect(await ask(socket, "AUTH secret")).toBe("+OK\r\n");
    expect(await ask(socket, "SENTINEL MASTERS")).toBe("*0\r\n");
    socket.destroy();
  });

  it("stops cleanly: clients are ended and both ports are free again", async () => {
    const sentinel = await start();
    const socket = await dial(sentinel.address);
    const ended = once(socket, "end");
    await Promise.all([sentinel.stop(), ended]);
    socket.destroy();
    for (const { host, port } of [sentinel.address, sentinel.peerAddress]) {
      const [error] = await once(net.connect(port, host), "error");
      expect(error).toMatchObject({ code: "ECONNREFUSED" });
    }
  });

  it("answers others amid one client's long pipeline, and all of that though its side is closed", async () => {
    const sentinel = await start();
    const loader = await RawClient.open(sentinel.address.port);
    const other = await RawClient.open(sentinel.address.port);
    loader.socket.end(INFO.repeat(5000));
    await loader.receives(1);
    other.send("PING\r\n");
    await other.receives("+PONG\r\n".length);
    const before = count(loader.received);
    await loader.closed();
    expect(count(loader.received)).toBe(5000);
    expect(before).toBeLessThan(5000);
  });

  it("resets its clients when killed, and says nothing more", async () => {
    const sentinel = await start();
    const socket = await dial(sentinel.address);
    expect(await ask(socket, "PING")).toBe("+PONG\r\n");
    const reset = once(socket, "error");
    sentinel.kill();
    expect((await reset)[0]).toMatchObject({ code: "ECONNRESET" });
  });

  it("ends as if killed, and tells its owner once, when an invariant breaks", async () => {
    const clock = new SystemClock();
    const broken = new InvariantError("S1: at most one master per epoch");
    const sentinel = await start({}, { clock });
    const socket = await dial(sentinel.address);
    vi.spyOn(clock, "now").mockImplementation(() => {
      throw broken;
    });
    const reset = once(socket, "error");
    socket.write("PING\r\nPING\r\n");
    expect((await reset)[0]).toMatchObject({ code: "ECONNRESET" });
    expect(failures.splice(0)).toEqual([broken]);
    expect(lines.at(-1)).toMatchObject({ level: "fatal", event: "sentinel-failed" });
  });

  it("answers nothing while paused, and everything after", async () => {
    const sentinel = await start();
    const socket = await dial(sentinel.address);
    expect(await ask(socket, "PING")).toBe("+PONG\r\n");
    sentinel.pause();
    const answers: string[] = [];
    socket.on("data", (chunk) => answers.push(String(chunk)));
    await new Promise((resolve) => socket.write("PING paused\r\n", resolve));
    await fetchFails(sentinel);
    expect(answers).toEqual([]);
    sentinel.resume();
    await once(socket, "data");
    expect(answers.join("")).toBe("$6\r\npaused\r\n");
    socket.destroy();
  });
});

/** Long enough for an answer to have come, if one were to come. */
async function fetchFails({ peerAddress }: SentinelProcess): Promise<void> {
  const request = fetch(`http://${peerAddress.host}:${peerAddress.port}/health`, {
    signal: AbortSignal.timeout(50),
  });
  await expect(request).rejects.toThrow();
}

describe("its state", () => {
  it("can't be shared by two processes, and is free again after a stop or a failed start", async () => {
    const first = await start({ dataDir: directory });
    await expect(start({ dataDir: directory })).rejects.toMatchObject({ code: "DATA_DIR_IN_USE" });
    const taken = first.address.port;
    await first.stop();
    const second = await start({ port: taken });
    await expect(start({ port: taken, dataDir: directory })).rejects.toMatchObject({ code: "PORT_IN_USE" });
    await second.stop();
    await start({ dataDir: directory });
  });

  it("can't be kept where a file stands, or in a file that is none", async () => {
    const file = path.join(directory, "file");
    await writeFile(file, "");
    await expect(start({ dataDir: file })).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringContaining(`Cannot use the data directory ${file}: `),
    });
    await mkdir(path.join(directory, "votes.cell"));
    await expect(start({ dataDir: directory })).rejects.toMatchObject({ code: "BAD_DATA_DIR" });
  });

  it("of another sentinel is refused", async () => {
    const cell = await openStateCell(directory, { groups: 1, logger: testLogger() });
    cell.load();
    await cell.save(Buffer.from(JSON.stringify({ format: 1, id: "s2", groups: {} })));
    await cell.close();
    await expect(start({ dataDir: directory })).rejects.toMatchObject({ code: "BAD_SENTINEL_STATE" });
  });

  it("of smaller slots gets room for a state that a failover may need, or the log says that there is none", async () => {
    const file = path.join(directory, "votes.cell");
    const before = new DurableCell(file);
    before.load();
    before.saveSync(Buffer.from(JSON.stringify({ format: 1, id: "s1", groups: {} })));
    await before.close();
    const { size } = fs.statSync(file);
    const full = vi.spyOn(nodeFileCalls, "writeSync").mockImplementation((fd, bytes, ...where) => {
      if (bytes.length > size) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
      return fs.writeSync(fd, bytes, ...where);
    });
    onTestFinished(() => full.mockRestore());
    await (await start({ dataDir: directory })).stop();
    expect(lines.find(({ event }) => event === "state-room-short")).toMatchObject({ file, bytes: size / 2 });
    expect(fs.statSync(file).size).toBe(size);

    full.mockRestore();
    lines = [];
    await (await start({ dataDir: directory })).stop();
    expect(lines.filter(({ event }) => event === "state-room-short")).toEqual([]);
    expect(fs.statSync(file).size).toBeGreaterThanOrEqual(2 * 64 * 1024);
  });

  it("with a record of the group: says what that survives, where the configuration says otherwise", async () => {
    const member = { client: { host: "127.0.0.1", port: 6379 }, incarnation: null, admitted: false };
    const record: GroupRecord = {
      name: "mymaster",
      groupId: "group" as GroupId,
      number: { epoch: 1 as Epoch, seq: 0 },
      steward: { id: "s1" as SentinelId, startId: "earlier" as StartId },
      master: "n1" as MemberId,
      members: group.nodes.map(({ id, url }) => ({
        ...{ ...member, id, url, priority: 100, zone: "", voting: id !== "n2" },
      })),
      ...{ mode: "semi-sync", copies: 2, paused: false },
    };
    const votes = { votedEpoch: 1, votedFor: null, record, onlyLearnt: false, leaseMs: 1000 };
    const stateCell = new MemoryStateCell();
    await stateCell.save(Buffer.from(JSON.stringify({ format: 1, id: "s1", groups: { mymaster: votes } })));
    await start({}, { stateCell });
    expect(lines.filter((line) => line.event === "survives").map((line) => line.survives)).toEqual([
      "3 nodes, W 2: any 1 node; 1 sentinel: no sentinel",
      "2 nodes and 1 observer, W 2: no node; 1 sentinel: no sentinel",
    ]);
  });

  it("that is no JSON is refused", async () => {
    const cell = new MemoryStateCell();
    await cell.save(Buffer.from("{"));
    await expect(start({}, { stateCell: cell })).rejects.toMatchObject({ code: "BAD_SENTINEL_STATE" });
  });
});

/** A data node that answers heartbeats as an empty one: all that a sentinel needs to begin a group with it. */
async function startEmptyNode(id: string): Promise<{ network: PeerNetwork; url: string }> {
  const startId = `${id}-start` as StartId;
  const status: NodeStatus = {
    id: id as MemberId,
    startId,
    groupId: null,
    incarnation: `${id}-life` as IncarnationId,
    doubtfulByReboot: false,
    role: "none",
    roleEpoch: EPOCH_ZERO,
    established: false,
    promise: { epoch: EPOCH_ZERO, leader: null },
    position: EMPTY_POSITION,
    committed: OFFSET_ZERO,
    applied: OFFSET_ZERO,
    record: null,
    following: null,
    sees: [],
    oldestUncommittedMs: 0,
    diskFailing: false,
    handover: null,
    waiting: [],
    replicas: [],
    leaseHeld: false,
    client: { host: "127.0.0.1", port: 6379 },
    priority: 100,
    zone: "",
    voting: true,
  };
  const network: PeerNetwork = new PeerNetwork({
    self: { kind: "node", id, startId },
    host: "127.0.0.1",
    port: 0,
    secret: null,
    logger: createLogger({ level: "silent", id }),
    handler: {
      linkUp: (link) => network.send(link, { type: "status", status }),
      linkDown: () => {},
      message: (link, message) => {
        if (message.type === "ping") network.send(link, { type: "pong", seq: message.seq, status });
      },
      probed: () => {},
    },
    health: () => ({ ok: true, body: {} }),
    metrics: () => "",
  });
  const { port } = await network.listen();
  return { network, url: `ws://127.0.0.1:${port}` };
}

describe("votes that can't be saved", () => {
  it("end the process before anybody hears of them", async () => {
    const { network, url } = await startEmptyNode("n1");
    const cause = new Error("EIO");
    const stateCell = new MemoryStateCell();
    vi.spyOn(stateCell, "save").mockRejectedValue(cause);
    const nodes = [{ id: "n1" as MemberId, url, priority: 100, zone: "", voting: true }];
    const replication = { mode: "semi-sync" as const, copies: 1 };
    try {
      let fail: (error: Error) => void = () => {};
      const failed = new Promise<Error>((resolve) => {
        fail = resolve;
      });
      const sentinel = await start(
        { groups: [{ ...group, nodes, replication }] },
        { stateCell, onFailed: (error) => fail(error) },
      );
      expect(await failed).toMatchObject({ code: "STATE_NOT_SAVED", cause });
      const [error] = await once(net.connect(sentinel.address.port, "127.0.0.1"), "error");
      expect(error).toMatchObject({ code: "ECONNREFUSED" });
    } finally {
      network.kill();
    }
  });

  it("are told of as such on a disk that has become read-only", async () => {
    const { network, url } = await startEmptyNode("n1");
    const nodes = [{ id: "n1" as MemberId, url, priority: 100, zone: "", voting: true }];
    const replication = { mode: "semi-sync" as const, copies: 1 };
    const readOnly = (): never => {
      throw Object.assign(new Error("EROFS"), { code: "EROFS" });
    };
    const stateCell = await openStateCell(directory, { groups: 1, logger: testLogger() });
    vi.spyOn(stateCell, "save").mockImplementation(async () => readOnly());
    const unlink = vi.spyOn(fs, "unlinkSync").mockImplementation(readOnly);
    try {
      const failed = new Promise<Error>((resolve) => {
        start({ groups: [{ ...group, nodes, replication }] }, { stateCell, onFailed: resolve }).catch(
          resolve,
        );
      });
      expect(await failed).toMatchObject({ code: "STATE_NOT_SAVED", cause: { code: "EROFS" } });
    } finally {
      unlink.mockRestore();
      network.kill();
    }
  });
});
