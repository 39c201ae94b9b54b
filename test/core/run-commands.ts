/** Has a client's commands run as a node does. */
import type { Client } from "../../src/core/client.ts";
import type { ClientDesk } from "../../src/core/client-desk.ts";
import { encodeCommand } from "../../src/protocol/resp/command-encoder.ts";
import { DEFAULT_REDIS_LIMITS } from "../../src/protocol/resp/limits.ts";
import { RequestDecoder } from "../../src/protocol/resp/request-decoder.ts";

/**
 * Plain requests run in a row, all others one by one, until the client must wait.
 *
 * @returns how many have run, or are on hold.
 */
export function runCommands(
  desk: ClientDesk,
  client: Client,
  commands: readonly (readonly string[])[],
): number {
  const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
  decoder.feed(Buffer.from(commands.map(encodeCommand).join(""), "latin1"));
  for (let done = 0; ; ) {
    const count = desk.runPlain(client, decoder);
    done += count;
    if (count > 0 && client.backedUp) return done;
    if (count > 0) continue;
    const argv = decoder.next();
    if (argv === undefined) return done;
    done += 1;
    if (!desk.run(client, argv, decoder.lastRequest)) return done;
  }
}
