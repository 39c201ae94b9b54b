/**
 * Encodes a command as a RESP array of bulk strings: what clients send, and what log records and snapshots hold.
 * It looks at no argument.
 */
import { arrayHeader, bulkHeader } from "./reply.ts";

/** @param argv the command's name and its arguments, latin1. */
export function encodeCommand(argv: readonly string[]): string {
  let text = arrayHeader(argv.length);
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at] as string;
    text += `${bulkHeader(argument.length) + argument}\r\n`;
  }
  return text;
}
