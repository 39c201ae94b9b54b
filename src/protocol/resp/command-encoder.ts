/**
 * Encodes a command as a RESP array of bulk strings: what clients send, and what log records and snapshots hold.
 * It looks at no argument.
 */
import { flat } from "../../base/flat-text.ts";
import { arrayHeader, bulkHeader } from "./reply.ts";

/** Of so many arguments a text is made before more are added: one of millions of small ones would be a tree of as many nodes. */
const ARGUMENTS_PER_PIECE = 1024;

/** @param argv the command's name and its arguments, latin1. */
export function encodeCommand(argv: readonly string[]): string {
  const header = arrayHeader(argv.length);
  if (argv.length <= ARGUMENTS_PER_PIECE) return encodeArguments(header, argv, 0, argv.length);
  const pieces = [header];
  for (let from = 0; from < argv.length; from += ARGUMENTS_PER_PIECE) {
    const to = Math.min(argv.length, from + ARGUMENTS_PER_PIECE);
    pieces.push(flat(encodeArguments("", argv, from, to)));
  }
  return pieces.join("");
}

function encodeArguments(before: string, argv: readonly string[], from: number, to: number): string {
  let text = before;
  for (let at = from; at < to; at += 1) {
    const argument = argv[at] as string;
    text += `${bulkHeader(argument.length) + argument}\r\n`;
  }
  return text;
}
