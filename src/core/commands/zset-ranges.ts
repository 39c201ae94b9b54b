/** Commands on ranges of a sorted set: ZRANGE and its kin, counting, removing, storing. */
import { LongText } from "../../base/long-text.ts";
import { arrayHeader, bulk, double, EMPTY_ARRAY, integer, ZERO } from "../../protocol/resp/reply.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { isCompact, ZsetValue } from "../keyspace/zset-value.ts";
import { type Argv, arg, type CommandSpec, type Handler, ONE_KEY, TWO_KEYS } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { readSource } from "./read-source.ts";
import { storeResult } from "./store-result.ts";
import { parseRange, type RangeKind } from "./zset-bounds.ts";
import { parseRangeQuery, type RangeCommand, selected } from "./zset-range-options.ts";
import { readZset } from "./zsets.ts";

function rangeWith(kind: RangeKind | undefined, backwards: boolean | undefined): Handler {
  const command: RangeCommand = { kind, backwards, keyAt: 1, stores: false };
  return (context, argv) => {
    const query = parseRangeQuery(argv, command);
    if (typeof query === "string") return query;
    const zset = readZset(context, arg(argv, 1));
    if (typeof zset === "string") return zset;
    if (zset === undefined) return EMPTY_ARRAY;
    const { rank, count } = selected(query, query.range(zset), zset.size);
    const { version } = context;
    const nested = query.withScores && version === 3;
    const reply = new LongText(arrayHeader(query.withScores && !nested ? count * 2 : count));
    zset.walk(rank, count, query.backwards, (score, member) => {
      if (nested) reply.add(arrayHeader(2));
      reply.add(bulk(member));
      if (query.withScores) reply.add(double(score, version));
    });
    return reply.toString();
  };
}

function zrangestore(context: CommandContext, argv: Argv): string {
  const query = parseRangeQuery(argv, { kind: undefined, backwards: undefined, keyAt: 2, stores: true });
  if (typeof query === "string") return query;
  const to = arg(argv, 1);
  const zset = readSource(context, arg(argv, 2))?.value;
  if (zset === undefined) return storeResult(context, to, new ZsetValue(), "zrangestore");
  if (!(zset instanceof ZsetValue)) return errors.WRONG_TYPE;
  const { rank, count } = selected(query, query.range(zset), zset.size);
  const result = new ZsetValue(!isCompact(count, 0));
  zset.walk(rank, count, query.backwards, (score, member) =>
    result.set(zset.lasting(member), score, undefined),
  );
  return storeResult(context, to, result, "zrangestore");
}

function countWith(kind: RangeKind): Handler {
  return (context, argv) => {
    const range = parseRange(kind, arg(argv, 2), arg(argv, 3));
    if (typeof range === "string") return range;
    const zset = readZset(context, arg(argv, 1));
    if (typeof zset === "string") return zset;
    if (zset === undefined) return ZERO;
    const { from, to } = range(zset);
    return integer(Math.max(0, to - from));
  };
}

function removeWith(kind: RangeKind, event: string): Handler {
  return (context, argv) => {
    const range = parseRange(kind, arg(argv, 2), arg(argv, 3));
    if (typeof range === "string") return range;
    const key = arg(argv, 1);
    const entry = context.db.read(key);
    if (entry === undefined) return ZERO;
    const zset = entry.value;
    if (!(zset instanceof ZsetValue)) return errors.WRONG_TYPE;
    const { from, to } = range(zset);
    const count = to - from;
    if (count <= 0) return ZERO;
    context.propagateAsIs();
    context.notify(NOTIFY.zset, event, key);
    if (count === zset.size) {
      context.db.remove(key);
      context.notify(NOTIFY.generic, "del", key);
    } else {
      context.db.beforeChange(key);
      zset.deleteRanks(from, count);
    }
    return integer(count);
  };
}

const OF_ZSETS = { keys: ONE_KEY, categories: ["sortedset"] } as const;
const READS = { arity: -4, ...OF_ZSETS, flags: ["readonly"] } as const;
const COUNTS = { arity: 4, ...OF_ZSETS, flags: ["readonly", "fast"] } as const;
const REMOVES = { arity: 4, ...OF_ZSETS, flags: ["write"] } as const;

export const ZSET_RANGE_COMMANDS: readonly CommandSpec[] = [
  { name: "zrange", ...READS, handler: rangeWith(undefined, undefined) },
  { name: "zrevrange", ...READS, handler: rangeWith("rank", true) },
  { name: "zrangebyscore", ...READS, handler: rangeWith("score", false) },
  { name: "zrevrangebyscore", ...READS, handler: rangeWith("score", true) },
  { name: "zrangebylex", ...READS, handler: rangeWith("lex", false) },
  { name: "zrevrangebylex", ...READS, handler: rangeWith("lex", true) },
  {
    name: "zrangestore",
    arity: -5,
    flags: ["write", "denyoom"],
    keys: TWO_KEYS,
    categories: ["sortedset"],
    handler: zrangestore,
  },
  { name: "zcount", ...COUNTS, handler: countWith("score") },
  { name: "zlexcount", ...COUNTS, handler: countWith("lex") },
  { name: "zremrangebyrank", ...REMOVES, handler: removeWith("rank", "zremrangebyrank") },
  { name: "zremrangebyscore", ...REMOVES, handler: removeWith("score", "zremrangebyscore") },
  { name: "zremrangebylex", ...REMOVES, handler: removeWith("lex", "zremrangebylex") },
];
