/** A client that closes its side right behind a write, as `printf ... | nc` does. */
import { once } from "node:events";
import { expect, it } from "vitest";
import { RawClient } from "../io/redis/redis-harness.ts";
import { failoverScene, replicasOf } from "./failover-scene.ts";
import { ask } from "./redis-clients.ts";

const scene = failoverScene();

it("a client that closes its side behind a write gets the reply that waits for a replica's ack", async () => {
  // Long enough that no failover and no timeout comes first, however busy the machine is.
  const cluster = await scene.start({ ackTimeoutMs: 20_000, downAfterMs: 20_000 });
  const master = await cluster.master();
  const replicas = await replicasOf(cluster);
  for (const { id } of replicas) cluster.pause(id);
  const client = await RawClient.open(master.port);
  client.socket.end("SET a b\r\nGET a\r\n");
  await once(client.socket, "finish");
  // What came before this has been seen by then.
  expect(await ask(master, "PING")).toBe("PONG");
  expect(client.received).toBe("");
  for (const { id } of replicas) cluster.resume(id);
  await client.closed();
  expect(client.received).toBe("+OK\r\n$1\r\nb\r\n");
  expect(client.errorCode).toBeUndefined();
});
