/** Set commands on the members of one set, and SMOVE. What combines sets, or picks among members, has its own file. */
import { LongText } from "../../base/long-text.ts";
import { arrayHeader, bulk, integer, ONE, setHeader, ZERO } from "../../protocol/resp/reply.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { SetValue } from "../keyspace/set-value.ts";
import { type Argv, arg, type CommandSpec, ONE_KEY, TWO_KEYS } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";

/** The set at `key`; `undefined` when the key is absent, an encoded error when it holds something else. */
export function readSet(context: CommandContext, key: string): SetValue | undefined | string {
  const value = context.db.read(key)?.value;
  if (value === undefined || value instanceof SetValue) return value;
  return errors.WRONG_TYPE;
}

/** A reply of all members. */
export function membersReply(context: CommandContext, set: SetValue | undefined): string {
  const size = set?.size ?? 0;
  const reply = new LongText(setHeader(size, context.version));
  for (let at = 0; at < size; at += 1) reply.add(bulk(set?.at(at) ?? ""));
  return reply.toString();
}

function sadd(context: CommandContext, argv: Argv): string {
  const { db } = context;
  const key = arg(argv, 1);
  const entry = db.read(key);
  const set = entry === undefined ? new SetValue() : entry.value;
  if (!(set instanceof SetValue)) return errors.WRONG_TYPE;
  let added = 0;
  for (let at = 2; at < argv.length; at += 1) {
    const member = arg(argv, at);
    if (added === 0 && entry !== undefined) {
      if (set.has(member)) continue;
      db.beforeChange(key);
    }
    if (set.add(member)) added += 1;
  }
  if (added === 0) return ZERO;
  if (entry === undefined) db.set(key, set, 0);
  context.propagateAsIs();
  context.notify(NOTIFY.set, "sadd", key);
  return integer(added);
}

function srem(context: CommandContext, argv: Argv): string {
  const { db } = context;
  const key = arg(argv, 1);
  const entry = db.read(key);
  if (entry === undefined) return ZERO;
  const set = entry.value;
  if (!(set instanceof SetValue)) return errors.WRONG_TYPE;
  let removed = 0;
  for (let at = 2; at < argv.length; at += 1) {
    const member = arg(argv, at);
    if (removed === 0) {
      if (!set.has(member)) continue;
      db.beforeChange(key);
    }
    if (set.delete(member)) removed += 1;
  }
  if (removed === 0) return ZERO;
  context.propagateAsIs();
  context.notify(NOTIFY.set, "srem", key);
  if (set.size === 0) {
    db.remove(key);
    context.notify(NOTIFY.generic, "del", key);
  }
  return integer(removed);
}

function smove(context: CommandContext, argv: Argv): string {
  const { db } = context;
  const from = arg(argv, 1);
  const to = arg(argv, 2);
  const member = arg(argv, 3);
  const source = db.read(from);
  const target = db.read(to);
  if (source === undefined) return ZERO;
  const left = source.value;
  const joined = target === undefined ? new SetValue() : target.value;
  if (!(left instanceof SetValue && joined instanceof SetValue)) return errors.WRONG_TYPE;
  if (!left.has(member)) return ZERO;
  if (left === joined) return ONE;
  db.beforeChange(from);
  left.delete(member);
  context.propagateAsIs();
  context.notify(NOTIFY.set, "srem", from);
  if (left.size === 0) {
    db.remove(from);
    context.notify(NOTIFY.generic, "del", from);
  }
  if (joined.has(member)) return ONE;
  if (target !== undefined) db.beforeChange(to);
  joined.add(member);
  if (target === undefined) db.set(to, joined, 0);
  context.notify(NOTIFY.set, "sadd", to);
  return ONE;
}

function smembers(context: CommandContext, argv: Argv): string {
  const set = readSet(context, arg(argv, 1));
  return typeof set === "string" ? set : membersReply(context, set);
}

function scard(context: CommandContext, argv: Argv): string {
  const set = readSet(context, arg(argv, 1));
  return typeof set === "string" ? set : integer(set?.size ?? 0);
}

function sismember(context: CommandContext, argv: Argv): string {
  const set = readSet(context, arg(argv, 1));
  if (typeof set === "string") return set;
  return set?.has(arg(argv, 2)) === true ? ONE : ZERO;
}

function smismember(context: CommandContext, argv: Argv): string {
  const set = readSet(context, arg(argv, 1));
  if (typeof set === "string") return set;
  let reply = arrayHeader(argv.length - 2);
  for (let at = 2; at < argv.length; at += 1) reply += set?.has(arg(argv, at)) === true ? ONE : ZERO;
  return reply;
}

const OF_SETS = { keys: ONE_KEY, categories: ["set"] } as const;
const FAST_READS = { ...OF_SETS, flags: ["readonly", "fast"] } as const;

export const SET_COMMANDS: readonly CommandSpec[] = [
  { name: "sadd", arity: -3, ...OF_SETS, flags: ["write", "denyoom", "fast"], handler: sadd },
  { name: "srem", arity: -3, ...OF_SETS, flags: ["write", "fast"], handler: srem },
  {
    name: "smove",
    arity: 4,
    flags: ["write", "fast"],
    keys: TWO_KEYS,
    categories: ["set"],
    handler: smove,
  },
  { name: "smembers", arity: 2, ...OF_SETS, flags: ["readonly"], handler: smembers },
  { name: "scard", arity: 2, ...FAST_READS, handler: scard },
  { name: "sismember", arity: 3, ...FAST_READS, handler: sismember },
  { name: "smismember", arity: -3, ...FAST_READS, handler: smismember },
];
