/** INCR and its kin: values are decimal strings, integers of 64 bits or extended-precision floats. */
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { bulk } from "../../protocol/resp/reply.ts";
import { exact } from "../keyspace/exact-integer.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { type Argv, arg, type CommandSpec, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { addLongDoubles, formatLongDouble, parseLongDouble } from "./long-double.ts";
import { addIntegers, INT64_MIN, parseInteger } from "./numbers.ts";
import { EMBEDDED_BYTES_MAX } from "./object.ts";

function increment(context: CommandContext, key: string, amount: number | bigint): string {
  const entry = context.db.read(key);
  let value: number | bigint = 0;
  if (entry !== undefined) {
    if (typeof entry.value !== "string") return errors.WRONG_TYPE;
    const parsed = parseInteger(entry.value);
    if (parsed === undefined) return errors.NOT_AN_INTEGER;
    value = parsed;
  }
  const sum = addIntegers(value, amount);
  if (sum === undefined) return errors.OVERFLOW;
  if (entry === undefined) context.db.set(key, sum, 0);
  else context.db.update(key, sum);
  context.propagateAsIs();
  context.notify(NOTIFY.string, "incrby", key);
  return `:${sum}\r\n`;
}

function incr(context: CommandContext, argv: Argv): string {
  return increment(context, arg(argv, 1), 1);
}

function decr(context: CommandContext, argv: Argv): string {
  return increment(context, arg(argv, 1), -1);
}

function incrby(context: CommandContext, argv: Argv): string {
  const amount = parseInteger(arg(argv, 2));
  return amount === undefined ? errors.NOT_AN_INTEGER : increment(context, arg(argv, 1), amount);
}

function decrby(context: CommandContext, argv: Argv): string {
  const amount = parseInteger(arg(argv, 2));
  if (amount === undefined) return errors.NOT_AN_INTEGER;
  if (amount === INT64_MIN) return errors.DECREMENT_OVERFLOW;
  return increment(context, arg(argv, 1), exact(-BigInt(amount)));
}

function incrbyfloat(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  const text = entry?.value ?? "0";
  if (typeof text !== "string") return errors.WRONG_TYPE;
  const value = parseLongDouble(text);
  const amount = parseLongDouble(arg(argv, 2));
  if (value === undefined || amount === undefined) return errors.NOT_A_FLOAT;
  if (value === "infinite" || amount === "infinite") return errors.NAN_OR_INFINITY;
  const sum = addLongDoubles(value, amount);
  if (sum === undefined) return errors.NAN_OR_INFINITY;
  const result = formatLongDouble(sum);
  // 1e4931 comes to thousands of digits.
  if (!context.fits(0, result.length)) return errors.REPLY_TOO_LONG;
  if (entry === undefined) context.db.set(key, result, 0);
  else context.db.update(key, result);
  context.db.noteForm(key, result.length <= EMBEDDED_BYTES_MAX ? "embstr" : "raw");
  context.propagateFound(encodeCommand(["SET", key, result, "KEEPTTL"]), result.length);
  context.notify(NOTIFY.string, "incrbyfloat", key);
  return bulk(result);
}

const SHARED = {
  flags: ["write", "denyoom", "fast"],
  keys: ONE_KEY,
  categories: ["string"],
} as const satisfies Partial<CommandSpec>;

export const COUNTER_COMMANDS: readonly CommandSpec[] = [
  { name: "incr", arity: 2, ...SHARED, handler: incr },
  { name: "decr", arity: 2, ...SHARED, handler: decr },
  { name: "incrby", arity: 3, ...SHARED, handler: incrby },
  { name: "decrby", arity: 3, ...SHARED, handler: decrby },
  { name: "incrbyfloat", arity: 3, ...SHARED, handler: incrbyfloat },
];
