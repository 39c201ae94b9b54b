/** Replies to the last commands of a client, whatever ends its connection in the same turn of the event loop, on real sockets. */
import { expect, it } from "vitest";
import { RawClient } from "../io/redis/redis-harness.ts";
import { startLoneMaster } from "./lone-master.ts";

const PROTOCOL_ERROR = "-ERR Protocol error: invalid bulk length\r\n";

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

it("come before the end of the node, which is told to stop before the turn has ended", async () => {
  const node = await startLoneMaster();
  const client = await RawClient.open(node.address.port);
  client.send("SUBSCRIBE news\r\n");
  await client.receives(1);
  client.received = "";
  const other = await RawClient.open(node.address.port);
  other.send("PUBLISH news text\r\nPING\r\n");
  await client.receives(1);
  await node.stop();
  expect(client.received).toContain("text");
  expect(other.received).toBe(":1\r\n+PONG\r\n");
});
