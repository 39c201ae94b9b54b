/** A socket to a server that is measured or filled: opened, silent failures included. It knows no command. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Endpoint } from "../cluster/chaos/endpoint.ts";

/** @returns connected; it says "timeout" after so long without a reply, and "close" after any failure. Text is one character a byte. */
export async function openLineSocket({ host, port }: Endpoint, replyTimeoutMs: number): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, "connect");
  // A reset is always followed by "close".
  socket.on("error", () => {});
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  socket.setTimeout(replyTimeoutMs);
  return socket;
}
