import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { HostPort } from "../../cli/flags.ts";
import { askSentinel, orderSentinel } from "../../cli/sentinel-client.ts";

const TIMEOUT_MS = 500;
const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** Says what `answer` makes of each command, told by its last word; nothing for `null`. */
async function sentinelThat(
  answer: (word: string) => string | null,
): Promise<HostPort & { heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("data", (data) => {
      for (const command of data.toString().split(/(?=\*\d+\r\n)/)) {
        const word = command.split("\r\n").at(-2) ?? "";
        heard.push(word);
        const reply = answer(word);
        if (reply !== null) socket.write(reply);
      }
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port, heard };
}

const silent = () => sentinelThat(() => null);
/** Answers PING alone. */
const hung = () => sentinelThat((word) => (word === "ping" ? "+PONG\r\n" : null));
const healthy = () => sentinelThat((word) => (word === "ping" ? "+PONG\r\n" : "+fine\r\n"));

describe("a question", () => {
  it.each([
    ["accepts and stays silent", silent],
    ["hangs after PING", hung],
  ])("goes on to the next sentinel when one %s", async (_, start) => {
    const [bad, good] = [await start(), await healthy()];
    const flags = { sentinel: [bad, good], group: "g" };
    expect(await askSentinel(flags, ["STATUS", "g"], TIMEOUT_MS)).toEqual({ from: good, value: "fine" });
  });

  it("is not held up by a sentinel that is silent about the password", async () => {
    const [bad, good] = [await silent(), await healthy()];
    const flags = { sentinel: [bad, good], group: "g", password: "sesame" };
    expect((await askSentinel(flags, ["STATUS", "g"], TIMEOUT_MS)).from).toBe(good);
  });

  it("is answered with why none answers", async () => {
    const bad = await silent();
    const flags = { sentinel: [bad], group: "g" };
    await expect(askSentinel(flags, ["STATUS", "g"], TIMEOUT_MS)).rejects.toThrow(
      `No sentinel answers (127.0.0.1:${bad.port}: Command timed out)`,
    );
  });

  it("to a peer port is answered with where the port for clients is", async () => {
    const peers = createHttpServer().listen(0, "127.0.0.1");
    servers.push(peers);
    await once(peers, "listening");
    const { port } = peers.address() as AddressInfo;
    const flags = { sentinel: [{ host: "127.0.0.1", port }], group: "g" };
    for (const password of [{}, { password: "sesame" }]) {
      await expect(askSentinel({ ...flags, ...password }, ["STATUS", "g"], TIMEOUT_MS)).rejects.toThrow(
        `(127.0.0.1:${port}: this is no Redis port; is it a peer port? Those are 10000 above the ports for clients)`,
      );
    }
  });
});

describe("an order", () => {
  const limits = { answerMs: TIMEOUT_MS, orderMs: TIMEOUT_MS };

  it("goes to the next sentinel when one accepts and stays silent", async () => {
    const [bad, good] = [await silent(), await healthy()];
    const flags = { sentinel: [bad, good], group: "g" };
    expect((await orderSentinel(flags, ["FAILOVER", "g"], limits)).from).toBe(good);
    expect(bad.heard).toEqual(["ping"]);
  });

  it("that is refused shows the sentinel's words, without the code that is for programs", async () => {
    const sentinel = await sentinelThat((word) =>
      word === "ping" ? "+PONG\r\n" : "-NOGOODSLAVE No suitable replica to promote: n2 is held down\r\n",
    );
    const flags = { sentinel: [sentinel], group: "g" };
    await expect(orderSentinel(flags, ["FAILOVER", "g"], limits)).rejects.toThrow(
      new RegExp(`^127\\.0\\.0\\.1:${sentinel.port}: No suitable replica to promote: n2 is held down$`),
    );
  });

  it("is never given twice: it may have been carried out", async () => {
    const [bad, good] = [await hung(), await healthy()];
    const flags = { sentinel: [bad, good], group: "g" };
    await expect(orderSentinel(flags, ["FAILOVER", "g"], limits)).rejects.toThrow(
      "has the order, but no answer came",
    );
    expect(good.heard).toEqual([]);
  });
});
