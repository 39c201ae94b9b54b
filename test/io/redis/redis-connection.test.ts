import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { RedisConnection } from "../../../src/io/redis/redis-connection.ts";
import type { RequestDecoder } from "../../../src/protocol/resp/request-decoder.ts";
import { RawClient, startServer } from "./redis-harness.ts";

/** How long a client may take its last replies. */
const END_GRACE_MS = 5000;

/** Timers that go off when the test says so. */
function holdTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

describe("redis connection", () => {
  it("answers a pipeline in order, in one piece", async () => {
    const { port, heard } = await startServer();
    const client = await RawClient.open(port);
    client.send("*1\r\n$4\r\nPING\r\nGET a\r\n*2\r\n$4\r\nECHO\r\n$2\r\n\xff\0\r\n");
    expect(await client.receives(24)).toBe("+PING\r\n+GET a\r\n+ECHO \xff\0\r\n");
    expect(heard).toEqual(["1 PING", "1 GET a", "1 ECHO \xff\0"]);
  });

  it("waits for the rest of a half command", async () => {
    const { port, server } = await startServer();
    const client = await RawClient.open(port);
    client.send("FIRST\r\n*2\r\n$4\r\nEC");
    await client.receives("+FIRST\r\n".length);
    expect([...server.connections][0]?.pendingRequestBytes).toBe("$4\r\nEC".length - "$4\r\n".length);
    client.send("HO\r\n$2\r\nhi\r\n");
    expect(await client.receives(18)).toBe("+FIRST\r\n+ECHO hi\r\n");
  });

  it("knows its client's address as the client does", async () => {
    const { port, server } = await startServer();
    const client = await RawClient.open(port);
    client.send("PING\r\n");
    await client.receives(7);
    const connection = [...server.connections][0];
    expect(connection?.remoteAddress).toBe(`127.0.0.1:${client.socket.localPort}`);
    expect(connection?.localAddress).toBe(`127.0.0.1:${port}`);
    expect(connection?.id).toBe(1);
  });

  it("answers the commands before a protocol error, then says the error and closes", async () => {
    const { port, heard, hears, server } = await startServer();
    const client = await RawClient.open(port);
    client.send("PING\r\n*1\r\n:4\r\nPING\r\n");
    await client.closed();
    expect(client.received).toBe("+PING\r\n-ERR Protocol error: expected '$', got ':'\r\n");
    expect(client.errorCode).toBeUndefined();
    await hears("1 closed");
    expect(heard).toEqual(["1 PING", "1 !Protocol error: expected '$', got ':'", "1 closed"]);
    expect(server.connections.size).toBe(0);
  });

  it("leaves the protocol error to a handler that still owes replies", async () => {
    const { port } = await startServer({
      accept: (connection) => ({
        commands: (decoder) => {
          while (decoder.next() !== undefined);
        },
        protocolError: (error) => {
          connection.deferEnd();
          setImmediate(() => {
            connection.write(`+late\r\n${error.reply}`);
            connection.end();
          });
        },
        closed: () => undefined,
      }),
    });
    const client = await RawClient.open(port);
    client.send("PING\r\n*x\r\n");
    await client.closed();
    expect(client.received).toBe("+late\r\n-ERR Protocol error: invalid multibulk length\r\n");
  });

  it("sends all that was written before it ends, however much, and takes no further command", async () => {
    const { port, heard } = await startServer();
    const client = await RawClient.open(port);
    client.send("BIG 20000000\r\nQUIT\r\nPING\r\n");
    await client.closed();
    expect(client.received).toHaveLength(20_000_000 + "+QUIT\r\n".length);
    expect(client.received.endsWith("x+QUIT\r\n")).toBe(true);
    expect(client.errorCode).toBeUndefined();
    expect(heard).not.toContain("1 PING");
  });

  it("lets the last reply arrive although the client goes on sending", async () => {
    const { port } = await startServer();
    const client = await RawClient.open(port);
    client.send("QUIT\r\n");
    client.send("x".repeat(4_000_000));
    expect(await client.receives(7)).toBe("+QUIT\r\n");
  });

  it("resets a client at once", async () => {
    const { port, hears } = await startServer();
    const client = await RawClient.open(port);
    client.send("PING\r\nRESET\r\nPING\r\n");
    await client.closed();
    expect(client.errorCode).toBe("ECONNRESET");
    await hears("1 closed");
  });

  it("can reset an ended connection whose client takes nothing", async () => {
    const { port, server, hears } = await startServer();
    const client = await RawClient.open(port);
    client.socket.pause();
    client.send("BIG 50000000\r\nQUIT\r\n");
    await hears("1 QUIT");
    const [connection] = server.connections;
    expect(connection?.bufferedBytes).toBeGreaterThan(0);
    connection?.reset();
    await hears("1 closed");
    expect(connection?.bufferedBytes).toBe(0);
  });

  it("gives up an ended client that does not take its last replies", async () => {
    const { port, server, hears, heard } = await startServer();
    holdTimers();
    const client = await RawClient.open(port);
    client.socket.pause();
    client.send("BIG 50000000\r\nQUIT\r\n");
    await hears("1 QUIT");
    const [connection] = server.connections;
    vi.advanceTimersByTime(END_GRACE_MS - 1);
    const other = await RawClient.open(port);
    other.send("PING\r\n");
    await other.receives(7);
    expect(heard).not.toContain("1 closed");
    expect(connection?.bufferedBytes).toBeGreaterThan(0);
    vi.advanceTimersByTime(1);
    await hears("1 closed");
    expect(connection?.bufferedBytes).toBe(0);
  });

  it("waits longer for an ended client that takes some of its last replies", async () => {
    const { port, server, hears, heard } = await startServer();
    holdTimers();
    const client = await RawClient.open(port);
    client.socket.pause();
    for (const bytes of ["30000000", "30000001"]) {
      client.send(`BIG ${bytes}\r\n`);
      await hears(`1 BIG ${bytes}`);
    }
    client.send("QUIT\r\n");
    await hears("1 QUIT");
    const [connection] = server.connections;
    client.socket.resume();
    await expect.poll(() => connection?.bufferedBytes).toBeLessThan(60_000_000);
    client.socket.pause();
    vi.advanceTimersByTime(END_GRACE_MS);
    const other = await RawClient.open(port);
    other.send("PING\r\n");
    await other.receives(7);
    expect(heard).not.toContain("1 closed");
    client.socket.resume();
    await client.closed();
    expect(client.errorCode).toBeUndefined();
    expect(client.received).toHaveLength(60_000_001 + "+QUIT\r\n".length);
  });

  it("gives up a client that has closed its side and does not take its replies", async () => {
    const { port, server, hears } = await startServer();
    holdTimers();
    const client = await RawClient.open(port);
    client.socket.pause();
    client.send("BIG 50000000\r\n");
    await hears("1 BIG 50000000");
    const [connection] = server.connections;
    client.socket.end();
    await hears("1 closed");
    expect(server.connections.size).toBe(0);
    expect(connection?.bufferedBytes).toBeGreaterThan(0);
    vi.advanceTimersByTime(END_GRACE_MS);
    await expect.poll(() => connection?.bufferedBytes, { timeout: 30_000 }).toBe(0);
  });

  it("sends a client that has closed its side what was written before", async () => {
    const { port, server } = await startServer();
    const client = await RawClient.open(port);
    client.socket.end("BIG 20000000\r\n");
    await client.closed();
    expect(client.received).toHaveLength(20_000_000);
    expect(client.errorCode).toBeUndefined();
    await expect.poll(() => server.connections.size).toBe(0);
  });

  it("leaves the end of a client that has closed its side to a handler that owes it replies", async () => {
    const heard: string[] = [];
    const { port, server } = await startServer({
      accept: (connection) => ({
        commands: (decoder) => {
          for (let argv = decoder.next(); argv !== undefined; argv = decoder.next())
            heard.push(argv.join(" "));
        },
        inputEnded: () => {
          heard.push("ended");
          connection.deferEnd();
          setImmediate(() => {
            expect(connection.inputEnded).toBe(true);
            connection.write("+late\r\n");
            connection.end();
          });
        },
        protocolError: () => undefined,
        closed: () => heard.push("closed"),
      }),
    });
    const client = await RawClient.open(port);
    client.socket.end("PING\r\n");
    await client.closed();
    expect(client.received).toBe("+late\r\n");
    expect(client.errorCode).toBeUndefined();
    await expect.poll(() => server.connections.size).toBe(0);
    expect(heard).toEqual(["PING", "ended", "closed"]);
  });

  it("has forgotten a client that closed its side and vanished, once what it was owed is written", async () => {
    let answer: () => void = () => undefined;
    const { port, server, errors } = await startServer({
      accept: (connection) => ({
        commands: (decoder) => {
          while (decoder.next() !== undefined);
        },
        inputEnded: () => {
          connection.deferEnd();
          answer = () => {
            connection.write("+late\r\n");
            connection.end();
          };
        },
        protocolError: () => undefined,
        closed: () => undefined,
      }),
    });
    const unanswered = answer;
    const client = await RawClient.open(port);
    client.socket.end("PING\r\n");
    await expect.poll(() => answer).not.toBe(unanswered);
    client.socket.destroy();
    await client.closed();
    expect(server.connections.size).toBe(1);
    answer();
    await expect.poll(() => server.connections.size).toBe(0);
    expect(errors).toEqual([]);
  });

  it("tells the handler once that the client has gone, whether it closed or vanished", async () => {
    const { port, hears, heard, errors } = await startServer();
    const polite = await RawClient.open(port);
    const rude = await RawClient.open(port);
    polite.send("A\r\n");
    rude.send("B\r\n");
    await Promise.all([polite.receives(4), rude.receives(4)]);
    polite.socket.end();
    rude.socket.resetAndDestroy();
    await Promise.all([hears("1 closed"), hears("2 closed")]);
    await polite.closed();
    expect(heard.filter((line) => line.endsWith("closed"))).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  it("survives writes to a client that is gone", async () => {
    let connection: RedisConnection | undefined;
    let tellGone: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      tellGone = resolve;
    });
    const { port, errors } = await startServer({
      accept: (accepted) => {
        connection = accepted;
        return { commands: () => undefined, protocolError: () => undefined, closed: tellGone };
      },
    });
    const client = await RawClient.open(port);
    await expect.poll(() => connection).toBeDefined();
    client.socket.resetAndDestroy();
    for (let i = 0; i < 10; i++) connection?.write("x".repeat(100_000));
    await gone;
    connection?.write("x");
    connection?.end();
    connection?.reset();
    expect(connection?.bufferedBytes).toBe(0);
    expect(errors).toEqual([]);
  });

  it("closes a client that leaves too many replies unread, and says so", async () => {
    const { port, errors, hears } = await startServer({ limits: { outputBufferBytesMax: 1_000_000 } });
    const client = await RawClient.open(port);
    client.socket.pause();
    client.send("BIG 30000000\r\n");
    await hears("1 closed");
    expect(errors.map((error) => error.code)).toEqual(["OUTPUT_BUFFER_FULL"]);
    expect(errors[0]?.message).toContain(`127.0.0.1:${client.socket.localPort}`);
  });

  it("closes a client whose unfinished command grows too large, and says so", async () => {
    const { port, errors, hears } = await startServer({ limits: { queryBufferBytesMax: 100_000 } });
    const client = await RawClient.open(port);
    client.send(`*2\r\n$60000\r\n${"a".repeat(60_000)}\r\n$60000\r\n${"a".repeat(59_000)}`);
    await hears("1 closed");
    expect(errors.map((error) => error.code)).toEqual(["QUERY_BUFFER_FULL"]);
  });

  it("keeps commands for a handler that can't run them yet, and hands them over when asked", async () => {
    let blocked = true;
    let connection: RedisConnection | undefined;
    const ran: string[] = [];
    const { port } = await startServer({
      accept: (accepted) => {
        connection = accepted;
        return {
          commands(decoder: RequestDecoder) {
            if (blocked) return;
            for (let argv = decoder.next(); argv !== undefined; argv = decoder.next())
              ran.push(argv.join(" "));
            accepted.write(`+${ran.length}\r\n`);
          },
          protocolError: () => undefined,
          closed: () => undefined,
        };
      },
    });
    const client = await RawClient.open(port);
    client.send("A\r\nB\r\n*x\r\n");
    await expect.poll(() => connection?.pendingRequestBytes).toBe(10);
    expect(ran).toEqual([]);
    blocked = false;
    connection?.processBuffered();
    await client.closed();
    expect(ran).toEqual(["A", "B"]);
    expect(client.received).toBe("+2\r\n-ERR Protocol error: invalid multibulk length\r\n");
  });

  it("reads nothing while reading is paused, and all of it afterwards", async () => {
    const { port, server, heard } = await startServer();
    const client = await RawClient.open(port);
    client.send("A\r\n");
    await client.receives(4);
    const [connection] = server.connections;
    connection?.pauseReading();
    client.send("B\r\n");
    const other = await RawClient.open(port);
    other.send("C\r\n");
    await other.receives(4);
    expect(heard).toEqual(["1 A", "2 C"]);
    connection?.resumeReading();
    expect(await client.receives(8)).toBe("+A\r\n+B\r\n");
  });
});
