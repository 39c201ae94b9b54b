/** List commands on one key. What moves elements between lists, or waits for them, is in list-moves.ts and list-pops.ts. */
import { LongText } from "../../base/long-text.ts";
import {
  arrayHeader,
  bulk,
  bulkArray,
  bulkHeader,
  EMPTY_ARRAY,
  integer,
  nil,
  nilArray,
  OK,
  ZERO,
} from "../../protocol/resp/reply.ts";
import type { Entry } from "../keyspace/entry.ts";
import { type ListEnd, ListValue } from "../keyspace/list-value.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { type Argv, arg, type CommandSpec, type Handler, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseIndex } from "./numbers.ts";

/** The list at `key`; `undefined` when the key is absent, an encoded error when it holds something else. */
export function readList(
  context: CommandContext,
  key: string,
  entry: Entry | undefined = context.db.read(key),
): ListValue | undefined | string {
  const value = entry?.value;
  if (value === undefined || value instanceof ListValue) return value;
  return errors.WRONG_TYPE;
}

/**
 * The list at `key`, about to be changed: made if absent. For keys that hold a list or nothing, and that the command has read: it is one use
 * of them.
 */
export function changeList(
  context: CommandContext,
  key: string,
  entry: Entry | undefined = context.db.peek(key),
): ListValue {
  if (entry?.value instanceof ListValue) {
    context.db.beforeChange(key);
    return entry.value;
  }
  const list = new ListValue();
  context.db.set(key, list, 0);
  return list;
}

/** Removes the key when its list has become empty. */
export function dropIfEmpty(context: CommandContext, key: string): void {
  const entry = context.db.peek(key);
  if (!(entry?.value instanceof ListValue) || entry.value.size > 0) return;
  context.db.remove(key);
  context.notify(NOTIFY.generic, "del", key);
}

/** Around an element's text in a reply, at most. */
const AROUND_ELEMENT_BYTES = 32;

/** Whether up to `count` elements of a list fit into one reply. */
export function mayTake(context: CommandContext, list: ListValue, end: ListEnd, count: number): boolean {
  const taken = Math.min(count, list.size);
  // One alone has come as an argument.
  if (taken <= 1 || context.fits(list.bytes + taken * AROUND_ELEMENT_BYTES)) return true;
  let left = taken;
  let bytes = 0;
  for (const { length } of list.elements(end)) {
    bytes += bulkHeader(length).length + length + 2;
    left -= 1;
    if (left === 0) break;
  }
  return context.fits(bytes);
}

/** Takes up to `count` elements off a list, and the key with the last of them. Propagates nothing. */
export function takeElements(context: CommandContext, key: string, end: ListEnd, count: number): string[] {
  const list = changeList(context, key);
  const taken: string[] = [];
  while (taken.length < count) {
    const element = list.pop(end);
    if (element === undefined) break;
    taken.push(element);
  }
  context.notify(NOTIFY.list, end === "first" ? "lpop" : "rpop", key);
  dropIfEmpty(context, key);
  return taken;
}

function pushWith(end: ListEnd, onlyPresent: boolean): Handler {
  return (context, argv) => {
    const key = arg(argv, 1);
    const entry = context.db.read(key);
    const known = readList(context, key, entry);
    if (typeof known === "string") return known;
    if (known === undefined && onlyPresent) return ZERO;
    const list = changeList(context, key, entry);
    for (let at = 2; at < argv.length; at += 1) list.push(end, arg(argv, at));
    context.propagateAsIs();
    context.notify(NOTIFY.list, end === "first" ? "lpush" : "rpush", key);
    return integer(list.size);
  };
}

function popWith(name: string, end: ListEnd): Handler {
  return (context, argv) => {
    if (argv.length > 3) return errors.wrongArityReply(name);
    const key = arg(argv, 1);
    const count = argv.length === 3 ? parseIndex(arg(argv, 2)) : 1;
    if (count === undefined || count < 0) return errors.NOT_POSITIVE;
    const list = readList(context, key);
    if (typeof list === "string") return list;
    const { version } = context;
    if (list === undefined) return argv.length === 3 ? nilArray(version) : nil(version);
    if (count === 0) return EMPTY_ARRAY;
    if (!mayTake(context, list, end, count)) return errors.REPLY_TOO_LONG;
    const taken = takeElements(context, key, end, count);
    context.propagateAsIs();
    return argv.length === 3 ? bulkArray(taken) : bulk(taken[0] as string);
  };
}

function llen(context: CommandContext, argv: Argv): string {
  const list = readList(context, arg(argv, 1));
  return typeof list === "string" ? list : integer(list?.size ?? 0);
}

/** First index and number of elements between two inclusive indexes, negative ones counted from the end. */
function clamp(first: number, last: number, size: number): { start: number; count: number } {
  const start = Math.max(0, first < 0 ? first + size : first);
  const end = Math.min(size - 1, last < 0 ? last + size : last);
  return { start, count: Math.max(0, end - start + 1) };
}

function lrange(context: CommandContext, argv: Argv): string {
  const first = parseIndex(arg(argv, 2));
  const last = parseIndex(arg(argv, 3));
  if (first === undefined || last === undefined) return errors.NOT_AN_INTEGER;
  const list = readList(context, arg(argv, 1));
  if (typeof list === "string") return list;
  if (list === undefined) return EMPTY_ARRAY;
  return rangeReply(list, first, last, context.bounds.replyBytesMax) ?? errors.REPLY_TOO_LONG;
}

/**
 * The elements between two inclusive indexes, negative ones counted from the end.
 *
 * @returns `undefined` when the reply would be longer than `bytesMax`.
 */
export function rangeReply(
  list: ListValue,
  first: number,
  last: number,
  bytesMax: number,
): string | undefined {
  const { start, count } = clamp(first, last, list.size);
  const reply = new LongText(arrayHeader(count));
  for (const run of list.encodedRuns(start, count)) {
    reply.add(run);
    if (reply.length > bytesMax) return undefined;
  }
  return reply.toString();
}

function lindex(context: CommandContext, argv: Argv): string {
  const list = readList(context, arg(argv, 1));
  if (typeof list === "string") return list;
  if (list === undefined) return nil(context.version);
  const index = parseIndex(arg(argv, 2));
  if (index === undefined) return errors.NOT_AN_INTEGER;
  const at = index < 0 ? index + list.size : index;
  return at < 0 || at >= list.size ? nil(context.version) : bulk(list.at(at));
}

function lset(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const list = readList(context, key);
  if (typeof list === "string") return list;
  if (list === undefined) return errors.NO_SUCH_KEY;
  const index = parseIndex(arg(argv, 2));
  if (index === undefined) return errors.NOT_AN_INTEGER;
  const at = index < 0 ? index + list.size : index;
  if (at < 0 || at >= list.size) return errors.INDEX_OUT_OF_RANGE;
  changeList(context, key).set(at, arg(argv, 3));
  context.propagateAsIs();
  context.notify(NOTIFY.list, "lset", key);
  return OK;
}

function linsert(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const where = arg(argv, 2).toUpperCase();
  if (where !== "BEFORE" && where !== "AFTER") return errors.SYNTAX_ERROR;
  const list = readList(context, key);
  if (typeof list === "string") return list;
  if (list === undefined) return ZERO;
  const place = list.find(arg(argv, 3));
  if (place === undefined) return integer(-1);
  changeList(context, key).insert(place, arg(argv, 4), where === "AFTER");
  context.propagateAsIs();
  context.notify(NOTIFY.list, "linsert", key);
  return integer(list.size);
}

function lrem(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const count = parseIndex(arg(argv, 2));
  if (count === undefined) return errors.NOT_AN_INTEGER;
  const element = arg(argv, 3);
  const list = readList(context, key);
  if (typeof list === "string") return list;
  if (list?.find(element) === undefined) return ZERO;
  const limit = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count);
  const removed = changeList(context, key).remove(element, limit, count < 0 ? "last" : "first");
  context.notify(NOTIFY.list, "lrem", key);
  dropIfEmpty(context, key);
  context.propagateAsIs();
  return integer(removed);
}

function ltrim(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const first = parseIndex(arg(argv, 2));
  const last = parseIndex(arg(argv, 3));
  if (first === undefined || last === undefined) return errors.NOT_AN_INTEGER;
  const entry = context.db.read(key);
  const list = readList(context, key, entry);
  if (typeof list === "string") return list;
  if (list === undefined || entry === undefined) return OK;
  const { start, count } = clamp(first, last, list.size);
  context.notify(NOTIFY.list, "ltrim", key);
  if (count === list.size) {
    context.db.touch(key);
    return OK;
  }
  changeList(context, key, entry).trim(Math.min(start, list.size), count);
  dropIfEmpty(context, key);
  context.propagateAsIs();
  return OK;
}

interface PositionOptions {
  /** Which match comes first; negative to search from the end. */
  readonly rank: number;
  /** `undefined` for one that is not in an array, `Infinity` for all. */
  readonly count: number | undefined;
  /** Elements to compare at most. */
  readonly comparisons: number;
}

/** @returns the options of LPOS, or an encoded error. */
function parsePositionOptions(argv: Argv): PositionOptions | string {
  let rank = 1;
  let count: number | undefined;
  let comparisons = 0;
  for (let at = 3; at < argv.length; at += 2) {
    const option = arg(argv, at).toUpperCase();
    if (at + 1 >= argv.length) return errors.SYNTAX_ERROR;
    const value = parseIndex(arg(argv, at + 1));
    if (option === "RANK") {
      if (value === undefined) return errors.NOT_AN_INTEGER;
      if (value === 0) return errors.RANK_ZERO;
      rank = value;
    } else if (option === "COUNT") {
      if (value === undefined || value < 0) return errors.COUNT_NEGATIVE;
      count = value === 0 ? Number.POSITIVE_INFINITY : value;
    } else if (option === "MAXLEN") {
      if (value === undefined || value < 0) return errors.MAXLEN_NEGATIVE;
      comparisons = value;
    } else {
      return errors.SYNTAX_ERROR;
    }
  }
  return { rank, count, comparisons: comparisons === 0 ? Number.POSITIVE_INFINITY : comparisons };
}

function lpos(context: CommandContext, argv: Argv): string {
  const options = parsePositionOptions(argv);
  if (typeof options === "string") return options;
  const list = readList(context, arg(argv, 1));
  if (typeof list === "string") return list;
  const found = list === undefined ? [] : positions(list, arg(argv, 2), options);
  if (options.count !== undefined) return arrayHeader(found.length) + found.map(integer).join("");
  return found[0] === undefined ? nil(context.version) : integer(found[0]);
}

function positions(list: ListValue, element: string, options: PositionOptions): number[] {
  const { rank, count = 1, comparisons } = options;
  const found: number[] = [];
  let passed = 0;
  let matches = 0;
  for (const each of list.elements(rank > 0 ? "first" : "last")) {
    if (passed >= comparisons) break;
    if (each === element) {
      matches += 1;
      if (matches >= Math.abs(rank)) found.push(rank > 0 ? passed : list.size - 1 - passed);
      if (found.length >= count) break;
    }
    passed += 1;
  }
  return found;
}

const PUSHES = { flags: ["write", "denyoom", "fast"], keys: ONE_KEY, categories: ["list"] } as const;
const POPS = { flags: ["write", "fast"], keys: ONE_KEY, categories: ["list"] } as const;
const CHANGES = { flags: ["write"], keys: ONE_KEY, categories: ["list"] } as const;
const GROWS = { flags: ["write", "denyoom"], keys: ONE_KEY, categories: ["list"] } as const;
const READS = { flags: ["readonly"], keys: ONE_KEY, categories: ["list"] } as const;

export const LIST_COMMANDS: readonly CommandSpec[] = [
  { name: "lpush", arity: -3, ...PUSHES, handler: pushWith("first", false) },
  { name: "rpush", arity: -3, ...PUSHES, handler: pushWith("last", false) },
  { name: "lpushx", arity: -3, ...PUSHES, handler: pushWith("first", true) },
  { name: "rpushx", arity: -3, ...PUSHES, handler: pushWith("last", true) },
  { name: "lpop", arity: -2, ...POPS, handler: popWith("lpop", "first") },
  { name: "rpop", arity: -2, ...POPS, handler: popWith("rpop", "last") },
  {
    name: "llen",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: ONE_KEY,
    categories: ["list"],
    handler: llen,
  },
  { name: "lrange", arity: 4, ...READS, handler: lrange },
  { name: "lindex", arity: 3, ...READS, handler: lindex },
  { name: "lpos", arity: -3, ...READS, handler: lpos },
  { name: "lset", arity: 4, ...GROWS, handler: lset },
  { name: "linsert", arity: 5, ...GROWS, handler: linsert },
  { name: "lrem", arity: 4, ...CHANGES, handler: lrem },
  { name: "ltrim", arity: 4, ...CHANGES, handler: ltrim },
];
