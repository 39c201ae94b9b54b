import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { expect, it } from "vitest";
import { nodeFileSchema, toNodeConfig } from "../../cluster/config/node-file.ts";
import { validate } from "../../cluster/config/validate.ts";
import type { Client } from "../../src/core/client.ts";
import { Dispatcher } from "../../src/core/commands/dispatcher.ts";
import { Keyspace } from "../../src/core/keyspace/keyspace.ts";
import type { Member } from "../../src/core/member.ts";
import type { RedisConnection } from "../../src/io/redis/redis-connection.ts";
import { NodeClients } from "../../src/node/node-clients.ts";
import { FakeHost } from "../core/commands/harness.ts";
import { TestGroup } from "../core/member/test-group.ts";
import { RawClient, startServer } from "../io/redis/redis-harness.ts";

it("clients that are let go are told at once, and given up in later turns, the first ones first", async () => {
  const { clients, member, raw, gone } = await connectedClients(20);

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

it("a client is found by its session without a look at all the others", async () => {
  const { clients, member } = await connectedClients(50);
  const all = [...member.desk.clients()];
  const sessions = all.map(({ session }) => session);
  let looks = 0;
  for (const [at, client] of all.entries()) {
    const look = (): unknown => {
      looks++;
      return sessions[at];
    };
    Object.defineProperty(client, "session", { get: look });
  }

  for (const session of sessions) clients.closeSession(session);
  expect(all.filter(({ closing }) => closing)).toHaveLength(all.length);
  expect(looks).toBeLessThanOrEqual(2 * all.length);
});

it("a message for many subscribers is no quick command: few are published without a look at the clock", async () => {
  const { clients, member, raw, delivered } = await connectedClients(21);
  const [publisher, ...subscribers] = raw;
  for (const subscriber of subscribers) subscriber.send("SUBSCRIBE news\r\n");
  await expect
    .poll(() => [...member.desk.clients()].filter((one) => one.session.subscriptions > 0))
    .toHaveLength(20);
  delivered.length = 0;

  publisher?.send("PUBLISH news text\r\n".repeat(16));
  await expect.poll(() => delivered.at(-1)).toBe(16 * 20);
  expect(delivered[0]).toBeLessThan(5 * 20);
  expect(clients.size).toBe(21);
});

it("a client that is over its limit of output once others' replies are sent has no more of its commands run", async () => {
  const { member, raw, connections, sending } = await connectedClients(1);
  const [client] = [...member.desk.clients()];
  sending.push(() => connections[0]?.reset());
  raw[0]?.send("CLIENT SETNAME late\r\n");
  await raw[0]?.closed();
  expect(client?.session.name).toBe("");
});

it.each([
  [1000, 1],
  [70_000, 2],
])("a turn's replies wait for its end if they are few: of %i bytes", async (bytes, times) => {
  const { raw, member, delivered, sending } = await connectedClients(1);
  let sent = 0;
  const note = (): void => {
    sent += 1;
  };
  // The first time is before the batch, as after each while without replies.
  sending.push(note, note, note);
  for (const client of member.desk.clients()) client.reply(`+${"x".repeat(bytes)}\r\n`);
  raw[0]?.send("PING\r\n");
  await expect.poll(() => delivered.length).toBe(1);
  expect(sent).toBe(times);
});

interface ConnectedClients {
  readonly clients: NodeClients;
  readonly member: Member;
  readonly raw: readonly RawClient[];
  /** Those that have been given up, in order. */
  readonly gone: readonly Client[];
  /** Messages that subscribers have been sent, at the end of each batch of commands. */
  readonly delivered: number[];
  readonly connections: readonly RedisConnection[];
  /** What happens when replies are sent before a turn ends. */
  readonly sending: (() => void)[];
}

async function connectedClients(count: number): Promise<ConnectedClients> {
  const { member } = new TestGroup({ members: 1 }).member("n1");
  const flags = { id: "n1", port: 1, peerPort: 2, dataDir: null };
  const config = toNodeConfig(validate(nodeFileSchema, { file: null, flags }));
  const gone: Client[] = [];
  const delivered: number[] = [];
  const connections: RedisConnection[] = [];
  const sending: (() => void)[] = [];
  let nowMs = 10;
  const clients = new NodeClients(config, new Dispatcher(new Keyspace(), new FakeHost()), {
    member: () => member,
    isRunning: () => true,
    isPasswordRequired: () => false,
    // Each look at the clock is a millisecond later.
    now: () => ({ monoMs: nowMs++, wallMs: 0 }),
    sendReplies: () => sending.shift()?.(),
    carryOut: () => {},
    ran: () => delivered.push(member.desk.deliveries),
    turnEnds: () => {},
    closed: (client) => gone.push(client),
    fail: (error) => {
      throw error;
    },
  });
  const { port, server } = await startServer({
    accept: (connection) => {
      connections.push(connection);
      return clients.accept(connection);
    },
  });
  const raw = await Promise.all(Array.from({ length: count }, () => RawClient.open(port)));
  await expect.poll(() => server.connections.size).toBe(raw.length);
  return { clients, member, raw, gone, delivered, connections, sending };
}
