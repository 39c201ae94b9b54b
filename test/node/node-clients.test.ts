import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { expect, it } from "vitest";
import { nodeFileSchema, toNodeConfig } from "../../cluster/config/node-file.ts";
import { validate } from "../../cluster/config/validate.ts";
import type { Client } from "../../src/core/client.ts";
import { Dispatcher } from "../../src/core/commands/dispatcher.ts";
import { Keyspace } from "../../src/core/keyspace/keyspace.ts";
import { NodeClients } from "../../src/node/node-clients.ts";
import { FakeHost } from "../core/commands/harness.ts";
import { TestGroup } from "../core/member/test-group.ts";
import { RawClient, startServer } from "../io/redis/redis-harness.ts";

it("clients that are let go are told at once, and given up in later turns, the first ones first", async () => {
  const { member } = new TestGroup({ members: 1 }).member("n1");
  const flags = { id: "n1", port: 1, peerPort: 2, dataDir: null };
  const config = toNodeConfig(validate(nodeFileSchema, { file: null, flags }));
  const gone: Client[] = [];
  let nowMs = 0;
  const clients = new NodeClients(config, new Dispatcher(new Keyspace(), new FakeHost()), {
    member: () => member,
    isRunning: () => true,
    isPasswordRequired: () => false,
    // Each look at the clock is a millisecond later.
    now: () => ({ monoMs: nowMs++, wallMs: 0 }),
    carryOut: () => {},
    closed: (client) => gone.push(client),
    fail: (error) => {
      throw error;
    },
  });
  const { port, server } = await startServer({ accept: (connection) => clients.accept(connection) });
  const raw = await Promise.all(Array.from({ length: 20 }, () => RawClient.open(port)));
  await expect.poll(() => server.connections.size).toBe(raw.length);

  const all = [...member.desk.clients()];
  for (const client of all) {
    client.lastWords = "-UNBLOCKED\r\n";
    clients.close(client);
  }
  expect(clients.size).toBe(0);
  expect(gone).toEqual([]);
  await turnOfTheLoop();
  expect(gone.length).toBeGreaterThan(0);
  expect(gone.length).toBeLessThan(all.length);
  await Promise.all(raw.map((each) => each.closed()));
  expect(gone).toEqual(all);
  expect(raw.map(({ received }) => received)).toEqual(raw.map(() => "-UNBLOCKED\r\n"));
});
