/** What the STORE forms of set and sorted set commands do with their result. */
import { integer, ZERO } from "../../protocol/resp/reply.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import type { SetValue } from "../keyspace/set-value.ts";
import type { ZsetValue } from "../keyspace/zset-value.ts";
import type { CommandContext } from "./context.ts";

/**
 * Makes `key` hold `result`, or nothing when that is empty.
 *
 * @param event what a result is called for subscribers.
 * @returns the reply: how many members.
 */
export function storeResult(
  context: CommandContext,
  key: string,
  result: SetValue | ZsetValue,
  event: string,
): string {
  const { db } = context;
  if (result.size > 0) {
    db.set(key, result, 0);
    context.propagateAsIs();
    context.notify(NOTIFY[result.type], event, key);
    return integer(result.size);
  }
  const entry = db.read(key);
  if (entry === undefined) return ZERO;
  db.remove(key);
  context.propagateAsIs();
  context.notify(NOTIFY.generic, "del", key);
  return ZERO;
}
