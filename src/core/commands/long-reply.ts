/** Builds a reply whose length the client chooses and no data bounds, in no more memory than it is long. */
import { LongText } from "../../base/long-text.ts";
import type { CommandContext } from "./context.ts";
import { REPLY_TOO_LONG } from "./errors.ts";

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
  const reply = new LongText(head);
  for (const piece of pieces) {
    if (reply.length + piece.length > replyBytesMax) return REPLY_TOO_LONG;
    reply.add(piece);
  }
  return reply.toString();
}
