import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { startPeer, type TestPeer, turns } from "./network-kit.ts";

/** A prober that is paused while its connect is on its way, and the socket that has come of it at the other end. */
async function probeAndPause(probeMsMax: number): Promise<{ prober: TestPeer; socket: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const prober = await startPeer("s1", { kind: "sentinel", limits: { probeMsMax } });
  prober.network.probe({ kind: "node", id: "n1", url: `ws://127.0.0.1:${port}` });
  // The connect begins with the next tick; what comes of it waits for the end of the pause.
  await new Promise(process.nextTick);
  prober.network.pause();
  const [socket] = (await once(server, "connection")) as [Socket];
  return { prober, socket };
}

describe("probe", () => {
  it("is refused where nothing listens", async () => {
    const [prober, gone] = [await startPeer("s1", { kind: "sentinel" }), await startPeer("n1")];
    gone.network.kill();
    prober.network.probe(gone.target);
    expect(await prober.next("probed")).toEqual({
      what: "probed",
      target: gone.target,
      outcome: { result: "refused" },
    });
    prober.network.probe({ ...gone.target, url: gone.target.url.replace("127.0.0.1", "localhost") });
    expect((await prober.next("probed")).outcome).toEqual({ result: "refused" });
  });

  it("tells which process answers, and makes no link", async () => {
    const [prober, alive] = [await startPeer("s1", { kind: "sentinel" }), await startPeer("n1")];
    prober.network.probe(alive.target);
    const { outcome } = await prober.next("probed");
    expect(outcome).toEqual({ result: "reached", identity: alive.identity });
    expect(prober.count("linkUp") + alive.count("linkUp")).toBe(0);
  });

  it("reaches somebody it can't name when another peer answers or the secret differs", async () => {
    const [prober, alive] = [await startPeer("s1", { kind: "sentinel" }), await startPeer("n1")];
    prober.network.probe({ ...alive.target, id: "n2" });
    expect((await prober.next("probed")).outcome).toEqual({ result: "reached", identity: null });
    const stranger = await startPeer("n3", { secret: "another" });
    prober.network.probe(stranger.target);
    expect((await prober.next("probed")).outcome).toEqual({ result: "reached", identity: null });
  });

  it("is silent when the peer is paused, and the paused peer's kernel still accepts", async () => {
    const prober = await startPeer("s1", { kind: "sentinel", limits: { probeMsMax: 50 } });
    const [patient, paused] = [await startPeer("s2", { kind: "sentinel" }), await startPeer("n1")];
    paused.network.pause();
    prober.network.probe(paused.target);
    patient.network.probe(paused.target);
    expect((await prober.next("probed")).outcome).toEqual({ result: "silent" });
    expect(patient.count("probed")).toBe(0);
    paused.network.resume();
    expect((await patient.next("probed")).outcome).toMatchObject({ result: "reached" });
  });

  it("is silent when a partition is in between, and for a url that is no url", async () => {
    const prober = await startPeer("s1", { kind: "sentinel", limits: { probeMsMax: 50 } });
    const cutOff = await startPeer("n1");
    prober.network.setReachable((id) => id !== "n1");
    prober.network.probe(cutOff.target);
    expect((await prober.next("probed")).outcome).toEqual({ result: "silent" });
    prober.network.probe({ kind: "node", id: "n9", url: "no url" });
    expect((await prober.next("probed")).outcome).toEqual({ result: "silent" });
  });

  it("sends nothing into a partition that begins after the connect", async () => {
    const { prober, socket } = await probeAndPause(50);
    let bytes = 0;
    socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
    prober.network.setReachable(() => false);
    prober.network.resume();
    expect((await prober.next("probed")).outcome).toEqual({ result: "silent" });
    if (!socket.closed) await once(socket, "close");
    expect(bytes).toBe(0);
  });

  it("ends when the peer hangs up before anything was said, though this process was paused meanwhile", async () => {
    const { prober, socket } = await probeAndPause(1_000_000);
    socket.destroy();
    await turns();
    prober.network.resume();
    expect((await prober.next("probed")).outcome).toEqual({ result: "silent" });
  });

  it("too many at once are silent, not queued", async () => {
    const prober = await startPeer("s1", { kind: "sentinel", limits: { probesMax: 1, probeMsMax: 50 } });
    const paused = await startPeer("n1");
    paused.network.pause();
    prober.network.probe(paused.target);
    prober.network.probe({ ...paused.target, id: "second" });
    expect((await prober.next("probed")).target.id).toBe("second");
    expect((await prober.next("probed")).target.id).toBe("n1");
  });
});
