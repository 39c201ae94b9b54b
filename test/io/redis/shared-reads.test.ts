import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { withSharedReads } from "../../../src/io/redis/shared-reads.ts";
import { connected, endWithTest, listening } from "./socket-pairs.ts";

interface Pair {
  readonly client: Socket;
  readonly socket: Socket;
  /** What has come, put together. */
  readonly read: () => string;
  /** Resolves when so many bytes have come. */
  readonly until: (length: number) => Promise<void>;
}

async function listen(): Promise<Server> {
  return await listening({ pauseOnConnect: true });
}

/** @param change of the accepted socket, before it is made to share. */
async function pair(at: Server, change: (socket: Socket) => void = () => {}): Promise<Pair> {
  const { client, accepted } = await connected(at);
  change(accepted);
  let text = "";
  let wanted = Number.POSITIVE_INFINITY;
  let came = (): void => {};
  const socket = withSharedReads(accepted, (bytes, length) => {
    text += bytes.toString("latin1", 0, length);
    if (text.length >= wanted) came();
  });
  endWithTest(socket);
  return {
    client,
    socket,
    read: () => text,
    until: (length) =>
      new Promise((resolve) => {
        if (text.length >= length) resolve();
        wanted = length;
        came = resolve;
      }),
  };
}

/** As of a runtime whose sockets take no buffer. */
function withoutBuffers(socket: Socket): void {
  const { _handle } = socket as unknown as { _handle: { useUserBuffer: unknown } };
  _handle.useUserBuffer = undefined;
}

describe.each([
  ["into one buffer", undefined],
  ["as Node does where that can't be done", withoutBuffers],
])("sockets that read %s", (_name, change) => {
  it("each get their bytes, all of them and in order", async () => {
    const at = await listen();
    const pairs = [await pair(at, change), await pair(at, change), await pair(at, change)];
    for (const { socket } of pairs) socket.resume();
    const sent = pairs.map((_, number) => String(number).repeat(300_000 + number));
    await Promise.all(
      pairs.map(({ client, until }, number) => {
        const text = sent[number] as string;
        for (let from = 0; from < text.length; from += 1000)
          client.write(text.slice(from, from + 1000), "latin1");
        return until(text.length);
      }),
    );
    expect(pairs.map(({ read }) => read())).toEqual(sent);
  });

  it("read nothing until they are resumed, and nothing while they are paused", async () => {
    const at = await listen();
    const { client, socket, read, until } = await pair(at, change);
    client.write("a");
    await new Promise((resolve) => setImmediate(resolve));
    expect(read()).toBe("");
    socket.resume();
    await until(1);
    socket.pause();
    client.write("b");
    const other = await pair(at, change);
    other.socket.resume();
    other.client.write("c");
    await other.until(1);
    expect(read()).toBe("a");
    socket.resume();
    await until(2);
    expect(read()).toBe("ab");
  });

  it("tell the client's end, and can still answer", async () => {
    const { client, socket, read } = await pair(await listen(), change);
    socket.resume();
    client.end("last");
    await once(socket, "end");
    expect(read()).toBe("last");
    const closed = once(socket, "close");
    const answered = once(client, "data");
    socket.end("answer");
    expect(String(await answered)).toBe("answer");
    await closed;
  });

  it("know both addresses, and count for their server until they are closed", async () => {
    const at = await listen();
    const { client, socket } = await pair(at, change);
    expect([socket.remotePort, socket.localPort]).toEqual([client.localPort, client.remotePort]);
    const closed = once(at, "close");
    at.close();
    socket.resetAndDestroy();
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});
