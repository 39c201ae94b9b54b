/** Replies to the last commands of a client, whatever ends its connection in the same turn of the event loop, on real sockets. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { DataNode } from "../../src/node/data-node.ts";
import { RawClient } from "../io/redis/redis-harness.ts";
import { AskingClient, startLoneMaster } from "./lone-master.ts";

const PROTOCOL_ERROR = "-ERR Protocol error: invalid bulk length\r\n";

/** A client that is told what is published to `news`. */
async function openSubscriber(node: DataNode): Promise<RawClient> {
  const subscriber = await RawClient.open(node.address.port);
  subscriber.send("SUBSCRIBE news\r\n");
  await subscriber.receives(1);
  subscriber.received = "";
  return subscriber;
}

it.each([
  { what: "bytes that are no command", last: "*1\r\n$x\r\n", goodbye: PROTOCOL_ERROR },
  { what: "QUIT", last: "QUIT\r\n", goodbye: "+OK\r\n" },
  { what: "an end that the server makes", last: "CLIENT KILL ID 1 SKIPME no\r\n", goodbye: ":1\r\n" },
])("come before $what", async ({ last, goodbye }) => {
  const node = await startLoneMaster();
  const client = await RawClient.open(node.address.port);
  client.send(`SET key value\r\nGET key\r\nPING\r\n${last}`);
  await client.closed();
  expect(client.received).toBe(`+OK\r\n$5\r\nvalue\r\n+PONG\r\n${goodbye}`);
});

it.each([
  { what: "bytes that are no command", last: "*1\r\n$x\r\n", goodbye: PROTOCOL_ERROR },
  { what: "QUIT", last: "QUIT\r\n", goodbye: "+OK\r\n" },
])("that wait for nothing come before $what", async ({ last, goodbye }) => {
  const node = await startLoneMaster();
  const client = await RawClient.open(node.address.port);
  client.send(`PING\r\nECHO text\r\n${last}`);
  await client.closed();
  expect(client.received).toBe(`+PONG\r\n$4\r\ntext\r\n${goodbye}`);
});

it("come before its end where it has closed its own side", async () => {
  const node = await startLoneMaster();
  const client = await RawClient.open(node.address.port);
  client.send("PING\r\nSET key value\r\nGET key\r\n");
  client.socket.end();
  await client.closed();
  expect(client.received).toBe("+PONG\r\n+OK\r\n$5\r\nvalue\r\n");
});

it.each([
  { what: "has said QUIT", quit: "QUIT\r\n", kill: "", goodbye: "+OK\r\n" },
  { what: "is killed", quit: "", kill: "CLIENT KILL TYPE pubsub\r\n", goodbye: "" },
])(
  "are followed by no message of the same turn where a subscriber $what",
  async ({ quit, kill, goodbye }) => {
    const node = await startLoneMaster();
    const subscriber = await openSubscriber(node);
    const killer = await RawClient.open(node.address.port);
    const publisher = await RawClient.open(node.address.port);
    if (quit !== "") subscriber.send(quit);
    if (kill !== "") killer.send(kill);
    publisher.send("PUBLISH news text\r\n");
    await subscriber.closed();
    expect(subscriber.received).toBe(goodbye);
  },
);

it("come also of what a client sent behind a command that was served in the turn in which it closes its own side", async () => {
  const node = await startLoneMaster();
  const other = await AskingClient.open(node);
  const client = await RawClient.open(node.address.port);
  client.send("BLPOP queue 0\r\nSET behind 1\r\n");
  await expect.poll(() => other.ask("INFO clients")).toContain("blocked_clients:1\r\n");
  other.raw.send("RPUSH queue job\r\n");
  client.socket.end();
  await client.closed();
  expect(client.received).toBe("*2\r\n$5\r\nqueue\r\n$3\r\njob\r\n+OK\r\n");
});

it("come before the end of the node, which is told to stop before the turn has ended", async () => {
  const node = await startLoneMaster();
  const subscriber = await openSubscriber(node);
  const client = await RawClient.open(node.address.port);
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  const bell = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [ear] = (await once(server, "connection")) as [Socket];
  const stopped = new Promise((resolve) => ear.once("data", () => resolve(node.stop())));
  client.send("PING\r\nPUBLISH news text\r\n");
  // Heard in the same turn, right behind that.
  bell.end("ring");
  await Promise.all([client.closed(), subscriber.closed(), stopped]);
  expect(client.received).toBe("+PONG\r\n:1\r\n");
  expect(subscriber.received).toContain("text");
});
