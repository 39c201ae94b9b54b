import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { PEER_PROTOCOL_VERSION } from "../../../src/protocol/peer/identity.ts";
import { startPeer, type TestPeer } from "./network-kit.ts";

const OTHER_VERSION = PEER_PROTOCOL_VERSION + 1;
const VERSION_MISMATCH = `peer protocol version ${OTHER_VERSION} there, ${PEER_PROTOCOL_VERSION} here`;

function challenge(version: number): string {
  return JSON.stringify({ type: "challenge", version, nonce: "n", withSecret: true });
}

async function get(
  port: number,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, text: await response.text() };
}

describe("who is let in", () => {
  it.each([
    { dialler: "one", answerer: "another", reason: "the dialler's peerSecret is another one" },
    { dialler: null, answerer: "a secret", reason: "node n2 has a peerSecret, node n1 has none" },
    { dialler: "a secret", answerer: null, reason: "node n1 has a peerSecret, node n2 has none" },
  ])("secret $dialler to secret $answerer: both say why not, once", async ({ dialler, answerer, reason }) => {
    const n1 = await startPeer("n1", { secret: dialler });
    const n2 = await startPeer("n2", { secret: answerer });
    n1.network.setTargets([n2.target]);
    for (const peer of [n1, n2]) expect((await peer.log("peer-refused")).reason).toContain(reason);
    expect((await n2.log("peer-refused")).from).toMatch(/^127\.0\.0\.1:\d+$/);
    n1.network.redialNow("n2");
    n1.network.probe(n2.target);
    expect((await n1.next("probed")).outcome).toEqual({ result: "reached", identity: null });
    expect(n1.logged.filter((line) => line.event === "peer-refused")).toHaveLength(1);
    expect(n1.count("linkUp") + n2.count("linkUp")).toBe(0);
  });

  it("a dialler goes on trying, and is let in once the right peer is there", async () => {
    const n1 = await startPeer("n1");
    const wrong = await startPeer("n2", { secret: "another" });
    n1.network.setTargets([wrong.target]);
    await n1.log("peer-refused");
    wrong.network.kill();
    const right = await startPeer("n2", { port: wrong.port });
    expect((await n1.next("linkUp")).peer).toEqual(right.identity);
  });

  it("a peer that is not the one that was dialled is refused", async () => {
    const [n1, n3] = [await startPeer("n1"), await startPeer("n3")];
    n1.network.setTargets([{ ...n3.target, id: "n2" }]);
    for (const peer of [n1, n3]) {
      expect((await peer.log("peer-refused")).reason).toContain("node n2 was dialled, this is node n3");
    }
  });

  it.each([
    { wrong: { version: OTHER_VERSION }, reason: VERSION_MISMATCH, peer: "node n1" },
    {
      wrong: { identity: { kind: "node", id: "n2", startId: "twin" } },
      reason: "the dialler calls itself node n2, as this one does",
      peer: "node n2",
    },
    {
      wrong: { target: { kind: "sentinel", id: "n2" } },
      reason: "sentinel n2 was dialled, this is node n2",
      peer: "node n1",
    },
  ])("a dialler is refused in words: $reason", async ({ wrong, reason, peer }) => {
    const n2 = await startPeer("n2", { secret: null });
    const hello = {
      type: "hello",
      version: PEER_PROTOCOL_VERSION,
      purpose: "link",
      identity: { kind: "node", id: "n1", startId: "x" },
      target: { kind: "node", id: "n2" },
      nonce: "n",
      proof: null,
    };
    const ws = new WebSocket(n2.target.url);
    const frames: unknown[] = [];
    ws.on("message", (data) => {
      if (frames.push(JSON.parse(String(data))) === 1) ws.send(JSON.stringify({ ...hello, ...wrong }));
    });
    const [code] = await once(ws, "close");
    expect(code).toBe(1008);
    expect(frames).toEqual([
      { type: "challenge", version: PEER_PROTOCOL_VERSION, nonce: expect.any(String), withSecret: false },
      { type: "refusal", reason },
    ]);
    expect(await n2.log("peer-refused")).toMatchObject({ peer, reason });
  });

  it("a hello that is none is refused", async () => {
    const n2 = await startPeer("n2", { secret: null });
    const ws = new WebSocket(n2.target.url);
    ws.once("message", () => ws.send('{"type":"hello"}'));
    const [code] = await once(ws, "close");
    expect(code).toBe(1008);
    expect((await n2.log("peer-refused")).reason).toBe("what was said breaks the peer handshake at version");
  });

  it("a target whose url is not valid is named in the log", async () => {
    const n1 = await startPeer("n1");
    n1.network.setTargets([{ kind: "node", id: "n2", url: "no url" }]);
    expect(await n1.log("peer-refused")).toMatchObject({ peer: "n2", url: "no url" });
  });

  it("a target's url that names a port for Redis clients is named in the log", async () => {
    const server = createServer((socket) => socket.end("-ERR unknown command 'GET'\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const n1 = await startPeer("n1");
    n1.network.setTargets([{ kind: "node", id: "n2", url: `ws://127.0.0.1:${port}` }]);
    expect((await n1.log("peer-refused")).reason).toContain("is it a port for clients, not a peer port?");
    await n1.network.close();
    server.close();
  });

  it("an answerer of another protocol version, or one that speaks nonsense, is refused", async () => {
    const first = [challenge(OTHER_VERSION), "nonsense"];
    const reasons = [VERSION_MISMATCH, "what was said is no peer protocol"];
    for (const [index, frame] of first.entries()) {
      const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
      server.on("connection", (ws) => ws.send(frame));
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      const n1 = await startPeer("n1");
      n1.network.setTargets([{ kind: "node", id: "n2", url: `ws://127.0.0.1:${port}` }]);
      expect((await n1.log("peer-refused")).reason).toContain(reasons[index]);
      await n1.network.close();
      for (const client of server.clients) client.terminate();
      server.close();
    }
  });

  it("an answerer that can't prove the secret is refused, though it repeats our own proof", async () => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    server.on("connection", (ws) => {
      ws.on("message", (data) => {
        const { proof, target } = JSON.parse(String(data));
        ws.send(JSON.stringify({ type: "welcome", identity: { ...target, startId: "fake" }, proof }));
      });
      ws.send(challenge(PEER_PROTOCOL_VERSION));
    });
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const n1 = await startPeer("n1");
    n1.network.setTargets([{ kind: "node", id: "n2", url: `ws://127.0.0.1:${port}` }]);
    expect((await n1.log("peer-refused")).reason).toContain("node n2 could not prove the peerSecret");
    expect(n1.count("linkUp")).toBe(0);
    await n1.network.close();
    server.close();
  });

  it("a hello can't be used a second time: the challenge is another one", async () => {
    const n2 = await startPeer("n2");
    const n1 = await startPeer("n1");
    // A relay records what n1 says to n2 and says it again.
    const relay = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await once(relay, "listening");
    const { port } = relay.address() as { port: number };
    const recorded = new Promise<string>((resolve) => {
      relay.on("connection", (ws) => {
        const onward = new WebSocket(n2.target.url);
        onward.on("message", (data) => ws.send(String(data)));
        ws.on("message", (data) => {
          resolve(String(data));
          onward.terminate();
        });
      });
    });
    n1.network.setTargets([{ ...n2.target, url: `ws://127.0.0.1:${port}` }]);
    const hello = await recorded;
    const replay = new WebSocket(n2.target.url);
    replay.once("message", () => replay.send(hello));
    await once(replay, "close");
    expect((await n2.log("peer-refused")).reason).toBe("the dialler's peerSecret is another one");
    expect(n2.count("linkUp")).toBe(0);
    await n1.network.close();
    for (const client of relay.clients) client.terminate();
    relay.close();
  });

  it("a browser is refused: an upgrade with an Origin gets 403", async () => {
    const n1 = await startPeer("n1", { secret: null });
    const ws = new WebSocket(n1.target.url, { origin: "https://example.org" });
    const [error] = await once(ws, "error");
    expect(error.message).toBe("Unexpected server response: 403");
    expect((await n1.log("peer-refused")).reason).toContain("Origin https://example.org");
  });

  it("a stranger that says nothing, or too much, is cut off", async () => {
    const impatient = await startPeer("n2", { limits: { handshakeMsMax: 50 } });
    const mute = connect(impatient.port, "127.0.0.1");
    await once(mute, "close");
    const n1 = await startPeer("n1", { limits: { unprovenBytesMax: 10_000 } });
    const loud = new WebSocket(n1.target.url);
    loud.on("error", () => {});
    loud.once("message", () => loud.send("x".repeat(1_000_000)));
    await once(loud, "close");
    expect((await n1.log("peer-refused")).reason).toBe("too many bytes before the handshake was done");
  });

  it("nor may one that has been refused send on while it is asked to close", async () => {
    const limits = { unprovenBytesMax: 10_000, handshakeMsMax: 600_000, closeMsMax: 600_000 };
    const n1 = await startPeer("n1", { limits });
    const deaf = new WebSocket(n1.target.url);
    deaf.on("error", () => {});
    const sendOn = (): void => deaf.send("x".repeat(1000), (error) => error ?? setImmediate(sendOn));
    deaf.once("message", () => {
      deaf.send("no hello");
      // It does not hear that it is asked to close.
      deaf.pause();
      sendOn();
    });
    await once(deaf, "close");
    expect((await n1.log("peer-refused")).reason).toBe("what was said is no peer protocol");
  });

  describe("where there is no room for more strangers", () => {
    const crowded = { limits: { unprovenConnectionsMax: 2, handshakeMsMax: 600_000 } };

    async function mute(port: number): Promise<Socket> {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    }

    /** It has been asked who it is, and says nothing. */
    async function asked({ target }: TestPeer): Promise<WebSocket> {
      const ws = new WebSocket(target.url);
      ws.on("error", () => {});
      await once(ws, "message");
      return ws;
    }

    async function letsPeerIn(n1: TestPeer): Promise<void> {
      const n2 = await startPeer("n2");
      n2.network.setTargets([n1.target]);
      await n2.next("linkUp");
    }

    it("the one that has been silent for longest gives way to a peer", async () => {
      const n1 = await startPeer("n1", crowded);
      const first = await mute(n1.port);
      const left = once(first, "close");
      const second = await mute(n1.port);
      await letsPeerIn(n1);
      await left;
      expect((await n1.log("peer-refused")).reason).toBe("2 connections without a proven peer");
      expect(second.readyState).toBe("open");
      second.destroy();
    });

    it("one that has spoken stays, if another has not", async () => {
      const n1 = await startPeer("n1", crowded);
      const first = await asked(n1);
      const second = await mute(n1.port);
      const left = once(second, "close");
      await letsPeerIn(n1);
      await left;
      expect(first.readyState).toBe(WebSocket.OPEN);
      first.terminate();
    });

    it("the oldest gives way, if all have spoken", async () => {
      const n1 = await startPeer("n1", crowded);
      const first = await asked(n1);
      const left = once(first, "close");
      const second = await asked(n1);
      await letsPeerIn(n1);
      await left;
      expect(second.readyState).toBe(WebSocket.OPEN);
      second.terminate();
    });
  });
});

describe("HTTP on the peer port", () => {
  it("serves health as 200 or 503, and metrics", async () => {
    const n1 = await startPeer("n1");
    expect(await get(n1.port, "/health")).toEqual({ status: 200, text: '{"role":"none"}\n' });
    n1.healthy = false;
    expect(await get(n1.port, "/health")).toEqual({ status: 503, text: '{"role":"none"}\n' });
    expect(await get(n1.port, "/metrics")).toEqual({ status: 200, text: "interrex_up 1\n" });
  });

  it("answers one request a connection, whatever is written behind it", async () => {
    const n1 = await startPeer("n1");
    const socket = connect({ host: "127.0.0.1", port: n1.port });
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    socket.write("GET /metrics HTTP/1.1\r\nHost: n1\r\n\r\n".repeat(100));
    await once(socket, "close");
    expect(n1.metricsAsked).toBe(1);
    expect(text.match(/interrex_up 1/g)).toHaveLength(1);
  });

  it("takes no orders", async () => {
    const n1 = await startPeer("n1");
    expect((await get(n1.port, "/health", { method: "POST" })).status).toBe(405);
    expect((await get(n1.port, "/")).status).toBe(404);
  });
});
