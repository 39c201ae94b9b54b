import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import type { Epoch } from "../../../src/base/ids.ts";
import { beat, startLinked, startPeer, turns } from "./network-kit.ts";

describe("a paused process", () => {
  it("hears nothing until it resumes, then everything in order", async () => {
    const { dialler, answerer, diallerLink } = await startLinked();
    answerer.network.pause();
    for (let i = 1; i <= 100; i++) dialler.network.send(diallerLink, beat(i));
    await turns();
    expect(answerer.count("message")).toBe(0);
    expect(dialler.count("linkDown")).toBe(0);
    answerer.network.resume();
    for (let i = 1; i <= 100; i++) expect((await answerer.next("message")).message).toEqual(beat(i));
  });

  it("reads nothing: what is sent to it piles up at the sender", async () => {
    const { dialler, answerer, answererLink } = await startLinked();
    dialler.network.pause();
    const bytes = Buffer.alloc(64 * 1024 * 1024);
    answerer.network.send(answererLink, { type: "snapshotChunk", epoch: 1 as Epoch, last: true, bytes });
    await turns(200);
    expect(answerer.network.bufferedBytes(answererLink)).toBeGreaterThan(bytes.length / 2);
    dialler.network.resume();
    const { message } = await dialler.next("message");
    expect(message.type === "snapshotChunk" && message.bytes.length).toBe(bytes.length);
  });

  it("sends nothing that it had not yet written, until it resumes", async () => {
    const { dialler, answerer, diallerLink } = await startLinked();
    dialler.network.send(diallerLink, beat(1));
    dialler.network.pause();
    await turns();
    expect(answerer.count("message")).toBe(0);
    dialler.network.resume();
    expect((await answerer.next("message")).message).toEqual(beat(1));
  });

  it("learns of a peer's death only when it resumes", async () => {
    const { dialler, answerer } = await startLinked();
    dialler.network.pause();
    answerer.network.kill();
    await turns();
    expect(dialler.count("linkDown")).toBe(0);
    dialler.network.resume();
    await dialler.next("linkDown");
  });

  it("lets peers dial in vain, and in once it resumes", async () => {
    const [dialler, paused] = [await startPeer("n1"), await startPeer("n2")];
    paused.network.pause();
    dialler.network.setTargets([paused.target]);
    await turns();
    expect(dialler.count("linkUp")).toBe(0);
    paused.network.resume();
    await dialler.next("linkUp");
    await paused.next("linkUp");
  });

  it("dials nobody until it resumes", async () => {
    const [dialler, answerer] = [await startPeer("n1"), await startPeer("n2")];
    dialler.network.pause();
    dialler.network.setTargets([answerer.target]);
    await turns();
    expect(answerer.count("linkUp")).toBe(0);
    dialler.network.resume();
    await dialler.next("linkUp");
  });

  it("can be killed, and then tells nothing any more", async () => {
    const { dialler, answerer, diallerLink } = await startLinked();
    answerer.network.pause();
    dialler.network.send(diallerLink, beat(1));
    await turns();
    answerer.network.kill();
    await dialler.next("linkDown");
    answerer.network.resume();
    await turns();
    expect(answerer.told.map((each) => each.what)).toEqual(["linkUp"]);
  });
});

describe("a partition", () => {
  it("drops frames silently, and heals by a fresh link", async () => {
    const { dialler, answerer, diallerLink, answererLink } = await startLinked();
    dialler.network.setReachable((id) => id !== "n2");
    answerer.network.setReachable((id) => id !== "n1");
    dialler.network.send(diallerLink, beat(1));
    answerer.network.send(answererLink, beat(2));
    await turns();
    expect(dialler.count("linkDown") + answerer.count("linkDown")).toBe(0);
    dialler.network.setReachable(() => true);
    answerer.network.setReachable(() => true);
    await dialler.next("linkDown");
    const { link } = await dialler.next("linkUp");
    expect(link).not.toBe(diallerLink);
    dialler.network.send(link, beat(3));
    expect((await answerer.next("message")).message).toEqual(beat(3));
    expect(answerer.count("message") + dialler.count("message")).toBe(1);
  });

  it("drops what comes in, even when only the receiver knows of the partition", async () => {
    const { dialler, answerer, diallerLink } = await startLinked();
    answerer.network.setReachable(() => false);
    dialler.network.send(diallerLink, beat(1));
    await turns();
    expect(answerer.count("message")).toBe(0);
    answerer.network.setReachable(() => true);
    await answerer.next("linkDown");
    await dialler.next("linkDown");
  });

  it("drops what goes out, even when only the sender knows of the partition", async () => {
    const { dialler, answerer, diallerLink } = await startLinked();
    dialler.network.setReachable(() => false);
    dialler.network.send(diallerLink, beat(1));
    await turns();
    expect(answerer.count("message")).toBe(0);
    dialler.network.setReachable(() => true);
    await dialler.next("linkDown");
    await answerer.next("linkDown");
  });

  it("that loses no frame leaves the link as it is", async () => {
    const { dialler, answerer, diallerLink } = await startLinked();
    dialler.network.setReachable(() => false);
    dialler.network.setReachable(() => true);
    dialler.network.send(diallerLink, beat(1));
    expect((await answerer.next("message")).message).toEqual(beat(1));
    expect(dialler.count("linkDown")).toBe(0);
  });

  it("hides the death of a peer until it heals", async () => {
    const { dialler, answerer } = await startLinked();
    dialler.network.setReachable((id) => id !== "n2");
    answerer.network.kill();
    await turns();
    expect(dialler.count("linkDown")).toBe(0);
    dialler.network.setReachable(() => true);
    await dialler.next("linkDown");
  });

  it("makes dials hang on either side, and lets them through when it heals", async () => {
    const [dialler, answerer] = [await startPeer("n1"), await startPeer("n2")];
    dialler.network.setReachable(() => false);
    answerer.network.setReachable(() => false);
    dialler.network.setTargets([answerer.target]);
    await turns();
    dialler.network.setReachable(() => true);
    await turns();
    expect(dialler.count("linkUp") + answerer.count("linkUp")).toBe(0);
    answerer.network.setReachable(() => true);
    await dialler.next("linkUp");
    await answerer.next("linkUp");
  });

  it("does not touch links to others", async () => {
    const { dialler, answerer, diallerLink } = await startLinked();
    dialler.network.setReachable((id) => id === "n2");
    dialler.network.send(diallerLink, beat(1));
    expect((await answerer.next("message")).message).toEqual(beat(1));
  });
});

describe("a link over which nothing comes", () => {
  it("ends after some looks for a sign of life, while another without any message stays", async () => {
    const limits = { lifeEveryMs: 20 };
    const dialler = await startPeer("n1", { limits });
    const [silent, quiet] = [await startPeer("n2", { limits }), await startPeer("n3", { limits })];
    dialler.network.setTargets([silent.target, quiet.target]);
    for (const peer of [silent, quiet]) await peer.next("linkUp");
    silent.network.pause();
    expect((await dialler.next("linkDown")).peer.id).toBe("n2");
    expect(await dialler.log("peer-silent")).toMatchObject({ peer: "n2" });
    silent.network.resume();
    await silent.next("linkDown");
    await silent.next("linkUp");
    // As many looks again, and more.
    silent.network.pause();
    await dialler.next("linkUp");
    expect((await dialler.next("linkDown")).peer.id).toBe("n2");
    expect(dialler.logged.filter(({ event, peer }) => event === "peer-silent" && peer === "n3")).toEqual([]);
    expect(quiet.count("linkDown")).toBe(0);
  });

  it("is given signs of life, but none where messages go", async () => {
    const patient = { limits: { lifeEveryMs: 1_000_000 } };
    // The busy one never answers.
    const dialler = await startPeer("n1", { limits: { lifeEveryMs: 20, silentLooksMax: 1_000_000 } });
    const [quiet, busy] = [await startPeer("n2", patient), await startPeer("n3", patient)];
    dialler.network.setTargets([quiet.target, busy.target]);
    const links = [await dialler.next("linkUp"), await dialler.next("linkUp")];
    const busyLink = links.find(({ peer }) => peer.id === "n3")?.link ?? 0;
    const signs = vi.spyOn(WebSocket.prototype, "ping");
    const sending = setInterval(() => dialler.network.send(busyLink, beat(1)), 1);
    onTestFinished(() => {
      clearInterval(sending);
      signs.mockRestore();
    });
    while (signs.mock.calls.length < 5) await turns();
    expect(new Set(signs.mock.contexts).size).toBe(1);
    expect(busy.count("message")).toBeGreaterThan(0);
  });
});
