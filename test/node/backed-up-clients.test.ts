/** A client whose replies are held by megabytes, on a real socket: what it sends on is neither run nor read meanwhile. */
import { expect, it } from "vitest";
import { nodeFileSchema, toNodeConfig } from "../../cluster/config/node-file.ts";
import { validate } from "../../cluster/config/validate.ts";
import { Dispatcher } from "../../src/core/commands/dispatcher.ts";
import { Keyspace } from "../../src/core/keyspace/keyspace.ts";
import { NodeClients } from "../../src/node/node-clients.ts";
import { FakeHost } from "../core/commands/harness.ts";
import { TestGroup } from "../core/member/test-group.ts";
import { RawClient, startServer } from "../io/redis/redis-harness.ts";

const MEGABYTE = 1024 * 1024;

/** A master whose replicas confirm nothing until `confirm`, and a server for its clients. */
async function startUnconfirmed(): Promise<{
  port: number;
  heldBytes: () => number;
  confirm: () => void;
}> {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
  const flags = { id: "n1", port: 1, peerPort: 2, dataDir: null };
  const config = toNodeConfig(validate(nodeFileSchema, { file: null, flags }));
  const carryOut = (): void => {
    n1.flush();
    group.settle();
    for (const client of n1.member.desk.clients()) {
      const text = n1.read(client);
      if (text !== "") client.reply(text);
      clients.output(client);
      if (n1.closedClients.delete(client)) clients.close(client);
      if (n1.resumedClients.delete(client)) clients.resume(client);
    }
  };
  const clients = new NodeClients(config, new Dispatcher(new Keyspace(), new FakeHost()), {
    member: () => n1.member,
    isRunning: () => true,
    isPasswordRequired: () => false,
    now: () => group.now,
    carryOut,
    sendReplies: () => {},
    ran: carryOut,
    turnEnds: () => {},
    closed: () => {},
    fail: (error) => {
      throw error;
    },
  });
  const { port } = await startServer({ accept: (connection) => clients.accept(connection) });
  return {
    port,
    heldBytes: () => [...n1.member.desk.clients()].reduce((sum, { heldBytes }) => sum + heldBytes, 0),
    confirm: () => {
      for (const id of ["n2", "n3"]) group.member(id).releaseDisk();
      group.pass(100);
      carryOut();
    },
  };
}

it.each([
  { and: "stays", ends: false },
  { and: "closes its side", ends: true },
])(
  "a client that pipelines reads of large values behind a write, and $and, is answered in full",
  async ({ ends }) => {
    const { port, heldBytes, confirm } = await startUnconfirmed();
    const value = "x".repeat(MEGABYTE);
    const client = await RawClient.open(port);
    client.send(`*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$${MEGABYTE}\r\n${value}\r\n`);
    client.send("GET big\r\n".repeat(20));
    if (ends) client.socket.end();
    await expect.poll(heldBytes).toBeGreaterThan(4 * MEGABYTE);
    // More of it, and its end, would have come by then.
    const other = await RawClient.open(port);
    other.send("PING\r\n");
    await other.receives("+PONG\r\n".length);
    expect(heldBytes()).toBeLessThan(6 * MEGABYTE);
    expect(client.received).toBe("");

    confirm();
    const replies = `+OK\r\n${`$${MEGABYTE}\r\n${value}\r\n`.repeat(20)}`;
    expect((await client.receives(replies.length)) === replies).toBe(true);
    if (ends) await client.closed();
    expect(client.errorCode).toBeUndefined();
  },
);
