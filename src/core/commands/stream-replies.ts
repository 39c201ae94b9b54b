/** Replies that hold entries of a stream. It looks at no key. */
import { LongText } from "../../base/long-text.ts";
import { arrayHeader, bulk, bulkArray } from "../../protocol/resp/reply.ts";
import { formatId } from "../keyspace/stream-id.ts";
import type { StreamEntry } from "../keyspace/stream-node.ts";

/**
 * From so many bytes on, a command that also changes something gives no further entry: as if the rest were yet to come.
 * One more entry still fits into a string of V8 then.
 */
export const ENOUGH_BYTES: number = 128 * 1024 * 1024;

export function entryReply({ id, pairs }: StreamEntry): string {
  return arrayHeader(2) + bulk(formatId(id)) + bulkArray(pairs);
}

/** @param countMax 0 for all. */
export function entriesReply(entries: Iterable<StreamEntry>, countMax: number): string {
  let count = 0;
  const text = new LongText();
  for (const entry of entries) {
    text.add(entryReply(entry));
    count += 1;
    if (count === countMax) break;
  }
  return arrayHeader(count) + text.toString();
}
