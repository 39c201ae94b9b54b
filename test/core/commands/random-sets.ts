/** Random commands on sets and sorted sets, from small pools; sorted sets of one score have keys of their own. */
import fc from "fast-check";
import { command, optional, words } from "./random-commands.ts";

const setKey = fc.constantFrom("s1", "s2", "s3", "s4");
const zsetKey = fc.constantFrom("z1", "z2", "z3", "z4");
/** All members have score 0 here: what BYLEX gives elsewhere is not defined. */
const lexKey = fc.constantFrom("l1", "l2");
const anyKey = fc.oneof(
  { weight: 9, arbitrary: fc.oneof(setKey, zsetKey) },
  { weight: 1, arbitrary: fc.constant("string") },
);
const LONG = "a member that is longer than the sixty-four bytes of a compact sorted set";
const member = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 12 }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom("a", "b", "c", "dd", "d", "", "aa") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "9223372036854775807",
      "9007199254740993",
      "007",
      "-0",
      "+1",
      "\xff\x00",
      LONG,
    ),
  },
);
/** Enough to leave the compact encodings: 513 integers, 129 members. */
const many = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => String(from + at));
const bulkMembers = fc.constantFrom(many(0, 130), many(0, 512), many(500, 513), many(0, 513));
const members = fc.oneof(
  { weight: 20, arbitrary: fc.array(member, { minLength: 1, maxLength: 5 }) },
  { weight: 1, arbitrary: bulkMembers },
);
const score = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 6 }).map(String) },
  { weight: 3, arbitrary: fc.double({ min: -10, max: 10, noNaN: true }).map(String) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("inf", "-inf", "+INF", "0.1", "1e3", "0x10", "1e-310", "-0", "3.0e2", ".5"),
  },
  { weight: 1, arbitrary: fc.constantFrom("nan", "x", "", " 1", "1 ", "1e400", "1e-400", "0x", "1e") },
);
const pairs = fc.oneof(
  { weight: 20, arbitrary: fc.array(fc.tuple(score, member), { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: bulkMembers.map((all) => all.map((one) => [String(Number(one) % 7), one])) },
);
const bound = fc.oneof(
  { weight: 5, arbitrary: score },
  { weight: 3, arbitrary: score.map((text) => `(${text})`.slice(0, -1)) },
  { weight: 1, arbitrary: fc.constantFrom("(", "", " 2", "\0x", "((1", "[1") },
);
const lexBound = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom("[", "("), member).map(([mark, text]) => mark + text) },
  { weight: 2, arbitrary: fc.constantFrom("-", "+") },
  { weight: 1, arbitrary: fc.constantFrom("a", "", "-1", "++") },
);
const rank = fc.constantFrom("0", "1", "2", "-1", "-2", "100", "-100", "x", "9223372036854775807");
const count = fc.constantFrom("0", "1", "2", "3", "100", "-1", "x", "9223372036854775807");
const limit = fc.tuple(fc.constantFrom("LIMIT", "limit"), rank, rank);

/** A command followed by so many keys and their number, which may be wrong. */
function counted(head: fc.Arbitrary<string[]>, key: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  const keys = fc.array(key, { minLength: 1, maxLength: 3 });
  const off = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, -1, 5);
  return fc
    .tuple(head, keys, off)
    .map(([first, all, wrong]) => [...first, String(all.length + wrong), ...all]);
}

const listed = (name: string, key: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc
    .tuple(fc.constant([name]), fc.array(key, { minLength: 1, maxLength: 3 }))
    .map(([head, keys]) => [...head, ...keys]);
const followed = (head: fc.Arbitrary<string[]>, tail: fc.Arbitrary<string[]>): fc.Arbitrary<string[]> =>
  fc.tuple(head, tail).map(([first, second]) => [...first, ...second]);

export const SETS: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 6, arbitrary: followed(command("SADD", setKey), members) },
  { weight: 2, arbitrary: followed(command("SREM", setKey), members) },
  { weight: 1, arbitrary: followed(command("SADD", anyKey), members) },
  ...[
    command("SMEMBERS", anyKey),
    command("SCARD", anyKey),
    command("SISMEMBER", anyKey, member),
    followed(command("SMISMEMBER", anyKey), members),
    command("SMOVE", anyKey, anyKey, member),
    command("SPOP", anyKey, fc.constantFrom("0", "1000", "-1", "x")),
    command("SRANDMEMBER", anyKey, fc.constantFrom("0", "1000", "x", "-9223372036854775808")),
    command("SRANDMEMBER", anyKey, count, fc.constant("more")),
    command("SSCAN", anyKey, fc.constantFrom("0", "x"), "COUNT", fc.constantFrom("1000", "0")),
    command("SSCAN", anyKey, "0", "MATCH", fc.constantFrom("1*", "[ab]"), "COUNT", fc.constant("1000")),
    listed("SINTER", anyKey),
    listed("SUNION", anyKey),
    listed("SDIFF", anyKey),
    listed("SINTERSTORE", anyKey),
    listed("SUNIONSTORE", anyKey),
    listed("SDIFFSTORE", anyKey),
    optional(
      counted(fc.constant(["SINTERCARD"]), anyKey),
      fc.oneof(fc.tuple(fc.constantFrom("LIMIT", "limit"), count), words("LIMIT", "BAD")),
      2,
    ),
    command("OBJECT", "ENCODING", setKey),
    command("COPY", setKey, setKey, "REPLACE"),
    command("SET", fc.constant("string"), fc.constant("v")),
  ].map((arbitrary) => ({ weight: 1, arbitrary })),
);

const range = fc.oneof(
  command("ZRANGE", zsetKey, rank, rank),
  command("ZRANGE", zsetKey, bound, bound, "BYSCORE"),
  command("ZREVRANGE", anyKey, rank, rank),
  command("ZRANGEBYSCORE", anyKey, bound, bound),
  command("ZREVRANGEBYSCORE", zsetKey, bound, bound),
);
const rangeOptions = fc.oneof(words("WITHSCORES", "REV", "BYSCORE", "BYLEX", "BAD", "LIMIT"), limit);
const lexRange = fc.oneof(
  command("ZRANGE", lexKey, lexBound, lexBound, "BYLEX"),
  command("ZRANGEBYLEX", lexKey, lexBound, lexBound),
  command("ZREVRANGEBYLEX", lexKey, lexBound, lexBound),
);
const algebraOptions = fc.oneof(
  words("WITHSCORES", "BAD"),
  fc.tuple(fc.constantFrom("AGGREGATE", "aggregate"), fc.constantFrom("SUM", "min", "MAX", "avg")),
  fc.tuple(fc.constant("WEIGHTS"), score),
  fc.tuple(fc.constant("WEIGHTS"), score, score),
  fc.tuple(fc.constant("WEIGHTS"), score, score, score),
  fc.tuple(fc.constant("LIMIT"), count),
);

export const ZSETS: fc.Arbitrary<string[]> = fc.oneof(
  {
    weight: 6,
    arbitrary: followed(
      command("ZADD", zsetKey),
      pairs.map((all) => all.flat()),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        command("ZADD", anyKey),
        fc.array(fc.constantFrom("NX", "XX", "GT", "lt", "CH", "INCR"), { maxLength: 2 }),
        pairs.map((all) => all.slice(0, 2).flat()),
        fc.constantFrom([], [], [], ["odd"]),
      )
      .map((parts) => parts.flat()),
  },
  {
    weight: 2,
    arbitrary: followed(
      command("ZADD", lexKey),
      members.map((all) => all.flatMap((one) => ["0", one])),
    ),
  },
  { weight: 2, arbitrary: optional(range, rangeOptions, 2) },
  { weight: 2, arbitrary: optional(lexRange, rangeOptions, 1) },
  ...[
    followed(command("ZREM", zsetKey), members),
    command("ZINCRBY", anyKey, score, member),
    command("ZCARD", anyKey),
    command("ZSCORE", anyKey, member),
    followed(command("ZMSCORE", anyKey), members),
    command("ZRANK", anyKey, member),
    command("ZREVRANK", zsetKey, member),
    command("ZCOUNT", anyKey, bound, bound),
    command("ZLEXCOUNT", lexKey, lexBound, lexBound),
    command("ZREMRANGEBYRANK", anyKey, rank, rank),
    command("ZREMRANGEBYSCORE", zsetKey, bound, bound),
    command("ZREMRANGEBYLEX", lexKey, lexBound, lexBound),
    optional(command("ZRANGESTORE", zsetKey, anyKey, rank, rank), rangeOptions, 1),
    command("ZRANGESTORE", zsetKey, zsetKey, bound, bound, "BYSCORE"),
    command("ZRANGESTORE", lexKey, lexKey, lexBound, lexBound, "BYLEX"),
    command("ZPOPMIN", anyKey),
    command("ZPOPMAX", zsetKey),
    optional(
      command("ZPOPMIN", anyKey),
      count.map((text) => [text]),
      2,
    ),
    command("ZPOPMAX", zsetKey, count),
    optional(
      followed(counted(fc.constant(["ZMPOP"]), anyKey), words("MIN", "max", "BAD")),
      fc.oneof(fc.tuple(fc.constant("COUNT"), count), words("COUNT")),
      2,
    ),
    // Only those that can't wait; what waits is tested with a member.
    command("BZPOPMIN", anyKey, fc.constantFrom("x", "-1", "", "1e400")),
    optional(
      followed(
        counted(command("BZMPOP", fc.constantFrom("x", "-1", "0x")), anyKey),
        words("MIN", "max", "BAD"),
      ),
      fc.oneof(fc.tuple(fc.constant("COUNT"), count), words("COUNT")),
      2,
    ),
    command("ZRANDMEMBER", anyKey, fc.constantFrom("0", "x", "-9223372036854775808")),
    command("ZRANDMEMBER", anyKey, count, "BAD"),
    command("ZSCAN", zsetKey, "0", "COUNT", fc.constant("1000")),
    command(
      "ZSCAN",
      anyKey,
      fc.constantFrom("0", "x"),
      "MATCH",
      fc.constantFrom("1*", "[ab]"),
      "COUNT",
      fc.constant("1000"),
    ),
    ...["ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD"].map((name) =>
      optional(counted(fc.constant([name]), anyKey), algebraOptions, 2),
    ),
    ...["ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"].map((name) =>
      optional(counted(command(name, zsetKey), anyKey), algebraOptions, 2),
    ),
    command("OBJECT", "ENCODING", zsetKey),
    command("COPY", zsetKey, zsetKey, "REPLACE"),
    command("SADD", setKey, member),
    command("SET", fc.constant("string"), fc.constant("v")),
  ].map((arbitrary) => ({ weight: 1, arbitrary })),
);

const sorts = fc.constantFrom("SORT", "SORT", "SORT_RO");
const sortKey = fc.constantFrom("list", "set", "zset", "text", "stored", "hash", "none");
const sortOption = fc.oneof(
  words("ASC", "desc", "ALPHA", "ALPHA", "BAD", "STORE", "GET"),
  fc.tuple(
    fc.constantFrom("BY", "by"),
    fc.constantFrom("weight_*", "w*->f", "w*->", "nosort", "*", "#", "weight_*->"),
  ),
  fc.tuple(fc.constant("GET"), fc.constantFrom("#", "weight_*", "w*->f", "nothing", "*", "w*->g")),
  fc.tuple(fc.constant("STORE"), fc.constantFrom("stored", "other")),
  limit,
);

const anySort: fc.Arbitrary<string[]> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.oneof(
      followed(command("RPUSH", fc.constant("list")), members),
      followed(command("RPUSH", fc.constant("list")), fc.array(score, { minLength: 1, maxLength: 4 })),
      followed(command("SADD", fc.constant("set")), members),
      followed(
        command("ZADD", fc.constant("zset")),
        pairs.map((all) => all.flat()),
      ),
      command("SET", fc.constant("text"), member),
      command("HSET", fc.constant("hash"), fc.constant("f"), member),
      fc.tuple(fc.integer({ min: -3, max: 12 }), score).map(([at, text]) => ["SET", `weight_${at}`, text]),
      fc.tuple(fc.integer({ min: -3, max: 12 }), member).map(([at, text]) => ["HSET", `w${at}`, "f", text]),
      command("DEL", sortKey),
    ),
  },
  { weight: 1, arbitrary: optional(command("SORT", sortKey), sortOption, 4) },
  {
    weight: 1,
    arbitrary: optional(
      fc.tuple(sorts, sortKey).map(([name, key]) => [name, key]),
      sortOption,
      3,
    ),
  },
);

/** Too small or too large for a double: with one of them Redis's SORT fails, and at random later ones too (errno). */
function isOutOfRange(text: string): boolean {
  const size = Math.abs(Number(text));
  return text === "1e400" || text === "1e-400" || (size > 0 && size < 1e-300);
}

/** Redis leaves open how texts that tie follow on each other, and a set that is not sorted. */
export const SORTS: fc.Arbitrary<string[]> = anySort.filter((argv) => {
  const options = argv.slice(2).map((option) => option.toUpperCase());
  if (argv.some(isOutOfRange)) return false;
  return !(options.includes("BY") && (options.includes("ALPHA") || argv[1] === "set"));
});
export const SORT_STATE: readonly string[][] = ["stored", "other"].map((key) => ["LRANGE", key, "0", "-1"]);

/** What shows the state that those commands have left. */
export const SET_STATE: readonly string[][] = ["s1", "s2", "s3", "s4"].flatMap((key) => [
  ["SMEMBERS", key],
  ["OBJECT", "ENCODING", key],
]);
export const ZSET_STATE: readonly string[][] = ["z1", "z2", "z3", "z4", "l1", "l2"].flatMap((key) => [
  ["ZRANGE", key, "0", "-1", "WITHSCORES"],
  ["OBJECT", "ENCODING", key],
]);

/** Replies whose order Redis leaves open, or chooses itself. */
export const UNORDERED_SET_REPLIES: readonly string[] = [
  "SMEMBERS",
  "SINTER",
  "SUNION",
  "SDIFF",
  "SPOP",
  "SRANDMEMBER",
  "SSCAN",
  "ZSCAN",
];
