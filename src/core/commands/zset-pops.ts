/** ZPOPMIN, ZPOPMAX and ZMPOP: members from an end of a sorted set. ZMPOP replicates as the pop that it came to. */
import { LongText } from "../../base/long-text.ts";
import {
  arrayHeader,
  bulk,
  double,
  EMPTY_ARRAY,
  nilArray,
  type RespVersion,
} from "../../protocol/resp/reply.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { type ScoredMember, ZsetValue } from "../keyspace/zset-value.ts";
import { type Argv, arg, type CommandSpec, type Handler, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { numberedKeys, parseNumberedKeys } from "./numbered-keys.ts";
import { parseCount } from "./numbers.ts";

export type ZsetEnd = "min" | "max";

/**
 * Takes up to `count` members, at least one, from an end of the sorted set that `key` holds, and propagates that.
 *
 * @returns what `replyOf` makes of them, or an encoded error: then nothing is taken.
 */
function popEnd(
  context: CommandContext,
  key: string,
  zset: ZsetValue,
  end: ZsetEnd,
  count: number,
  replyOf: (popped: readonly ScoredMember[]) => string,
): string {
  const popped: ScoredMember[] = [];
  const taken = Math.min(count, zset.size);
  zset.walk(end === "min" ? 0 : zset.size - 1, taken, end === "max", (score, member) => {
    popped.push({ member, score });
  });
  const reply = replyOf(popped);
  if (!context.fits(reply.length)) return errors.REPLY_TOO_LONG;
  context.notify(NOTIFY.zset, end === "min" ? "zpopmin" : "zpopmax", key);
  if (taken === zset.size) {
    context.db.remove(key);
    context.notify(NOTIFY.generic, "del", key);
  } else {
    context.db.beforeChange(key);
    zset.deleteEnd(end === "min" ? "low" : "high", taken);
  }
  // `ZPOPMIN key` alone; others say how many, which keys, or how long to wait.
  if (context.argv.length === 2) context.propagateAsIs();
  else context.propagate(end === "min" ? "ZPOPMIN" : "ZPOPMAX", key, String(taken));
  return reply;
}

/** Pairs of member and score, each in an array of its own or all in one row. */
function pairsReply(context: CommandContext, popped: readonly ScoredMember[], nested: boolean): string {
  const reply = new LongText(arrayHeader(nested ? popped.length : popped.length * 2));
  for (const { member, score } of popped) {
    if (nested) reply.add(arrayHeader(2));
    reply.add(pairReply(member, score, context.version));
  }
  return reply.toString();
}

/** A member and its score, one behind the other. */
export function pairReply(member: string, score: number, version: RespVersion): string {
  return bulk(member) + double(score, version);
}

function popWith(end: ZsetEnd): Handler {
  return (context, argv) => {
    if (argv.length > 3) return errors.SYNTAX_ERROR;
    const count = argv.length === 3 ? parseCount(arg(argv, 2), 0) : 1;
    if (count === undefined) return errors.NOT_POSITIVE;
    const key = arg(argv, 1);
    const entry = context.db.read(key);
    if (entry === undefined) return EMPTY_ARRAY;
    if (!(entry.value instanceof ZsetValue)) return errors.WRONG_TYPE;
    if (count === 0) return EMPTY_ARRAY;
    const nested = context.version === 3 && argv.length === 3;
    return popEnd(context, key, entry.value, end, count, (popped) => pairsReply(context, popped, nested));
  };
}

export interface PopQuery {
  readonly keys: readonly string[];
  readonly end: ZsetEnd;
  readonly count: number;
  reply(context: CommandContext, key: string, popped: readonly ScoredMember[]): string;
}

/** The key, and an array of pairs, as ZMPOP replies. */
const nestedReply: PopQuery["reply"] = (context, key, popped) =>
  arrayHeader(2) + bulk(key) + pairsReply(context, popped, true);

/** @param from where the number of keys stands. @returns the query of ZMPOP or BZMPOP, or an encoded error. */
export function parsePopQuery(argv: Argv, from: number): PopQuery | string {
  const found = parseNumberedKeys(argv, from, 1);
  if (typeof found === "string") return found;
  const { keys, next } = found;
  const end = arg(argv, next).toUpperCase();
  if (end !== "MIN" && end !== "MAX") return errors.SYNTAX_ERROR;
  let count: number | undefined;
  for (let at = next + 1; at < argv.length; at += 2) {
    const isCount = arg(argv, at).toUpperCase() === "COUNT" && count === undefined && at + 1 < argv.length;
    if (!isCount) return errors.SYNTAX_ERROR;
    count = parseCount(arg(argv, at + 1), 1);
    if (count === undefined) return errors.COUNT_NOT_POSITIVE;
  }
  return { keys, end: end === "MIN" ? "min" : "max", count: count ?? 1, reply: nestedReply };
}

/** Pops from the first key that there is. @returns the reply; `undefined` when there is none of the keys. */
export function popFirst(context: CommandContext, query: PopQuery): string | undefined {
  for (const key of query.keys) {
    const entry = context.db.read(key);
    if (entry === undefined) continue;
    if (!(entry.value instanceof ZsetValue)) return errors.WRONG_TYPE;
    return popEnd(context, key, entry.value, query.end, query.count, (popped) =>
      query.reply(context, key, popped),
    );
  }
  return undefined;
}

function zmpop(context: CommandContext, argv: Argv): string {
  const query = parsePopQuery(argv, 1);
  if (typeof query === "string") return query;
  return popFirst(context, query) ?? nilArray(context.version);
}

const POPS = { arity: -2, flags: ["write", "fast"], keys: ONE_KEY, categories: ["sortedset"] } as const;

export const ZSET_POP_COMMANDS: readonly CommandSpec[] = [
  { name: "zpopmin", ...POPS, handler: popWith("min") },
  { name: "zpopmax", ...POPS, handler: popWith("max") },
  {
    name: "zmpop",
    arity: -4,
    flags: ["write", "movablekeys"],
    keys: numberedKeys(1),
    categories: ["sortedset"],
    handler: zmpop,
  },
];
