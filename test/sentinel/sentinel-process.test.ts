/** What one sentinel process does for its clients and its owner, from its start to its end. */
import { once } from "node:events";
import net from "node:net";
import { Redis } from "ioredis";
import { describe, expect, it, vi } from "vitest";
import type { SentinelProcess } from "../../sentinel/sentinel-process.ts";
import { InvariantError } from "../../src/base/errors.ts";
import { SystemClock } from "../../src/io/clock.ts";
import { RawClient } from "../io/redis/redis-harness.ts";
import { processFixture } from "./process-fixture.ts";

const INFO = "INFO\r\n";

const { start, lines, failures } = processFixture();

/** Replies to INFO in it. */
function count(text: string): number {
  return text.split("# Server").length - 1;
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

/** Long enough for an answer to have come, if one were to come. */
async function fetchFails({ peerAddress }: SentinelProcess): Promise<void> {
  const request = fetch(`http://${peerAddress.host}:${peerAddress.port}/health`, {
    signal: AbortSignal.timeout(50),
  });
  await expect(request).rejects.toThrow();
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
