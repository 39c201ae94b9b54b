/** Looks at a key that a command combines into another one. */
import type { Entry } from "../keyspace/entry.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import type { CommandContext } from "./context.ts";

/** As `read`; that the key is absent is told as a miss also by commands that write, which otherwise tell of none. */
export function readSource(context: CommandContext, key: string): Entry | undefined {
  const entry = context.db.read(key);
  if (entry === undefined && !context.keyspace.onlyReads) context.notify(NOTIFY.miss, "keymiss", key);
  return entry;
}
