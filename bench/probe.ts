/** The longest that a steady client waits for a reply: SET and GET by turns, of keys all over the keyspace, one at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Endpoint } from "../cluster/chaos/endpoint.ts";
import { stringKey } from "./fillings.ts";

const PAUSE_MS = 1;
/** Shares no factor with a power of ten, so that every key comes once before one comes again. */
const STRIDE = 7919;
const VALUE = "value:probed!";

/**
 * @param keys how many strings of `STRINGS` the server holds.
 * @returns the longest time from a command to its reply, in ms, from the start of `work` until it is done.
 */
export async function longestWait(
  target: Endpoint,
  keys: number,
  work: () => Promise<unknown>,
): Promise<number> {
  const client = new Redis({ host: target.host, port: target.port, disableClientInfo: true });
  // What goes wrong with the connection reaches the command that waits for it.
  client.on("error", () => {});
  try {
    await client.ping();
    const stop = new AbortController();
    const working = work().finally(() => stop.abort());
    // Awaited below; a probe that fails before must not leave its rejection unhandled.
    working.catch(() => {});
    let longestMs = 0;
    for (let sequence = 0; !stop.signal.aborted; sequence += 1) {
      const key = stringKey((sequence * STRIDE) % keys);
      const sentAtMs = performance.now();
      await (sequence % 2 === 0 ? client.set(key, VALUE) : client.get(key));
      longestMs = Math.max(longestMs, performance.now() - sentAtMs);
      await sleep(PAUSE_MS);
    }
    await working;
    return longestMs;
  } finally {
    client.disconnect();
  }
}
