import { expect, test } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { EventQueue } from "./event-queue.ts";
import { type Connection, Network } from "./network.ts";
import { SimProcess } from "./sim-process.ts";

const LIMITS = { latencyMsMin: 0.05, latencyMsMax: 0.3 };
const PACKETS = 60;

function started(id: string, index: number): SimProcess {
  const process = new SimProcess(id, index, { rate: 1, monoZeroMs: 0, wallSkewMs: 0 });
  process.begin();
  return process;
}

/** @returns the numbers that arrived of those sent one after the other, over a bad cable that is cut now and then. */
function sendThroughCuts(seed: number): number[] {
  const randomness = new SeededRandomness(seed);
  const queue = new EventQueue();
  const network = new Network(queue, randomness, LIMITS);
  const [a, b] = [started("a", 0), started("b", 1)];
  const arrived: number[] = [];
  let toB: Connection<number> | null = null;
  network.dial<number>(a, b, {
    timeoutMs: 100,
    accept: () => ({ message: (packet) => arrived.push(packet), down: () => {} }),
    connected: (connection) => {
      toB = connection;
      return { message: () => {}, down: () => {} };
    },
    failed: () => {},
  });
  queue.after(10, () => network.lose(a, b, 0.2));
  for (let packet = 1; packet <= PACKETS; packet++) queue.at(20 + packet * 20, () => toB?.send(packet));
  for (let atMs = 100; atMs < 1500; atMs += 250 + randomness.below(250)) {
    queue.at(atMs, () => network.cut([[a, b]]));
    queue.at(atMs + 50 + randomness.below(150), () => network.heal([[a, b]]));
  }
  while (queue.runNext(20_000));
  return arrived;
}

test("a connection delivers in the order of sending, and nothing behind a gap, through lost packets and cuts", () => {
  let whole = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const arrived = sendThroughCuts(seed);
    expect(arrived).toEqual(Array.from(arrived, (_, at) => at + 1));
    if (arrived.length === PACKETS) whole++;
  }
  // A partition's end resets every other connection that it has held up.
  expect(whole).toBeGreaterThan(0);
});
