/** Hash commands. HSCAN and HRANDFIELD, which pick among the fields, are in hash-picks.ts. */
import { LongText } from "../../base/long-text.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import {
  arrayHeader,
  bulk,
  bulkOrNil,
  integer,
  mapHeader,
  nil,
  OK,
  ONE,
  ZERO,
} from "../../protocol/resp/reply.ts";
import type { Entry } from "../keyspace/entry.ts";
import { HashValue } from "../keyspace/hash-value.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { type Argv, arg, type CommandSpec, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { addLongDoubles, formatLongDouble, parseLongDouble } from "./long-double.ts";
import { addIntegers, parseInteger } from "./numbers.ts";

/** The hash at `key`; `undefined` when the key is absent, an encoded error when it holds something else. */
export function readHash(context: CommandContext, key: string): HashValue | undefined | string {
  const value = context.db.read(key)?.value;
  if (value === undefined || value instanceof HashValue) return value;
  return errors.WRONG_TYPE;
}

/** The hash at `key`, about to be changed: made if absent. An encoded error when the key holds something else. */
function changeHash(context: CommandContext, key: string, entry: Entry | undefined): HashValue | string {
  if (entry === undefined) {
    const hash = new HashValue();
    context.db.set(key, hash, 0);
    return hash;
  }
  if (!(entry.value instanceof HashValue)) return errors.WRONG_TYPE;
  context.db.beforeChange(key);
  return entry.value;
}

/** Sets all pairs. @returns how many fields are new, or an encoded error. */
function setFields(context: CommandContext, argv: Argv): number | string {
  const key = arg(argv, 1);
  const hash = changeHash(context, key, context.db.read(key));
  if (typeof hash === "string") return hash;
  let added = 0;
  for (let at = 2; at < argv.length; at += 2) if (hash.set(arg(argv, at), arg(argv, at + 1))) added += 1;
  context.propagateAsIs();
  context.notify(NOTIFY.hash, "hset", key);
  return added;
}

function hset(context: CommandContext, argv: Argv): string {
  if (argv.length % 2 !== 0) return errors.wrongArityReply("hset");
  const added = setFields(context, argv);
  return typeof added === "string" ? added : integer(added);
}

function hmset(context: CommandContext, argv: Argv): string {
  if (argv.length % 2 !== 0) return errors.wrongArityReply("hmset");
  const added = setFields(context, argv);
  return typeof added === "string" ? added : OK;
}

function hsetnx(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const known = readHash(context, key);
  if (typeof known === "string") return known;
  if (known?.has(arg(argv, 2)) === true) return ZERO;
  const added = setFields(context, argv);
  return typeof added === "string" ? added : ONE;
}

function hget(context: CommandContext, argv: Argv): string {
  const hash = readHash(context, arg(argv, 1));
  if (hash === undefined) return nil(context.version);
  return typeof hash === "string" ? hash : bulkOrNil(hash.get(arg(argv, 2)), context.version);
}

function hmget(context: CommandContext, argv: Argv): string {
  const hash = readHash(context, arg(argv, 1));
  if (typeof hash === "string") return hash;
  const reply = new LongText(arrayHeader(argv.length - 2));
  for (let at = 2; at < argv.length; at += 1) reply.add(bulkOrNil(hash?.get(arg(argv, at)), context.version));
  return reply.toString();
}

function hgetall(context: CommandContext, argv: Argv): string {
  const hash = readHash(context, arg(argv, 1));
  if (typeof hash === "string") return hash;
  const reply = new LongText(mapHeader(hash?.size ?? 0, context.version));
  hash?.addTo(reply, "both");
  return reply.toString();
}

function hkeys(context: CommandContext, argv: Argv): string {
  const hash = readHash(context, arg(argv, 1));
  if (typeof hash === "string") return hash;
  const reply = new LongText(arrayHeader(hash?.size ?? 0));
  hash?.addTo(reply, "fields");
  return reply.toString();
}

function hvals(context: CommandContext, argv: Argv): string {
  const hash = readHash(context, arg(argv, 1));
  if (typeof hash === "string") return hash;
  const reply = new LongText(arrayHeader(hash?.size ?? 0));
  hash?.addTo(reply, "values");
  return reply.toString();
}

function hdel(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  if (entry === undefined) return ZERO;
  const hash = entry.value;
  if (!(hash instanceof HashValue)) return errors.WRONG_TYPE;
  let deleted = 0;
  for (let at = 2; at < argv.length; at += 1) {
    const field = arg(argv, at);
    if (!hash.has(field)) continue;
    if (deleted === 0) context.db.beforeChange(key);
    hash.delete(field);
    deleted += 1;
  }
  if (deleted === 0) return ZERO;
  context.propagateAsIs();
  context.notify(NOTIFY.hash, "hdel", key);
  if (hash.size === 0) {
    context.db.remove(key);
    context.notify(NOTIFY.generic, "del", key);
  }
  return integer(deleted);
}

function hexists(context: CommandContext, argv: Argv): string {
  const hash = readHash(context, arg(argv, 1));
  if (typeof hash === "string") return hash;
  return hash?.has(arg(argv, 2)) === true ? ONE : ZERO;
}

function hlen(context: CommandContext, argv: Argv): string {
  const hash = readHash(context, arg(argv, 1));
  return typeof hash === "string" ? hash : integer(hash?.size ?? 0);
}

function hstrlen(context: CommandContext, argv: Argv): string {
  const hash = readHash(context, arg(argv, 1));
  return typeof hash === "string" ? hash : integer(hash?.get(arg(argv, 2))?.length ?? 0);
}

function hincrby(context: CommandContext, argv: Argv): string {
  const amount = parseInteger(arg(argv, 3));
  if (amount === undefined) return errors.NOT_AN_INTEGER;
  const known = readHash(context, arg(argv, 1));
  if (typeof known === "string") return known;
  const value = parseInteger(known?.get(arg(argv, 2)) ?? "0");
  if (value === undefined) return errors.HASH_VALUE_NOT_AN_INTEGER;
  const sum = addIntegers(value, amount);
  if (sum === undefined) return errors.OVERFLOW;
  setField(context, arg(argv, 1), arg(argv, 2), sum);
  context.notify(NOTIFY.hash, "hincrby", arg(argv, 1));
  return `:${sum}\r\n`;
}

function hincrbyfloat(context: CommandContext, argv: Argv): string {
  const amount = parseLongDouble(arg(argv, 3));
  if (amount === undefined) return errors.NOT_A_FLOAT;
  if (amount === "infinite") return errors.VALUE_NAN_OR_INFINITY;
  const known = readHash(context, arg(argv, 1));
  if (typeof known === "string") return known;
  const value = parseLongDouble(known?.get(arg(argv, 2)) ?? "0");
  if (value === undefined) return errors.HASH_VALUE_NOT_A_FLOAT;
  const sum = value === "infinite" ? undefined : addLongDoubles(value, amount);
  if (sum === undefined) return errors.NAN_OR_INFINITY;
  const result = formatLongDouble(sum);
  if (!context.fits(0, result.length)) return errors.REPLY_TOO_LONG;
  setField(context, arg(argv, 1), arg(argv, 2), result, result.length);
  context.notify(NOTIFY.hash, "hincrbyfloat", arg(argv, 1));
  return bulk(result);
}

/**
 * Sets one field of a key that holds a hash or nothing. Propagated as HSET: replicas do no arithmetic.
 *
 * @param foundBytes for what of it `fits` was asked.
 */
function setField(context: CommandContext, key: string, field: string, value: string, foundBytes = 0): void {
  const hash = changeHash(context, key, context.db.read(key));
  if (typeof hash === "string") return;
  hash.set(field, value);
  context.propagateFound(encodeCommand(["HSET", key, field, value]), foundBytes);
}

const WRITES = { flags: ["write", "denyoom", "fast"], keys: ONE_KEY, categories: ["hash"] } as const;
const READS = { flags: ["readonly", "fast"], keys: ONE_KEY, categories: ["hash"] } as const;
const SLOW_READS = { flags: ["readonly"], keys: ONE_KEY, categories: ["hash"] } as const;

export const HASH_COMMANDS: readonly CommandSpec[] = [
  { name: "hset", arity: -4, ...WRITES, handler: hset },
  { name: "hmset", arity: -4, ...WRITES, handler: hmset },
  { name: "hsetnx", arity: 4, ...WRITES, handler: hsetnx },
  { name: "hincrby", arity: 4, ...WRITES, handler: hincrby },
  { name: "hincrbyfloat", arity: 4, ...WRITES, handler: hincrbyfloat },
  {
    name: "hdel",
    arity: -3,
    flags: ["write", "fast"],
    keys: ONE_KEY,
    categories: ["hash"],
    handler: hdel,
  },
  { name: "hget", arity: 3, ...READS, handler: hget },
  { name: "hmget", arity: -3, ...READS, handler: hmget },
  { name: "hexists", arity: 3, ...READS, handler: hexists },
  { name: "hlen", arity: 2, ...READS, handler: hlen },
  { name: "hstrlen", arity: 3, ...READS, handler: hstrlen },
  { name: "hgetall", arity: 2, ...SLOW_READS, handler: hgetall },
  { name: "hkeys", arity: 2, ...SLOW_READS, handler: hkeys },
  { name: "hvals", arity: 2, ...SLOW_READS, handler: hvals },
];
