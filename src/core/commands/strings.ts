/** String commands that get and set whole values, or parts of them; counters and bits have files of their own. */
import { flat } from "../../base/flat-text.ts";
import { LongText } from "../../base/long-text.ts";
import { arrayHeader, bulk, EMPTY_BULK, integer, nil, OK, ONE, ZERO } from "../../protocol/resp/reply.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { ALL_KEYS, type Argv, arg, type CommandSpec, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { expiryOf, parseStringOptions, type TimeUnit } from "./expire-options.ts";
import { parseIndex } from "./numbers.ts";
import { EMBEDDED_BYTES_MAX } from "./object.ts";

/**
 * Longest value. Redis's 512 MB is more than a JS string holds; with half of it a reply or a record that carries the
 * value still fits into one.
 */
export const VALUE_BYTES_MAX: number = 256 * 1024 * 1024;

function get(context: CommandContext, argv: Argv): string {
  const entry = context.db.read(arg(argv, 1));
  if (entry === undefined) return nil(context.version);
  return typeof entry.value === "string" ? bulk(entry.value) : errors.WRONG_TYPE;
}

function set(context: CommandContext, argv: Argv): string {
  if (argv.length === 3) {
    context.db.set(arg(argv, 1), arg(argv, 2), 0);
    context.propagateAsIs();
    context.notify(NOTIFY.string, "set", arg(argv, 1));
    return OK;
  }
  return setWithOptions(context, argv);
}

function setWithOptions(context: CommandContext, argv: Argv): string {
  const { db } = context;
  const key = arg(argv, 1);
  const value = arg(argv, 2);
  const options = parseStringOptions(argv, 3, "set");
  if (options === undefined) return errors.SYNTAX_ERROR;
  const expireAtMs = options.expiry === undefined ? 0 : expiryOf(options.expiry, context.nowMs, "set");
  if (typeof expireAtMs === "string") return expireAtMs;
  const known = db.read(key);
  if (options.get && known === undefined) context.notify(NOTIFY.miss, "keymiss", key);
  if (options.get && known !== undefined && typeof known.value !== "string") return errors.WRONG_TYPE;
  const old = options.get && typeof known?.value === "string" ? bulk(known.value) : nil(context.version);
  if (options.condition !== undefined && (known === undefined) === (options.condition === "XX")) return old;
  if (options.keepTtl) {
    db.set(key, value, known === undefined ? 0 : known.expireAtMs);
    context.propagate("SET", key, value, "KEEPTTL");
    context.notify(NOTIFY.string, "set", key);
  } else {
    db.set(key, value, expireAtMs);
    propagateSet(context, key, value, expireAtMs);
  }
  return options.get ? old : OK;
}

function propagateSet(context: CommandContext, key: string, value: string, expireAtMs: number): void {
  if (expireAtMs === 0) context.propagate("SET", key, value);
  else context.propagate("SET", key, value, "PXAT", String(expireAtMs));
  context.notify(NOTIFY.string, "set", key);
  if (expireAtMs !== 0) context.notify(NOTIFY.generic, "expire", key);
}

function setnx(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  if (context.db.read(key) !== undefined) return ZERO;
  context.db.set(key, arg(argv, 2), 0);
  propagateSet(context, key, arg(argv, 2), 0);
  return ONE;
}

function setExpiring(unit: TimeUnit, command: string) {
  return (context: CommandContext, argv: Argv): string => {
    const expireAtMs = expiryOf({ unit, text: arg(argv, 2) }, context.nowMs, command);
    if (typeof expireAtMs === "string") return expireAtMs;
    context.db.set(arg(argv, 1), arg(argv, 3), expireAtMs);
    propagateSet(context, arg(argv, 1), arg(argv, 3), expireAtMs);
    return OK;
  };
}

function getset(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const known = context.db.read(key);
  if (known === undefined) context.notify(NOTIFY.miss, "keymiss", key);
  else if (typeof known.value !== "string") return errors.WRONG_TYPE;
  const old = known === undefined ? nil(context.version) : bulk(known.value as string);
  context.db.set(key, arg(argv, 2), 0);
  propagateSet(context, key, arg(argv, 2), 0);
  return old;
}

function getex(context: CommandContext, argv: Argv): string {
  const { db } = context;
  const key = arg(argv, 1);
  const options = parseStringOptions(argv, 2, "getex");
  if (options === undefined) return errors.SYNTAX_ERROR;
  const entry = db.read(key);
  if (entry === undefined) return missed(context, key);
  if (typeof entry.value !== "string") return errors.WRONG_TYPE;
  const reply = bulk(entry.value);
  if (options.persist && entry.expireAtMs !== 0) {
    db.setExpiry(key, 0);
    context.propagate("PERSIST", key);
    context.notify(NOTIFY.generic, "persist", key);
  }
  if (options.expiry === undefined) return reply;
  const expireAtMs = expiryOf(options.expiry, context.nowMs, "getex");
  if (typeof expireAtMs === "string") return expireAtMs;
  if (expireAtMs <= context.nowMs) {
    db.remove(key);
    context.propagate("DEL", key);
    context.notify(NOTIFY.generic, "del", key);
  } else {
    db.setExpiry(key, expireAtMs);
    context.propagate("PEXPIREAT", key, String(expireAtMs));
    context.notify(NOTIFY.generic, "expire", key);
  }
  return reply;
}

function getdel(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  if (entry === undefined) return missed(context, key);
  if (typeof entry.value !== "string") return errors.WRONG_TYPE;
  context.db.remove(key);
  context.propagate("DEL", key);
  context.notify(NOTIFY.generic, "del", key);
  return bulk(entry.value);
}

/** The reply of a command that may write, and has read an absent key. */
function missed(context: CommandContext, key: string): string {
  context.notify(NOTIFY.miss, "keymiss", key);
  return nil(context.version);
}

function mget(context: CommandContext, argv: Argv): string {
  const reply = new LongText(arrayHeader(argv.length - 1));
  for (let at = 1; at < argv.length; at += 1) {
    const value = context.db.read(arg(argv, at))?.value;
    reply.add(typeof value === "string" ? bulk(value) : nil(context.version));
  }
  return reply.toString();
}

function mset(context: CommandContext, argv: Argv): string {
  if (argv.length % 2 === 0) return errors.wrongArityReply("mset");
  setAll(context, argv);
  return OK;
}

function msetnx(context: CommandContext, argv: Argv): string {
  if (argv.length % 2 === 0) return errors.wrongArityReply("msetnx");
  for (let at = 1; at < argv.length; at += 2) {
    if (context.db.read(arg(argv, at)) !== undefined) return ZERO;
  }
  setAll(context, argv);
  return ONE;
}

function setAll(context: CommandContext, argv: Argv): void {
  for (let at = 1; at < argv.length; at += 2) {
    context.db.set(arg(argv, at), arg(argv, at + 1), 0);
    context.notify(NOTIFY.string, "set", arg(argv, at));
  }
  context.propagateAsIs();
}

function append(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const addition = arg(argv, 2);
  const entry = context.db.read(key);
  if (entry === undefined) {
    context.db.set(key, addition, 0);
    context.propagateAsIs();
    context.notify(NOTIFY.string, "append", key);
    return integer(addition.length);
  }
  if (typeof entry.value !== "string") return errors.WRONG_TYPE;
  const length = entry.value.length + addition.length;
  if (length > VALUE_BYTES_MAX) return errors.STRING_TOO_LONG;
  context.db.update(key, extended(entry.value, addition));
  noteEdited(context, key, length);
  context.propagateAsIs();
  context.notify(NOTIFY.string, "append", key);
  return integer(length);
}

/**
 * V8 keeps a sum of texts as its two parts until somebody looks into it: a value that is appended to and never read would cost
 * an object for each addition. It is copied together whenever it has grown by about an eighth, so that an addition costs
 * some bytes more, whatever the length.
 */
function extended(value: string, addition: string): string {
  const sum = value + addition;
  const eighth = 2 ** Math.max(0, 28 - Math.clz32(value.length));
  return Math.floor(value.length / eighth) === Math.floor(sum.length / eighth) ? sum : flat(sum);
}

function strlen(context: CommandContext, argv: Argv): string {
  const entry = context.db.read(arg(argv, 1));
  if (entry === undefined) return ZERO;
  return typeof entry.value === "string" ? integer(entry.value.length) : errors.WRONG_TYPE;
}

function getrange(context: CommandContext, argv: Argv): string {
  let start = parseIndex(arg(argv, 2));
  let end = parseIndex(arg(argv, 3));
  if (start === undefined || end === undefined) return errors.NOT_AN_INTEGER;
  const entry = context.db.read(arg(argv, 1));
  if (entry === undefined) return EMPTY_BULK;
  if (typeof entry.value !== "string") return errors.WRONG_TYPE;
  if (start < 0 && end < 0 && start > end) return EMPTY_BULK;
  const length = entry.value.length;
  if (start < 0) start = Math.max(0, length + start);
  if (end < 0) end = Math.max(0, length + end);
  return bulk(entry.value.slice(start, end + 1));
}

function setrange(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const offset = parseIndex(arg(argv, 2));
  const part = arg(argv, 3);
  if (offset === undefined) return errors.NOT_AN_INTEGER;
  if (offset < 0) return errors.OFFSET_OUT_OF_RANGE;
  const entry = context.db.read(key);
  const value = entry?.value ?? "";
  if (typeof value !== "string") return errors.WRONG_TYPE;
  if (part.length === 0) return integer(value.length);
  if (offset + part.length > VALUE_BYTES_MAX) return errors.STRING_TOO_LONG;
  const changed = value.padEnd(offset, "\0").slice(0, offset) + part + value.slice(offset + part.length);
  if (entry === undefined) context.db.set(key, changed, 0);
  else context.db.update(key, changed);
  noteEdited(context, key, changed.length);
  context.propagateAsIs();
  context.notify(NOTIFY.string, "setrange", key);
  return integer(changed.length);
}

/** After a change in place: OBJECT ENCODING says so of a short string. */
export function noteEdited(context: CommandContext, key: string, length: number): void {
  if (length <= EMBEDDED_BYTES_MAX) context.db.noteForm(key, "raw");
}

const CATEGORIES = ["string"];

export const STRING_COMMANDS: readonly CommandSpec[] = [
  { name: "get", arity: 2, flags: ["readonly", "fast"], keys: ONE_KEY, categories: CATEGORIES, handler: get },
  {
    name: "set",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: set,
  },
  {
    name: "setnx",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: setnx,
  },
  {
    name: "setex",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: setExpiring("EX", "setex"),
  },
  {
    name: "psetex",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: setExpiring("PX", "psetex"),
  },
  {
    name: "getset",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: getset,
  },
  {
    name: "getex",
    arity: -2,
    flags: ["write", "fast"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: getex,
  },
  {
    name: "getdel",
    arity: 2,
    flags: ["write", "fast"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: getdel,
  },
  {
    name: "mget",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: ALL_KEYS,
    categories: CATEGORIES,
    handler: mget,
  },
  {
    name: "mset",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: { first: 1, last: -1, step: 2 },
    categories: CATEGORIES,
    handler: mset,
  },
  {
    name: "msetnx",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: { first: 1, last: -1, step: 2 },
    categories: CATEGORIES,
    handler: msetnx,
  },
  {
    name: "append",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: append,
  },
  {
    name: "strlen",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: strlen,
  },
  {
    name: "getrange",
    arity: 4,
    flags: ["readonly"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: getrange,
  },
  { name: "substr", arity: 4, flags: ["readonly"], keys: ONE_KEY, categories: CATEGORIES, handler: getrange },
  {
    name: "setrange",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: setrange,
  },
];
