import { expect, it } from "vitest";
import { startLinked, startPeer } from "./network-kit.ts";

// In a file of its own, and so in a process of its own: it looks at all sockets. Timers are the test runner's too.
function openSockets(): string[] {
  return process.getActiveResourcesInfo().filter((each) => each.startsWith("TCP"));
}

it("closing tells every end and leaves no socket open", async () => {
  const before = openSockets();
  const { dialler, answerer } = await startLinked();
  const third = await startPeer("n3");
  third.network.setTargets([{ kind: "node", id: "gone", url: "ws://127.0.0.1:1" }, answerer.target]);
  await third.next("linkUp");
  third.network.probe(answerer.target);
  await third.next("probed");
  const all = [dialler, answerer, third];
  await Promise.all(all.map((peer) => peer.network.close()));
  for (const peer of all) expect(peer.count("linkDown")).toBe(peer.count("linkUp"));
  expect(openSockets()).toEqual(before);
});

it("closing while paused, or twice, ends as well", async () => {
  const { dialler, answerer } = await startLinked();
  dialler.network.pause();
  await Promise.all([dialler.network.close(), dialler.network.close()]);
  await answerer.next("linkDown");
  expect(dialler.count("linkDown")).toBe(1);
});
