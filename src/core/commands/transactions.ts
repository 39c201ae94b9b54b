/**
 * MULTI, EXEC, DISCARD, WATCH, UNWATCH. EXEC runs its commands one after the other with nothing in between, and all
 * their effects make one record. The dispatcher does the queueing.
 */
import { LongText } from "../../base/long-text.ts";
import { arrayHeader, nilArray, OK } from "../../protocol/resp/reply.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { ClientSession } from "../session.ts";
import { ALL_KEYS, type Argv, arg, type CommandSpec, type Flag } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";

function multi(context: CommandContext): string {
  if (context.session.transaction !== null) return errors.NESTED_MULTI;
  context.session.transaction = { queue: [], bytes: 0, flags: 0, failed: false };
  return OK;
}

function exec(context: CommandContext): string {
  const { keyspace, session } = context;
  const transaction = session.transaction;
  if (transaction === null) return errors.EXEC_WITHOUT_MULTI;
  const aborted = hasWatchedChange(context);
  discardTransaction(keyspace, session);
  if (transaction.failed) return errors.EXEC_ABORTED;
  if (aborted) return nilArray(context.version);
  const reply = new LongText(arrayHeader(transaction.queue.length));
  let tooLong = false;
  context.inExec = true;
  for (const queued of transaction.queue) {
    const part = context.runQueued(queued.command, queued.argv);
    // All commands run nevertheless: only their replies are lost.
    tooLong ||= reply.length + part.length > context.bounds.replyBytesMax;
    if (!tooLong) reply.add(part);
  }
  context.inExec = false;
  return tooLong ? errors.REPLY_TOO_LONG : reply.toString();
}

function discard(context: CommandContext): string {
  if (context.session.transaction === null) return errors.DISCARD_WITHOUT_MULTI;
  discardTransaction(context.keyspace, context.session);
  return OK;
}

function watch(context: CommandContext, argv: Argv): string {
  const { session, db } = context;
  if (session.transaction !== null) return errors.WATCH_INSIDE_MULTI;
  for (let at = 1; at < argv.length; at += 1) {
    const key = arg(argv, at);
    if (session.watched.some((watched) => watched.key === key && watched.db === session.db)) continue;
    const watched = { watcher: session, db: session.db, key, expired: db.isKeyExpired(key) };
    session.watched.push(watched);
    db.watches.add(watched);
  }
  return OK;
}

function unwatch(context: CommandContext): string {
  unwatchAll(context.keyspace, context.session);
  return OK;
}

/** Whether EXEC must abort. The reply has then seen what made it so, or else all that is watched. */
function hasWatchedChange(context: CommandContext): boolean {
  const { keyspace, session } = context;
  if (session.dirty) {
    keyspace.saw(session.dirtyOffset);
    return true;
  }
  return session.watched.some((watched) => {
    if (watched.expired) return false;
    const database = keyspace.database(watched.db);
    if (!database.isKeyExpired(watched.key)) return false;
    database.noteLook(watched.key);
    return true;
  });
}

function unwatchAll(keyspace: Keyspace, session: ClientSession): void {
  for (const watched of session.watched) keyspace.database(watched.db).watches.remove(watched);
  session.watched = [];
  session.dirty = false;
}

/** Ends MULTI, and with it all watches. */
export function discardTransaction(keyspace: Keyspace, session: ClientSession): void {
  session.transaction = null;
  unwatchAll(keyspace, session);
}

const FLAGS: readonly Flag[] = ["noscript", "loading", "stale", "fast", "allow_busy"];
const CATEGORIES = ["transaction"];

export const TRANSACTION_COMMANDS: readonly CommandSpec[] = [
  { name: "multi", arity: 1, flags: FLAGS, categories: CATEGORIES, handler: multi, unqueued: true },
  {
    name: "exec",
    arity: 1,
    flags: ["noscript", "loading", "stale", "skip_slowlog"],
    categories: CATEGORIES,
    handler: exec,
    unqueued: true,
  },
  { name: "discard", arity: 1, flags: FLAGS, categories: CATEGORIES, handler: discard, unqueued: true },
  {
    name: "watch",
    arity: -2,
    flags: FLAGS,
    keys: ALL_KEYS,
    categories: CATEGORIES,
    handler: watch,
    unqueued: true,
  },
  { name: "unwatch", arity: 1, flags: FLAGS, categories: CATEGORIES, handler: unwatch },
];
