import { constants } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import type { RedisConnection } from "../../../src/io/redis/redis-connection.ts";
import { RedisServer } from "../../../src/io/redis/redis-server.ts";
import { DEFAULT_REDIS_LIMITS } from "../../../src/protocol/resp/limits.ts";
import { RawClient, startServer } from "./redis-harness.ts";

/** The code that a connect fails with. */
async function connectError(port: number): Promise<string | undefined> {
  const [error] = (await once(connect(port, "127.0.0.1"), "error")) as [NodeJS.ErrnoException];
  return error.code;
}

/** The server's connections, once it has so many. */
async function accepted(server: RedisServer, count: number): Promise<RedisConnection[]> {
  await expect.poll(() => server.connections.size).toBe(count);
  return [...server.connections];
}

describe("redis server", () => {
  it("says which port is in use and what to do", async () => {
    const { port } = await startServer();
    const second = new RedisServer({
      host: "127.0.0.1",
      port,
      limits: DEFAULT_REDIS_LIMITS,
      accept: () => "-DENIED",
      onError: () => undefined,
    });
    const failure = second.listen();
    await expect(failure).rejects.toMatchObject({ code: "PORT_IN_USE" });
    await expect(failure).rejects.toThrow(
      `port ${port} is in use; stop the process that holds it or choose another`,
    );
    await second.close();
  });

  it("says when the machine has no such address", async () => {
    const server = new RedisServer({
      host: "192.0.2.1",
      port: 0,
      limits: DEFAULT_REDIS_LIMITS,
      accept: () => "-DENIED",
      onError: () => undefined,
    });
    await expect(server.listen()).rejects.toMatchObject({ code: "ADDRESS_UNAVAILABLE" });
  });

  it("refuses a client with the text that accept gives, and closes it", async () => {
    const { port, server } = await startServer({ accept: () => "-DENIED not here" });
    const client = await RawClient.open(port);
    client.send("PING\r\n");
    await client.closed();
    expect(client.received).toBe("-DENIED not here\r\n");
    expect(server.connections.size).toBe(0);
  });

  it("turns away more clients than allowed, and takes one again when one has left", async () => {
    const { port, server, hears } = await startServer({ limits: { clientsMax: 2 } });
    const first = await RawClient.open(port);
    const second = await RawClient.open(port);
    second.send("B\r\n");
    await second.receives(4);
    const third = await RawClient.open(port);
    await third.closed();
    expect(third.received).toBe("-ERR max number of clients reached\r\n");
    expect([server.connectionsReceived, server.connectionsRejected]).toEqual([3, 1]);

    first.socket.end();
    await hears("1 closed");
    await expect.poll(() => server.connections.size).toBe(1);
    const fourth = await RawClient.open(port);
    fourth.send("D\r\n");
    expect(await fourth.receives(4)).toBe("+D\r\n");
  });

  it("sends what was written in a turn when the turn ends", async () => {
    const { port, server } = await startServer();
    const clients = [await RawClient.open(port), await RawClient.open(port)];
    const connections = await accepted(server, 2);
    for (const connection of connections) connection.write("+a\r\n");
    for (const connection of connections) connection.write("+b\r\n");
    expect(connections.map((connection) => connection.bufferedBytes)).toEqual([8, 8]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(connections.map((connection) => connection.bufferedBytes)).toEqual([0, 0]);
    for (const client of clients) expect(await client.receives(8)).toBe("+a\r\n+b\r\n");
  });

  it("sends it before the end of the turn when told to, and where it is much", async () => {
    const { port, server } = await startServer();
    const client = await RawClient.open(port);
    const [connection] = await accepted(server, 1);
    connection?.write("+a\r\n");
    server.flush();
    expect(connection?.bufferedBytes).toBe(0);
    connection?.write("+b\r\n");
    connection?.write("x".repeat(20_000));
    expect(connection?.bufferedBytes).toBe(0);
    expect(await client.receives(20_008)).toBe(`+a\r\n+b\r\n${"x".repeat(20_000)}`);
  });

  it("keeps apart what would be longer than a string can be", async () => {
    const { port, server } = await startServer();
    await RawClient.open(port);
    const [connection] = await accepted(server, 1);
    // Nothing of it is sent, or made: a text that is repeated takes no memory before it is read.
    server.pause();
    connection?.write("+a\r\n");
    connection?.write("x".repeat(constants.MAX_STRING_LENGTH));
    expect(connection?.bufferedBytes).toBe(4 + constants.MAX_STRING_LENGTH);
  });

  it("keeps what was written right before a pause until it is resumed", async () => {
    const { port, server } = await startServer();
    const client = await RawClient.open(port);
    const [connection] = await accepted(server, 1);
    connection?.write("+a\r\n");
    server.pause();
    await new Promise((resolve) => setImmediate(resolve));
    expect(connection?.bufferedBytes).toBe(4);
    server.resume();
    expect(await client.receives(4)).toBe("+a\r\n");
    expect(server.traffic.writtenBytes).toBe(4);
  });

  it("ends every client on close, with their replies, and is done when all are gone", async () => {
    const { port, server, heard } = await startServer();
    const client = await RawClient.open(port);
    client.send("PING\r\n");
    await client.receives(7);
    for (const connection of server.connections) connection.write("+last\r\n");
    await Promise.all([server.close(), server.close()]);
    expect(server.connections.size).toBe(0);
    expect(heard).toEqual(["1 PING", "1 closed"]);
    await client.closed();
    expect(client.received).toBe("+PING\r\n+last\r\n");
    expect(client.errorCode).toBeUndefined();
    expect(await connectError(port)).toBe("ECONNREFUSED");
  });

  it("does not wait on close for a client that takes nothing", async () => {
    const { port, server, hears } = await startServer();
    const client = await RawClient.open(port);
    client.socket.pause();
    client.send("BIG 50000000\r\n");
    await hears("1 BIG 50000000");
    await server.close();
    expect(server.connections.size).toBe(0);
  });

  it("looks like a killed process when killed: resets, a closed port, and no word to the handlers", async () => {
    const { port, server, heard } = await startServer();
    const clients = await Promise.all([RawClient.open(port), RawClient.open(port)]);
    for (const client of clients) client.send("PING\r\n");
    await Promise.all(clients.map((client) => client.receives(7)));
    server.kill();
    await Promise.all(clients.map((client) => client.closed()));
    expect(clients.map((client) => client.errorCode)).toEqual(["ECONNRESET", "ECONNRESET"]);
    expect(await connectError(port)).toBe("ECONNREFUSED");
    await expect.poll(() => server.connections.size).toBe(0);
    expect(heard.filter((line) => line.endsWith("closed"))).toEqual([]);
  });

  it("kills also clients with unsent replies, ended ones and ones that came while paused", async () => {
    const { port, server, hears } = await startServer();
    const stuck = await RawClient.open(port);
    stuck.socket.pause();
    stuck.send("BIG 50000000\r\nQUIT\r\n");
    await hears("1 QUIT");
    server.pause();
    const late = await RawClient.open(port);
    await expect.poll(() => server.connectionsReceived).toBe(2);
    server.kill();
    await late.closed();
    await expect.poll(() => server.connections.size).toBe(0);
    expect(stuck.received.length).toBeLessThan(50_000_000);
  });

  it("frees its port when killed, so that a successor can listen there at once", async () => {
    const { port, server } = await startServer();
    const client = await RawClient.open(port);
    client.send("PING\r\n");
    await client.receives(7);
    server.kill();
    const successor = new RedisServer({
      host: "127.0.0.1",
      port,
      limits: DEFAULT_REDIS_LIMITS,
      accept: () => "-DENIED",
      onError: () => undefined,
    });
    await expect(successor.listen()).resolves.toEqual({ host: "127.0.0.1", port });
    await successor.close();
  });

  it("looks like a stopped process while paused: connects succeed, nothing is read or answered", async () => {
    const { port, server, heard, hears } = await startServer();
    const before = await RawClient.open(port);
    before.send("A\r\n");
    await before.receives(4);
    const [connection] = server.connections;

    server.pause();
    connection?.write("+pushed\r\n");
    before.send("B\r\n");
    const during = await RawClient.open(port);
    during.send("C\r\n");
    await expect.poll(() => server.connectionsReceived).toBe(2);
    const other = await startServer();
    const witness = await RawClient.open(other.port);
    witness.send("W\r\n");
    await witness.receives(4);
    expect(heard).toEqual(["1 A"]);
    expect([before.received, during.received]).toEqual(["+A\r\n", ""]);
    expect(connection?.bufferedBytes).toBe("+pushed\r\n".length);

    server.resume();
    expect(await before.receives(17)).toBe("+A\r\n+pushed\r\n+B\r\n");
    expect(await during.receives(4)).toBe("+C\r\n");
    await hears("2 C");
  });

  it("does not notice while paused that a client leaves, and does on resume", async () => {
    const { port, server, heard, hears } = await startServer();
    const client = await RawClient.open(port);
    client.send("A\r\n");
    await client.receives(4);
    server.pause();
    client.socket.end("B\r\n");
    await once(client.socket, "finish");
    expect(heard).toEqual(["1 A"]);
    server.resume();
    await hears("1 closed");
    expect(heard).toEqual(["1 A", "1 B", "1 closed"]);
  });

  it("holds the end of a connection while paused", async () => {
    const { port, server } = await startServer();
    const client = await RawClient.open(port);
    client.send("A\r\n");
    await client.receives(4);
    const [connection] = server.connections;
    server.pause();
    connection?.write("+bye\r\n");
    connection?.end();
    connection?.write("+ignored\r\n");
    server.resume();
    await client.closed();
    expect(client.received).toBe("+A\r\n+bye\r\n");
  });
});
