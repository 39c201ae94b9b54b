/** Time from sending one write to its acknowledgement, one client, one at a time, over a raw socket: the same few lines of client for both sides. */
import type { Socket } from "node:net";
import type { Endpoint } from "../cluster/chaos/endpoint.ts";
import { InterrexError } from "../src/base/errors.ts";
import { request } from "./fillings.ts";
import { openLineSocket } from "./line-socket.ts";

export interface LatencyOptions {
  readonly target: Endpoint;
  readonly samples: number;
  /** Writes before them that count for nothing. */
  readonly warmUp: number;
  /** Redis only: `WAIT n 0` in the same packet as the SET, the kindest way to ask it for what semi-sync gives. */
  readonly waitForReplicas: number;
}

const VALUE = "x".repeat(100);
const REPLY_TIMEOUT_MS = 5000;

/** @returns microseconds of each acknowledged write. @throws InterrexError BAD_REPLY, NO_REPLY */
export async function measureLatency({
  target,
  samples,
  warmUp,
  waitForReplicas,
}: LatencyOptions): Promise<number[]> {
  const socket = await openLineSocket(target, REPLY_TIMEOUT_MS);
  const set = request("SET", "bench:latency", VALUE);
  const wait = waitForReplicas > 0 ? request("WAIT", String(waitForReplicas), "0") : "";
  const expected = waitForReplicas > 0 ? /^\+OK\r\n:[1-9]\d*\r\n$/ : /^\+OK\r\n$/;
  const lines = waitForReplicas > 0 ? 2 : 1;
  try {
    await roundTrips(socket, set + wait, lines, expected, warmUp);
    return await roundTrips(socket, set + wait, lines, expected, samples);
  } finally {
    socket.destroy();
  }
}

/** Driven by the data events themselves: a promise for each round trip would be measured with it. */
function roundTrips(
  socket: Socket,
  payload: string,
  lines: number,
  expected: RegExp,
  count: number,
): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const times: number[] = [];
    let reply = "";
    let sentAtMs = performance.now();
    const settle = (finish: () => void): void => {
      socket.removeAllListeners("data");
      socket.removeAllListeners("timeout");
      socket.removeAllListeners("close");
      finish();
    };
    const fail = (code: string, what: string) => () =>
      settle(() => reject(new InterrexError(code, `Cannot measure latency: ${what}`)));
    socket.on("data", (chunk: string) => {
      reply += chunk;
      if (reply.split("\r\n").length - 1 < lines) return;
      if (!expected.test(reply)) return fail("BAD_REPLY", JSON.stringify(reply))();
      times.push((performance.now() - sentAtMs) * 1000);
      if (times.length >= count) return settle(() => resolve(times));
      reply = "";
      sentAtMs = performance.now();
      socket.write(payload, "latin1");
    });
    socket.on("timeout", fail("NO_REPLY", `no reply within ${REPLY_TIMEOUT_MS} ms`));
    socket.on("close", fail("NO_REPLY", "the server closed the connection"));
    socket.write(payload, "latin1");
  });
}
