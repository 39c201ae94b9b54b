/** Fills one server over one connection, packet by packet; one is on its way at a time, so that memory stays bounded on both ends. */
import type { Socket } from "node:net";
import type { Endpoint } from "../cluster/chaos/endpoint.ts";
import { InterrexError } from "../src/base/errors.ts";
import { type Filling, packetsOf } from "./fillings.ts";
import { openLineSocket } from "./line-socket.ts";

const COMMANDS_PER_PACKET = 500;
const REPLY_TIMEOUT_MS = 30_000;

/** @throws InterrexError BAD_REPLY when a command is refused, NO_REPLY when the server is silent or goes away. */
export async function load(target: Endpoint, filling: Filling, elements: number): Promise<void> {
  const socket = await openLineSocket(target, REPLY_TIMEOUT_MS);
  try {
    for (const { bytes, commands } of packetsOf(filling, elements, COMMANDS_PER_PACKET)) {
      await sent(socket, bytes, commands);
    }
  } finally {
    socket.destroy();
  }
}

/** Resolves when each command has its reply, which is one line. */
function sent(socket: Socket, bytes: string, commands: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let replies = "";
    const settle = (finish: () => void): void => {
      for (const event of ["data", "timeout", "close"]) socket.removeAllListeners(event);
      finish();
    };
    const fail = (code: string, what: string): void =>
      settle(() => reject(new InterrexError(code, `Cannot fill the server: ${what}`)));
    socket.on("data", (chunk: string) => {
      replies += chunk;
      const lines = replies.split("\r\n");
      const refused = lines.find((line) => line.startsWith("-"));
      if (refused !== undefined) fail("BAD_REPLY", refused);
      else if (lines.length - 1 >= commands) settle(resolve);
    });
    socket.on("timeout", () => fail("NO_REPLY", `no reply within ${REPLY_TIMEOUT_MS} ms`));
    socket.on("close", () => fail("NO_REPLY", "the server closed the connection"));
    socket.write(bytes, "latin1");
  });
}
