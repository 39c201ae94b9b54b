/** Clients that send more than the node can run at once, on real sockets. */
import { describe, expect, it } from "vitest";
import { RawClient } from "../io/redis/redis-harness.ts";
import { AskingClient, startLoneMaster } from "./lone-master.ts";

const COUNT = 100_000;
const PIPELINE: string = "INCR n\r\n".repeat(COUNT);

/** What the replies to the whole pipeline are. */
function allReplies(): string {
  let text = "";
  for (let i = 1; i <= COUNT; i++) text += `:${i}\r\n`;
  return text;
}

/** Bytes of the client's commands that have not been run yet, as another one sees it. */
async function queryBytes(other: AskingClient, name: string): Promise<number> {
  const line = (await other.ask("CLIENT LIST")).split("\n").find((each) => each.includes(` name=${name} `));
  return Number(/ qbuf=(\d+)/.exec(line ?? "")?.[1] ?? 0);
}

/** A node, a client whose whole pipeline is on hold there, and another that can let it go on. */
async function held(end = ""): Promise<{
  node: Awaited<ReturnType<typeof startLoneMaster>>;
  loader: RawClient;
  other: AskingClient;
}> {
  const node = await startLoneMaster();
  const loader = await RawClient.open(node.address.port);
  const other = await AskingClient.open(node);
  loader.send("CLIENT SETNAME loader\r\n");
  await loader.receives("+OK\r\n".length);
  loader.received = "";
  expect(await other.ask("CLIENT PAUSE 1000000 WRITE")).toBe("+OK");
  loader.send(PIPELINE + end);
  // The first command has left the buffer: it is what waits.
  const waiting = PIPELINE.length + end.length - "INCR n\r\n".length;
  while ((await queryBytes(other, "loader")) < waiting);
  return { node, loader, other };
}

describe("a long pipeline that was on hold", () => {
  it("lets others in between, and is run once and in order", async () => {
    const { loader, other } = await held();
    await other.ask("CLIENT UNPAUSE");
    const seen: number[] = [];
    while (seen.at(-1) !== COUNT) seen.push(Number(await other.ask("GET n")));
    expect(seen.filter((n) => n > 0 && n < COUNT).length).toBeGreaterThan(2);
    const replies = allReplies();
    expect((await loader.receives(replies.length)) === replies).toBe(true);
  });

  it("is answered before the protocol error at its end", async () => {
    const { loader, other } = await held("*x\r\n");
    await other.ask("CLIENT UNPAUSE");
    await loader.closed();
    expect(loader.received === `${allReplies()}-ERR Protocol error: invalid multibulk length\r\n`).toBe(true);
  });

  it("ends with its client: nothing of the rest is run", async () => {
    const { loader, other } = await held();
    await other.ask("CLIENT UNPAUSE");
    expect(Number(await other.ask("GET n"))).toBeLessThan(COUNT);
    await other.ask("CLIENT KILL TYPE normal SKIPME yes");
    await loader.closed();
    const reached = Number(await other.ask("GET n"));
    expect(reached).toBeLessThan(COUNT);
    await other.ask("PING");
    expect(Number(await other.ask("GET n"))).toBe(reached);
  });

  it("goes on after the node has stood still in its midst", async () => {
    const { node, loader, other } = await held();
    await other.ask("CLIENT UNPAUSE");
    expect(Number(await other.ask("GET n"))).toBeLessThan(COUNT);
    node.pause();
    // A turn that finds the node standing still.
    await new Promise((resolve) => setImmediate(resolve));
    node.resume();
    const replies = allReplies();
    expect((await loader.receives(replies.length)) === replies).toBe(true);
  });
});

describe("a client that sends on and on", () => {
  it("has no more of its commands run once it is over its limit of output", async () => {
    const node = await startLoneMaster();
    const other = await AskingClient.open(node);
    await other.ask("SETRANGE big 4500000 x");
    expect(await other.ask(`CONFIG SET client-output-buffer-limit "normal 10000000 0 0"`)).toBe("+OK");
    const loader = await RawClient.open(node.address.port);
    loader.socket.pause();
    loader.send("GET big\r\n".repeat(100));
    // Enough that the kernel's buffers, which count for no limit, do not matter.
    await expect
      .poll(async () => (await other.ask("CLIENT LIST")).split("\n").filter(Boolean).length)
      .toBe(1);
    const statistics = await other.ask("INFO commandstats");
    expect(Number(/cmdstat_get:calls=(\d+)/.exec(statistics)?.[1])).toBeLessThan(8);
  });

  it("is read no faster than its commands are run", async () => {
    const node = await startLoneMaster();
    const loader = await RawClient.open(node.address.port);
    const other = await AskingClient.open(node);
    loader.send(`CLIENT SETNAME loader\r\n${PIPELINE}`);
    const seen: number[] = [];
    while (Number(await other.ask("GET n")) < COUNT || seen.length === 0) {
      seen.push(await queryBytes(other, "loader"));
    }
    expect(Math.max(...seen)).toBeGreaterThan(0);
    expect(Math.max(...seen)).toBeLessThan(PIPELINE.length / 4);
    const replies = `+OK\r\n${allReplies()}`;
    expect((await loader.receives(replies.length)) === replies).toBe(true);
  });

  it("and then closes its side is answered in full", async () => {
    const node = await startLoneMaster();
    const loader = await RawClient.open(node.address.port);
    loader.socket.end(PIPELINE);
    await loader.closed();
    expect(loader.received === allReplies()).toBe(true);
    expect(loader.errorCode).toBeUndefined();
  });
});

describe("a client that closes its side", () => {
  it("is closed at once when it is idle", async () => {
    const node = await startLoneMaster();
    const client = await RawClient.open(node.address.port);
    client.socket.end();
    await client.closed();
    expect(client.received).toBe("");
  });

  it("is closed at once when it is blocked, and takes nothing any more", async () => {
    const node = await startLoneMaster();
    const other = await AskingClient.open(node);
    const client = await RawClient.open(node.address.port);
    client.socket.end("SET a b\r\nBLPOP queue 0\r\n");
    await client.closed();
    expect(client.received).toBe("+OK\r\n");
    expect(await other.ask("RPUSH queue job")).toBe(":1");
    expect(await other.ask("LLEN queue")).toBe(":1");
  });

  it.each(["BLPOP queue 0", "BZPOPMIN queue 0", "XREAD BLOCK 0 STREAMS queue $", "WAIT 3 0"])(
    "is closed when it has been blocked for a while (%s), and what it sent behind is not run",
    async (command) => {
      const node = await startLoneMaster();
      const other = await AskingClient.open(node);
      const isBlocked = async (): Promise<boolean> =>
        (await other.ask("INFO clients")).includes("blocked_clients:1\r\n");
      const client = await RawClient.open(node.address.port);
      client.send(`${command}\r\nSET behind 1\r\n`);
      await expect.poll(isBlocked).toBe(true);
      client.socket.end("SET behind 2\r\n");
      await client.closed();
      expect([client.received, client.errorCode]).toEqual(["", undefined]);
      expect(await isBlocked()).toBe(false);
      expect(await other.ask("EXISTS behind")).toBe(":0");
      expect(await other.ask("RPUSH queue job")).toBe(":1");
      expect(await other.ask("LLEN queue")).toBe(":1");
    },
  );

  it("is closed at once when its command is on hold, which is not run", async () => {
    const node = await startLoneMaster();
    const other = await AskingClient.open(node);
    await other.ask("CLIENT PAUSE 1000000 WRITE");
    const client = await RawClient.open(node.address.port);
    client.socket.end("SET a b\r\n");
    await client.closed();
    expect(client.received).toBe("");
    await other.ask("CLIENT UNPAUSE");
    expect(await other.ask("EXISTS a")).toBe(":0");
  });
});
