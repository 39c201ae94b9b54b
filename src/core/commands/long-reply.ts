/** Builds a reply whose length the client chooses and no data bounds, in no more memory than it is long. */
import type { CommandContext } from "./context.ts";
import { REPLY_TOO_LONG } from "./errors.ts";

/** V8 keeps a text that grows by small ones as a tree of ten times its size; of so many it makes one. */
const PIECES_AT_ONCE = 1024;
/** `$0`, its line's end, and that of no text. */
const PIECE_BYTES_MIN = 6;

/**
 * @param count how many `pieces` there are; they are asked for one by one.
 * @returns the reply, or an error when it would be too long: at once, where the count alone says so.
 */
export function longReply(
  context: CommandContext,
  head: string,
  count: number,
  pieces: Iterable<string>,
): string {
  const { replyBytesMax } = context.bounds;
  if (count * PIECE_BYTES_MIN > replyBytesMax) return REPLY_TOO_LONG;
  let reply = head;
  let loose: string[] = [];
  let bytes = head.length;
  for (const piece of pieces) {
    bytes += piece.length;
    if (bytes > replyBytesMax) return REPLY_TOO_LONG;
    loose.push(piece);
    if (loose.length < PIECES_AT_ONCE) continue;
    reply += loose.join("");
    loose = [];
  }
  return reply + loose.join("");
}
