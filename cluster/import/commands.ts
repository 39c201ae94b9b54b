/** Commands to the two servers that keys are copied between. Replies come as Redis sends them, texts as bytes. */
import { InterrexError } from "../../src/base/errors.ts";
import { VALUE_BYTES_MAX } from "../../src/node/node-limits.ts";

export type Argument = string | number | Buffer;

/** A connection; ioredis's `Redis` fits it. */
export interface CommandClient {
  callBuffer(command: string, args: Argument[]): Promise<unknown>;
}

/** Arguments of one command, about. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** A reply that is a list; whoever asks knows of what. */
export async function listOf<Item>(
  client: CommandClient,
  command: string,
  ...args: Argument[]
): Promise<Item[]> {
  const reply = await client.callBuffer(command, args);
  return Array.isArray(reply) ? (reply as Item[]) : [];
}

/** `[name, value, name, value]`, as XINFO answers in RESP2. */
export function fieldsOf(reply: readonly unknown[]): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  for (let at = 0; at + 1 < reply.length; at += 2) fields.set(String(reply[at]), reply[at + 1]);
  return fields;
}

/** @throws InterrexError `TOO_LARGE` for what a node would close the connection for, with all that is on its way over it. */
export async function write(target: CommandClient, command: string, ...args: Argument[]): Promise<unknown> {
  for (const argument of args) {
    if (!Buffer.isBuffer(argument) || argument.length <= VALUE_BYTES_MAX) continue;
    throw new InterrexError(
      "TOO_LARGE",
      `${argument.length} bytes are above the limit of ${VALUE_BYTES_MAX} for one value`,
    );
  }
  return target.callBuffer(command, args);
}

/** `command key item item ...`, as often as it takes to send all items, `together` of them never parted. */
export async function writeAll(
  target: CommandClient,
  command: string,
  key: Buffer,
  items: readonly Buffer[],
  together: number,
): Promise<void> {
  let piece: Buffer[] = [];
  let bytes = 0;
  for (let at = 0; at < items.length; at += together) {
    for (const item of items.slice(at, at + together)) {
      piece.push(item);
      bytes += item.length;
    }
    if (bytes < PIECE_BYTES && at + together < items.length) continue;
    await write(target, command, key, ...piece);
    piece = [];
    bytes = 0;
  }
}
