import { describe, expect, it } from "vitest";
import type { Epoch, Offset } from "../../../src/base/ids.ts";
import type { PeerMessage } from "../../../src/protocol/peer/codec.ts";
import { beat, startLinked, startPeer } from "./network-kit.ts";

function records(frame: number, bytes: Buffer): PeerMessage {
  return {
    type: "records",
    epoch: 1 as Epoch,
    frame,
    previous: { epoch: 1 as Epoch, offset: frame as Offset },
    commit: 0 as Offset,
    wantsAck: false,
    bytes,
  };
}

/** Comparing large buffers element by element would take seconds. */
function shortOf(message: PeerMessage): unknown {
  return "bytes" in message ? { ...message, bytes: message.bytes.toString("base64") } : message;
}

describe("a peer port", () => {
  it.each<[string, string | null, boolean]>([
    ["0.0.0.0", null, true],
    ["0.0.0.0", "a secret", false],
    ["127.0.0.1", null, false],
  ])("on %s with the secret %s is open to strangers, and says so: %s", async (host, secret, open) => {
    const { logged } = await startPeer("n1", { host, secret });
    const warnings = logged.filter(({ event }) => event === "peer-port-open");
    expect(warnings).toHaveLength(open ? 1 : 0);
    for (const { msg } of warnings) expect(msg).toContain("set peerSecret");
  });
});

describe("peer links", () => {
  it.each(["a secret", null])("both sides learn who the other is (secret: %s)", async (secret) => {
    const { dialler, answerer } = await startLinked({ secret });
    expect(dialler.told).toEqual([
      { what: "linkUp", link: expect.any(Number), peer: answerer.identity, dialled: true },
    ]);
    expect(answerer.told).toEqual([
      { what: "linkUp", link: expect.any(Number), peer: dialler.identity, dialled: false },
    ]);
  });

  it("messages of every frame kind arrive in the order of sending, both ways", async () => {
    const { dialler, answerer, diallerLink, answererLink } = await startLinked();
    const sent: PeerMessage[] = [];
    for (let i = 1; i <= 500; i++) {
      sent.push(beat(i), records(i, Buffer.from(`record ${i}`)));
      if (i % 100 === 0) sent.push(records(i, Buffer.alloc(200_000, i)));
    }
    for (const message of sent) {
      answerer.network.send(answererLink, message);
      dialler.network.send(diallerLink, message);
    }
    for (const peer of [dialler, answerer]) {
      for (const message of sent)
        expect(shortOf((await peer.next("message")).message)).toEqual(shortOf(message));
    }
  });

  it("what is sent in one turn stays buffered until its end, or until it is flushed", async () => {
    const { dialler, answerer, diallerLink } = await startLinked();
    dialler.network.send(diallerLink, beat(1));
    dialler.network.send(diallerLink, beat(2));
    expect(dialler.network.bufferedBytes(diallerLink)).toBeGreaterThan(0);
    dialler.network.flush();
    expect(dialler.network.bufferedBytes(diallerLink)).toBe(0);
    dialler.network.send(diallerLink, beat(3));
    for (const epoch of [1, 2, 3]) expect((await answerer.next("message")).message).toEqual(beat(epoch));
  });

  it("a killed peer is seen at once, and only once", async () => {
    const { dialler, answerer, answererLink, diallerLink } = await startLinked();
    answerer.network.kill();
    expect((await dialler.next("linkDown")).link).toBe(diallerLink);
    dialler.network.send(diallerLink, beat(1));
    expect(dialler.network.bufferedBytes(diallerLink)).toBe(0);
    answerer.network.send(answererLink, beat(1));
    await dialler.network.close();
    expect(dialler.count("linkDown")).toBe(1);
    expect(answerer.count("linkDown")).toBe(0);
  });

  it("a killed dialler is seen at once", async () => {
    const { dialler, answerer, answererLink } = await startLinked();
    dialler.network.kill();
    expect((await answerer.next("linkDown")).link).toBe(answererLink);
  });

  it("a kept link comes back after the peer's restart, with its new process", async () => {
    const { dialler, answerer, diallerLink } = await startLinked();
    answerer.network.kill();
    await dialler.next("linkDown");
    const again = await startPeer("n2", { port: answerer.port, startId: "second life" });
    const up = await dialler.next("linkUp");
    expect(up.peer).toEqual(again.identity);
    expect(up.link).not.toBe(diallerLink);
  });

  it("a redial that is asked for does not wait for the back-off", async () => {
    const limits = { redialMsMin: 600_000, redialMsMax: 600_000 };
    const { dialler, answerer } = await startLinked({ limits });
    answerer.network.kill();
    await dialler.next("linkDown");
    const again = await startPeer("n2", { port: answerer.port });
    dialler.network.redialNow("n2");
    expect((await dialler.next("linkUp")).peer).toEqual(again.identity);
  });

  it("targets that are left out are closed, new ones dialled, a changed url dialled anew", async () => {
    const dialler = await startPeer("n1");
    const [n2, n3] = [await startPeer("n2"), await startPeer("n3")];
    dialler.network.setTargets([dialler.target, n2.target]);
    await dialler.next("linkUp");
    dialler.network.setTargets([n3.target]);
    await n2.next("linkUp");
    await n2.next("linkDown");
    expect((await dialler.next("linkUp")).peer.id).toBe("n3");
    const moved = await startPeer("n3", { startId: "moved" });
    dialler.network.setTargets([moved.target]);
    await n3.next("linkUp");
    await n3.next("linkDown");
    expect((await dialler.next("linkUp")).peer).toEqual(moved.identity);
    expect(dialler.count("linkUp")).toBe(3);
  });

  it("a link that is closed ends on both sides, after what was sent", async () => {
    const { dialler, answerer, answererLink } = await startLinked();
    answerer.network.send(answererLink, beat(1));
    answerer.network.closeLink(answererLink);
    expect(answerer.count("linkDown")).toBe(0);
    expect((await dialler.next("message")).message).toEqual(beat(1));
    await dialler.next("linkDown");
    expect((await answerer.next("linkDown")).link).toBe(answererLink);
  });

  it("a second link of the same process replaces the first, which is told first", async () => {
    const { answerer, answererLink } = await startLinked();
    const again = await startPeer("n1");
    again.network.setTargets([answerer.target]);
    expect((await answerer.next("linkDown")).link).toBe(answererLink);
    expect((await answerer.next("linkUp")).peer).toEqual(again.identity);
  });

  it("of two processes under one id the first stays as long as it runs; the other is told why it has to wait", async () => {
    const { dialler, answerer, answererLink } = await startLinked();
    const twin = await startPeer("n1", { startId: "twin" });
    twin.network.setTargets([answerer.target]);
    for (const peer of [twin, answerer]) {
      const { reason } = await peer.log("peer-refused");
      expect(reason).toContain("another process is linked as node n1, and runs: stop the one");
    }
    twin.network.probe(answerer.target);
    expect((await twin.next("probed")).outcome).toEqual({ result: "reached", identity: answerer.identity });
    expect(answerer.count("linkDown")).toBe(0);
    dialler.network.kill();
    expect((await answerer.next("linkDown")).link).toBe(answererLink);
    expect((await answerer.next("linkUp")).peer).toEqual(twin.identity);
  });

  it("a process that gives no sign of life gives way to another one under its id", async () => {
    const { dialler, answerer, answererLink } = await startLinked({
      limits: { lifeEveryMs: 20, silentLooksMax: 1_000_000 },
    });
    dialler.network.pause();
    const again = await startPeer("n1", { startId: "second life" });
    again.network.setTargets([answerer.target]);
    expect((await answerer.next("linkDown")).link).toBe(answererLink);
    expect((await answerer.next("linkUp")).peer).toEqual(again.identity);
  });

  it("a peer that reads too slowly is let go", async () => {
    const { dialler, answerer, answererLink } = await startLinked({
      limits: { bufferedBytesMax: 1_000_000 },
    });
    dialler.network.pause();
    const body = Buffer.alloc(1_000_000);
    for (let i = 1; i <= 40; i++) answerer.network.send(answererLink, records(i, body));
    await answerer.next("linkDown");
    expect((await answerer.log("peer-let-go")).peer).toBe("n1");
  });

  it("a frame above the receiver's limit closes the link and is named in its log", async () => {
    const answerer = await startPeer("n2", { limits: { controlBytesMax: 50_000, binaryBytesMax: 50_000 } });
    const dialler = await startPeer("n1");
    dialler.network.setTargets([answerer.target]);
    const { link } = await dialler.next("linkUp");
    dialler.network.send(link, records(1, Buffer.alloc(60_000)));
    await answerer.next("linkDown");
    await dialler.next("linkDown");
    const line = await answerer.log("peer-frame-refused");
    expect(line).toMatchObject({ peer: "n1", err: { message: "Max payload size exceeded" } });
  });

  it("publications above the limit are left out; any other message above it closes the link", async () => {
    const { dialler, answerer, diallerLink } = await startLinked({ limits: { controlBytesMax: 1000 } });
    const published = [{ channel: "c", message: "x".repeat(1000) }];
    dialler.network.send(diallerLink, { type: "publications", published });
    dialler.network.send(diallerLink, beat(1));
    expect((await answerer.next("message")).message).toEqual(beat(1));
    dialler.network.send(diallerLink, {
      type: "syncRefused",
      epoch: 1 as Epoch,
      requested: 1 as Epoch,
      reason: "x".repeat(1000),
    });
    await dialler.next("linkDown");
    await answerer.next("linkDown");
    expect(answerer.count("message")).toBe(1);
  });

  it("a port in use is an error that says so", async () => {
    const first = await startPeer("n1");
    await expect(startPeer("n2", { port: first.port })).rejects.toMatchObject({
      code: "PEER_PORT_UNAVAILABLE",
      message: expect.stringContaining(`127.0.0.1:${first.port}`),
    });
  });
});
