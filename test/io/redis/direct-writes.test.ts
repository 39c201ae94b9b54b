import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { DirectWrites } from "../../../src/io/redis/direct-writes.ts";
import { connected, listening } from "./socket-pairs.ts";

interface Pair {
  readonly client: Socket;
  readonly socket: Socket;
  readonly direct: DirectWrites;
  /** Writes each as the socket's owner does. @returns how many went without the socket. */
  readonly write: (texts: readonly string[]) => number;
}

/** The client reads nothing yet. */
async function pair(): Promise<Pair> {
  const { client, accepted: socket } = await connected(await listening({}));
  client.pause();
  const direct = new DirectWrites(socket);
  const write = (texts: readonly string[]): number => {
    let count = 0;
    for (const text of texts) {
      if (direct.write(text)) count += 1;
      else socket.write(text, "latin1");
    }
    return count;
  };
  return { client, socket, direct, write };
}

/** Once any socket has written, Node's class of requests is known. */
async function knowing(): Promise<Pair> {
  const first = await pair();
  const heard = once(first.client, "data");
  first.write(["first"]);
  first.client.resume();
  await heard;
  return await pair();
}

async function readUntil(client: Socket, length: number): Promise<string> {
  let text = "";
  client.setEncoding("latin1");
  client.resume();
  while (text.length < length) text += String((await once(client, "data"))[0]);
  return text;
}

/** Those of the writes to come. */
function requestsOf(socket: Socket): { getAsyncId(): number }[] {
  type Write = (request: { getAsyncId(): number }, text: string) => number;
  const { _handle: handle } = socket as unknown as { _handle: { writeLatin1String: Write } };
  const requests: { getAsyncId(): number }[] = [];
  const write = handle.writeLatin1String;
  handle.writeLatin1String = (request, text) => {
    requests.push(request);
    return write.call(handle, request, text);
  };
  return requests;
}

/** More than a connection's buffers hold, in pieces that are told apart; of each kind of byte some. */
const MANY = Array.from({ length: 3000 }, (_, at) => `${at}:`.padEnd(5000, String.fromCharCode(at % 256)));

describe("direct writes", () => {
  it("are handed over at once, without a request of the socket", async () => {
    const { client, socket, write } = await knowing();
    expect(write(["a", "b\xff\x00", "c"])).toBe(3);
    expect([socket.writableLength, socket.bytesWritten]).toEqual([0, 5]);
    expect(await readUntil(client, 5)).toBe("ab\xff\x00c");
  });

  it("leave to the socket what comes while the kernel takes no more, and all arrives in order", async () => {
    const { client, socket, direct, write } = await knowing();
    const count = write(MANY);
    expect(count).toBeGreaterThan(1);
    expect(count).toBeLessThan(MANY.length);
    expect(direct.waitingBytes).toBeGreaterThan(0);
    expect(socket.writableLength).toBe((MANY.length - count) * 5000);
    const whole = MANY.join("");
    expect(await readUntil(client, whole.length)).toBe(whole);
    // The socket hears of it a moment later than the client.
    if (socket.writableLength > 0) await once(socket, "drain");
    expect(direct.waitingBytes).toBe(0);
    expect(write(["again", "x".repeat(20_000)])).toBe(1);
    expect(await readUntil(client, 20_005)).toBe(`again${"x".repeat(20_000)}`);
  });

  it("do not share the request of one that libuv finished by itself, and has not called back for", async () => {
    const { socket, direct } = await knowing();
    const other = await pair();
    const requests = requestsOf(socket);
    const others = requestsOf(other.socket);
    // As when the client makes room between the first try and libuv's own.
    const { _handle } = socket as unknown as { _handle: object };
    Object.defineProperty(_handle, "writeQueueSize", { value: 0 });
    for (const text of MANY) {
      direct.write(text);
      if ((requests.at(-1)?.getAsyncId() ?? -1) >= 0) break;
    }
    other.write(["x"]);
    expect(others).toHaveLength(1);
    expect(others[0]).not.toBe(requests.at(-1));
  });

  it("arrive before the end of a socket that is ended while they wait", async () => {
    const { client, socket, direct } = await knowing();
    let written = "";
    for (const text of MANY) {
      if (!direct.write(text)) break;
      written += text;
    }
    expect(direct.waitingBytes).toBeGreaterThan(0);
    socket.end("last");
    const ended = once(client, "end");
    expect(await readUntil(client, written.length + 4)).toBe(`${written}last`);
    await ended;
  });

  it("are given up with a socket that is destroyed, or reset by its peer, while they wait", async () => {
    const destroyed = await knowing();
    destroyed.write(MANY);
    destroyed.socket.destroy();
    await once(destroyed.socket, "close");
    const { client, socket, write } = await knowing();
    write(MANY);
    const failed = once(socket, "error");
    client.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
  });

  it("tell a socket whose peer is gone as its own writes do", async () => {
    const { client, socket, direct } = await knowing();
    socket.pause();
    client.resetAndDestroy();
    await once(client, "close");
    const failed = once(socket, "error");
    // The reset may still be under way.
    const writeOn = (): void => {
      if (socket.destroyed) return;
      direct.write("x");
      setImmediate(writeOn);
    };
    writeOn();
    expect((await failed)[0]).toMatchObject({ syscall: "write", message: /^write (EPIPE|ECONNRESET)$/ });
  });

  it("are none where sockets have no such handle", async () => {
    const { socket } = await knowing();
    const { _handle } = socket as unknown as { _handle: object };
    Object.defineProperty(_handle, "writeQueueSize", { value: undefined });
    expect(new DirectWrites(socket).write("a")).toBe(false);
    expect(socket.bytesWritten).toBe(0);
  });
});
