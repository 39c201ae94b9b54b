import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { refuseSelf } from "../../../src/io/peer/self-connection.ts";
import { freePort } from "../../free-port.ts";
import { startPeer } from "./network-kit.ts";

async function connected(port: number, localPort?: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, ...(localPort === undefined ? {} : { localPort }) });
  await once(socket, "connect");
  return socket;
}

async function listenOn(port: number): Promise<void> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
  await once(server, "close");
}

/** Linux hands out odd ones; somebody may have the even one before. */
async function freeEvenPort(): Promise<number> {
  for (;;) {
    const port = ((await freePort()) >> 1) << 1;
    const failure = await listenOn(port).catch((error: NodeJS.ErrnoException) => error);
    if (failure === undefined) return port;
    if (failure.code !== "EADDRINUSE") throw failure;
  }
}

describe("a connection that has met itself", () => {
  it("is a refused one, and leaves its port to who is to listen there", async () => {
    const port = await freePort();
    const socket = await connected(port, port);
    expect(refuseSelf(socket)).toMatchObject({ code: "ECONNREFUSED" });
    await once(socket, "close");
    await listenOn(port);
  });

  it("is none where somebody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const socket = await connected(port);
    expect(refuseSelf(socket)).toBeNull();
    expect(socket.destroyed).toBe(false);
    socket.destroy();
    server.close();
    await once(server, "close");
  });

  // Linux gives one even port after the other to who connects: before it begins anew, one dial has met itself.
  it.runIf(process.platform === "linux")("is never taken for a peer", { timeout: 120_000 }, async () => {
    const port = await freeEvenPort();
    const prober = await startPeer("s1", { kind: "sentinel" });
    const target = { kind: "node", id: "n1", url: `ws://127.0.0.1:${port}` } as const;
    const outcomes = new Map<string, number>();
    for (let dials = 0; dials < 16_000; dials++) {
      prober.network.probe(target);
      const { result } = (await prober.next("probed")).outcome;
      outcomes.set(result, (outcomes.get(result) ?? 0) + 1);
    }
    expect([...outcomes]).toEqual([["refused", 16_000]]);
    await listenOn(port);
  });
});
