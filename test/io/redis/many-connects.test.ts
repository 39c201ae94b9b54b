/** Clients that come back all at once, as after a failover. */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { startServer } from "./redis-harness.ts";

const CLIENTS = 1500;

/** The kernel's own limit, where it can be read. */
function somaxconn(): number {
  try {
    return Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
  } catch {
    return 0;
  }
}

it.skipIf(somaxconn() < CLIENTS)("none of them has to ask a second time, which takes a second", async () => {
  const { port, server } = await startServer();
  // Within one turn of this process, which can accept none meanwhile.
  const sockets = Array.from({ length: CLIENTS }, () => connect({ port, host: "127.0.0.1" }));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });

  let longestWaitMs = 0;
  let lastAtMs = performance.now();
  for (let accepted = 0; accepted < CLIENTS; ) {
    await sleep(1);
    if (server.connections.size === accepted) continue;
    // Until the first ones are accepted it is this process that takes its time.
    if (accepted > 0) longestWaitMs = Math.max(longestWaitMs, performance.now() - lastAtMs);
    accepted = server.connections.size;
    lastAtMs = performance.now();
  }
  expect(longestWaitMs).toBeLessThan(700);
});
