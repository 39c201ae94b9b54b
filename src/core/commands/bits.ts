/**
 * Bit commands on strings. Values are immutable JS strings, so SETBIT costs a copy of the value; a bitmap type of its
 * own would have to come with a `Collection`.
 */
import { integer, ZERO } from "../../protocol/resp/reply.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { type Argv, arg, type CommandSpec, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseIndex, parseInteger } from "./numbers.ts";
import { noteEdited, VALUE_BYTES_MAX } from "./strings.ts";

const BIT_OFFSET_MAX = 2 ** 32 - 1;

function popcount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

const POPCOUNTS = Uint8Array.from({ length: 256 }, (_, byte) => popcount(byte));

function parseBitOffset(text: string): number | undefined {
  const offset = parseIndex(text);
  return offset === undefined || offset < 0 || offset > BIT_OFFSET_MAX ? undefined : offset;
}

/** Bits count from the most significant one of the first byte. */
function bitAt(value: string, offset: number): number {
  const at = Math.floor(offset / 8);
  return at < value.length ? (value.charCodeAt(at) >> (7 - (offset % 8))) & 1 : 0;
}

function setbit(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const offset = parseBitOffset(arg(argv, 2));
  if (offset === undefined) return errors.BIT_OFFSET_OUT_OF_RANGE;
  const bit = arg(argv, 3);
  if (bit !== "0" && bit !== "1") return errors.BIT_OUT_OF_RANGE;
  const entry = context.db.read(key);
  const value = entry?.value ?? "";
  if (typeof value !== "string") return errors.WRONG_TYPE;
  const at = Math.floor(offset / 8);
  if (at >= VALUE_BYTES_MAX) return errors.STRING_TOO_LONG;
  const old = bitAt(value, offset);
  if (at < value.length && old === Number(bit)) {
    noteEdited(context, key, value.length);
    return integer(old);
  }
  const mask = 1 << (7 - (offset % 8));
  const byte = at < value.length ? value.charCodeAt(at) : 0;
  const changed = String.fromCharCode(bit === "1" ? byte | mask : byte & ~mask);
  const result = value.padEnd(at, "\0").slice(0, at) + changed + value.slice(at + 1);
  if (entry === undefined) context.db.set(key, result, 0);
  else context.db.update(key, result);
  noteEdited(context, key, result.length);
  context.propagateAsIs();
  context.notify(NOTIFY.string, "setbit", key);
  return integer(old);
}

function getbit(context: CommandContext, argv: Argv): string {
  const offset = parseBitOffset(arg(argv, 2));
  if (offset === undefined) return errors.BIT_OFFSET_OUT_OF_RANGE;
  const value = context.db.read(arg(argv, 1))?.value ?? "";
  return typeof value === "string" ? integer(bitAt(value, offset)) : errors.WRONG_TYPE;
}

interface BitRange {
  /** First and last bit, both included; empty when `first > last`. */
  readonly first: number;
  readonly last: number;
}

/** `[start [end [BYTE|BIT]]]` from `argv[from]`. @returns the range, or an encoded error. */
function parseRange(argv: Argv, from: number, length: number, unitFirst: boolean): BitRange | string {
  if (argv.length > from + 3) return errors.SYNTAX_ERROR;
  let start = argv.length > from ? parseIndex(arg(argv, from)) : 0;
  let end = argv.length > from + 1 ? parseIndex(arg(argv, from + 1)) : -1;
  const unit = argv.length > from + 2 ? arg(argv, from + 2).toUpperCase() : "BYTE";
  const badUnit = unit !== "BYTE" && unit !== "BIT";
  // Of several mistakes Redis names another one in BITPOS than in BITCOUNT.
  if (start === undefined || (end === undefined && !(unitFirst && badUnit))) return errors.NOT_AN_INTEGER;
  if (end === undefined) return errors.SYNTAX_ERROR;
  const empty = start < 0 && end < 0 && start > end;
  if (empty && !unitFirst) return { first: 0, last: -1 };
  if (badUnit) return errors.SYNTAX_ERROR;
  const total = unit === "BIT" ? length * 8 : length;
  if (start < 0) start = Math.max(0, total + start);
  if (end < 0) end = Math.max(0, total + end);
  end = Math.min(end, total - 1);
  return unit === "BIT" ? { first: start, last: end } : { first: start * 8, last: end * 8 + 7 };
}

function bitcount(context: CommandContext, argv: Argv): string {
  const value = context.db.read(arg(argv, 1))?.value;
  if (value === undefined) return ZERO;
  if (typeof value !== "string") return errors.WRONG_TYPE;
  if (argv.length === 3) return errors.SYNTAX_ERROR;
  const range = parseRange(argv, 2, value.length, false);
  if (typeof range === "string") return range;
  if (range.first > range.last) return ZERO;
  const firstByte = range.first >> 3;
  const lastByte = Math.floor(range.last / 8);
  let count = 0;
  for (let at = firstByte; at <= lastByte; at += 1) {
    let byte = value.charCodeAt(at);
    if (at === firstByte) byte &= 0xff >> (range.first % 8);
    if (at === lastByte) byte &= 0xff << (7 - (range.last % 8));
    count += POPCOUNTS[byte & 0xff] ?? 0;
  }
  return integer(count);
}

function bitpos(context: CommandContext, argv: Argv): string {
  const bit = parseInteger(arg(argv, 2));
  if (bit === undefined) return errors.NOT_AN_INTEGER;
  if (bit !== 0 && bit !== 1) return errors.BIT_ARGUMENT;
  const value = context.db.read(arg(argv, 1))?.value;
  if (value === undefined) return integer(bit === 1 ? -1 : 0);
  if (typeof value !== "string") return errors.WRONG_TYPE;
  const range = parseRange(argv, 3, value.length, true);
  if (typeof range === "string") return range;
  if (range.first > range.last) return integer(-1);
  const found = findBit(value, bit, range);
  if (found !== undefined) return integer(found);
  // A clear bit is then found right after the string, unless the client has said where to end.
  return integer(bit === 0 && argv.length < 5 ? value.length * 8 : -1);
}

function findBit(value: string, bit: number, range: BitRange): number | undefined {
  const skipped = bit === 1 ? 0 : 0xff;
  let offset = range.first;
  while (offset <= range.last) {
    if (offset % 8 === 0 && value.charCodeAt(Math.floor(offset / 8)) === skipped) {
      offset += 8;
    } else if (bitAt(value, offset) === bit) {
      return offset;
    } else {
      offset += 1;
    }
  }
  return undefined;
}

const OPERATIONS: ReadonlyMap<string, (one: number, other: number) => number> = new Map([
  ["AND", (one: number, other: number) => one & other],
  ["OR", (one: number, other: number) => one | other],
  ["XOR", (one: number, other: number) => one ^ other],
]);

function bitop(context: CommandContext, argv: Argv): string {
  const { db } = context;
  const name = arg(argv, 1).toUpperCase();
  const operation = OPERATIONS.get(name);
  if (operation === undefined && name !== "NOT") return errors.SYNTAX_ERROR;
  if (name === "NOT" && argv.length !== 4) return errors.BITOP_NOT_ARITY;
  const sources: string[] = [];
  for (let at = 3; at < argv.length; at += 1) {
    const entry = db.read(arg(argv, at));
    if (entry === undefined) context.notify(NOTIFY.miss, "keymiss", arg(argv, at));
    const value = entry?.value ?? "";
    if (typeof value !== "string") return errors.WRONG_TYPE;
    sources.push(value);
  }
  const target = arg(argv, 2);
  const result = combine(sources, operation);
  if (result.length > 0) {
    db.set(target, result, 0);
    noteEdited(context, target, result.length);
    context.propagateAsIs();
    context.notify(NOTIFY.string, "set", target);
    return integer(result.length);
  }
  const known = db.read(target);
  if (known !== undefined) {
    db.remove(target);
    context.propagate("DEL", target);
    context.notify(NOTIFY.generic, "del", target);
  }
  return ZERO;
}

/** Shorter sources count as padded with zeros. Without an operation: NOT of the only source. */
function combine(
  sources: readonly string[],
  operation: ((one: number, other: number) => number) | undefined,
): string {
  const length = sources.reduce((longest, source) => Math.max(longest, source.length), 0);
  const result = Buffer.alloc(length);
  const [first = "", ...others] = sources;
  result.write(first, "latin1");
  if (operation === undefined) {
    for (let at = 0; at < length; at += 1) result[at] = ~(result[at] ?? 0);
  } else {
    for (const other of others) {
      for (let at = 0; at < length; at += 1) {
        result[at] = operation(result[at] ?? 0, at < other.length ? other.charCodeAt(at) : 0);
      }
    }
  }
  return result.toString("latin1");
}

const CATEGORIES = ["bitmap"];

export const BIT_COMMANDS: readonly CommandSpec[] = [
  {
    name: "setbit",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: setbit,
  },
  {
    name: "getbit",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: getbit,
  },
  {
    name: "bitcount",
    arity: -2,
    flags: ["readonly"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: bitcount,
  },
  { name: "bitpos", arity: -3, flags: ["readonly"], keys: ONE_KEY, categories: CATEGORIES, handler: bitpos },
  {
    name: "bitop",
    arity: -4,
    flags: ["write", "denyoom"],
    keys: { first: 2, last: -1, step: 1 },
    categories: CATEGORIES,
    handler: bitop,
  },
];
