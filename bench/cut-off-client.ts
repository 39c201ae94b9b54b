/**
 * A client on the master's host: writes to that one node without a pause, each write a key of its own, and tells its parent in the end which
 * were acknowledged. `node cut-off-client.js HOST PORT [PASSWORD]`; it ends with its parent.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

export interface CutOffReport {
  readonly acknowledged: readonly string[];
}

const PAUSE_MS = 2;
const [host = "", port, password] = process.argv.slice(2);
const redis = new Redis({
  host,
  port: Number(port),
  ...(password === undefined ? {} : { password }),
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 5000,
  retryStrategy: () => 20,
});
// What is not acknowledged does not count here, whatever the reason.
redis.on("error", () => {});
const stop = new AbortController();
process.on("disconnect", () => process.exit());
// The parent can be gone before this listens.
if (!process.connected) process.exit();
process.on("message", () => stop.abort());

const acknowledged: string[] = [];
for (let sequence = 0; !stop.signal.aborted; sequence += 1) {
  const key = `bench:cut-off:${process.pid}:${sequence}`;
  const written = await redis.set(key, "1").catch(() => null);
  if (written === "OK") acknowledged.push(key);
  if (sequence === 0 || acknowledged.length === 1) process.send?.("writing");
  await sleep(PAUSE_MS);
}
redis.disconnect();
process.send?.({ acknowledged } satisfies CutOffReport, () => process.disconnect());
