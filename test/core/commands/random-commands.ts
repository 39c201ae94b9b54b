/** Random commands of each family, from small pools so that they meet each other's keys, with odd values among them. */
import fc from "fast-check";

const key = fc.constantFrom("a", "b", "c", "d");
const field = fc.constantFrom("f1", "f2", "f3", "");
const value = fc.constantFrom(
  "",
  "x",
  "10",
  "-7",
  "007",
  "+5",
  " 1",
  "3.5",
  "1e3",
  "abc\x00\xff\r\nd",
  "hello world",
  "9223372036854775807",
  "-9223372036854775808",
  "9007199254740993",
  "a string that is longer than forty-four bytes, to be raw",
);
const integer = fc.oneof(
  fc.integer({ min: -20, max: 20 }).map(String),
  fc.constantFrom(
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "x",
    "",
    "1.5",
    "4294967296",
  ),
);
const float = fc.oneof(
  fc.constantFrom(
    "0.1",
    "-0.1",
    "1e10",
    "5.0e3",
    "3",
    "inf",
    "nan",
    "-inf",
    "x",
    "",
    " 1",
    "0x10",
    "1e-20",
    "1.",
    ".5",
  ),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(String),
);
const small = fc.constantFrom("0", "1", "2", "5", "-1", "-3", "100", "x");
const anyCase = (text: string): fc.Arbitrary<string> => fc.constantFrom(text, text.toLowerCase());

type Part = fc.Arbitrary<string> | string;

/** A command of these parts. */
export function command(name: string, ...parts: Part[]): fc.Arbitrary<string[]> {
  const all = [name, ...parts].map((part) => (typeof part === "string" ? anyCase(part) : part));
  return fc.tuple(...all);
}

/** A command followed by some of these options. */
export function optional(
  base: fc.Arbitrary<string[]>,
  options: fc.Arbitrary<string[]>,
  maxLength = 3,
): fc.Arbitrary<string[]> {
  return fc.tuple(base, fc.array(options, { maxLength })).map(([head, tail]) => [...head, ...tail.flat()]);
}

export const words = (...texts: string[]): fc.Arbitrary<string[]> =>
  fc.constantFrom(...texts.map((text) => [text]));
const farExpiry = fc.constantFrom("4000000000", "5000000000", "0", "-1", "x", "9223372036854775807");
const farExpiryMs = fc.constantFrom("4000000000000", "5000000000001", "0", "9223372036854775808");

const expiryOption = fc.oneof(
  fc.tuple(fc.constantFrom("EXAT", "exat"), farExpiry),
  fc.tuple(fc.constant("PXAT"), farExpiryMs),
  fc.tuple(fc.constantFrom("EX", "PX"), fc.constantFrom("0", "-1", "x", "9223372036854775807", "100000")),
);

export const STRINGS: fc.Arbitrary<string[]> = fc.oneof(
  command("SET", key, value),
  optional(command("SET", key, value), fc.oneof(words("NX", "XX", "GET", "KEEPTTL", "BAD"), expiryOption)),
  command("GET", key),
  command("SETNX", key, value),
  command("SETEX", key, small, value),
  command("PSETEX", key, fc.constantFrom("100000", "0", "x"), value),
  command("GETSET", key, value),
  optional(command("GETEX", key), fc.oneof(words("PERSIST", "BAD"), expiryOption), 2),
  command("GETDEL", key),
  optional(
    command("MGET", key),
    key.map((name) => [name]),
  ),
  optional(command("MSET", key, value), fc.tuple(key, value)),
  optional(command("MSETNX", key, value), fc.oneof(fc.tuple(key, value), words("odd"))),
  command("APPEND", key, value),
  command("STRLEN", key),
  command("GETRANGE", key, integer, integer),
  command("SUBSTR", key, integer, integer),
  command("SETRANGE", key, fc.constantFrom("0", "3", "30", "-1", "x", "536870912"), value),
  command("HSET", key, field, value),
  command("EXPIRETIME", key),
  command("OBJECT", "ENCODING", key),
);

export const COUNTERS: fc.Arbitrary<string[]> = fc.oneof(
  command("SET", key, fc.oneof(value, integer, float)),
  command("INCR", key),
  command("DECR", key),
  command("INCRBY", key, integer),
  command("DECRBY", key, integer),
  command("INCRBYFLOAT", key, float),
  command("APPEND", key, integer),
  command("GET", key),
  command("OBJECT", "ENCODING", key),
  command("OBJECT", "REFCOUNT", key),
  command("HSET", key, field, value),
);

export const BITS: fc.Arbitrary<string[]> = fc.oneof(
  command(
    "SET",
    key,
    fc.string({ unit: "binary", maxLength: 6 }).map((text) => Buffer.from(text).toString("latin1")),
  ),
  command(
    "SETBIT",
    key,
    fc.constantFrom("0", "1", "7", "8", "70", "-1", "4294967296", "x"),
    fc.constantFrom("0", "1", "2"),
  ),
  command("GETBIT", key, fc.constantFrom("0", "1", "7", "8", "70", "-1", "4294967295")),
  command("BITCOUNT", key),
  command("BITCOUNT", key, small),
  command("BITCOUNT", key, small, small),
  command("BITCOUNT", key, integer, integer, fc.constantFrom("BIT", "byte", "BAD")),
  command("BITPOS", key, fc.constantFrom("0", "1", "2", "x")),
  command("BITPOS", key, fc.constantFrom("0", "1"), small),
  command("BITPOS", key, fc.constantFrom("0", "1"), integer, integer),
  command("BITPOS", key, fc.constantFrom("0", "1"), small, small, fc.constantFrom("BIT", "byte", "BAD")),
  optional(
    command("BITOP", fc.constantFrom("AND", "or", "XOR", "NOT", "BAD"), key, key),
    key.map((name) => [name]),
  ),
  command("GET", key),
  command("OBJECT", "ENCODING", key),
  command("HSET", key, field, value),
);

export const KEYS: fc.Arbitrary<string[]> = fc.oneof(
  command("SET", key, value),
  command("HSET", key, field, value),
  optional(
    command("DEL", key),
    key.map((name) => [name]),
  ),
  optional(
    command("UNLINK", key),
    key.map((name) => [name]),
  ),
  optional(
    command("EXISTS", key),
    key.map((name) => [name]),
  ),
  optional(
    command("TOUCH", key),
    key.map((name) => [name]),
  ),
  command("TYPE", key),
  command("RENAME", key, key),
  command("RENAMENX", key, key),
  optional(
    command("COPY", key, key),
    fc.oneof(words("REPLACE", "BAD", "DB"), fc.tuple(fc.constant("DB"), small)),
    2,
  ),
  command("MOVE", key, small),
  command("SELECT", small),
  command("SWAPDB", small, small),
  command("DBSIZE"),
  command("KEYS", fc.constantFrom("*", "a*", "?", "[ab]", "[^a]", "\\a", "[a-c", "")),
  command("FLUSHDB"),
  command("FLUSHDB", fc.constantFrom("ASYNC", "sync", "bad")),
  command("FLUSHALL"),
  command("OBJECT", "ENCODING", key),
  command("OBJECT", "REFCOUNT", fc.constant("nothing")),
  command("OBJECT", "FREQ", key),
  command("OBJECT", "BAD", key),
  command("SCAN", fc.constantFrom("0", "x", "-", ""), "COUNT", fc.constantFrom("1000", "0", "x")),
  command("SCAN", "0", "TYPE", fc.constantFrom("string", "HASH", "other"), "COUNT", "1000"),
  command("SCAN", "0", "MATCH"),
  command("RANDOMKEY", "too", "many"),
);

export const EXPIRY: fc.Arbitrary<string[]> = fc.oneof(
  command("SET", key, value),
  optional(command("EXPIREAT", key, farExpiry), words("NX", "XX", "GT", "LT", "BAD")),
  optional(command("PEXPIREAT", key, farExpiryMs), words("NX", "XX", "GT", "LT")),
  optional(
    command("EXPIRE", key, fc.constantFrom("-1", "0", "9223372036854775807", "-9223372036854775808", "x")),
    words("NX", "xx"),
  ),
  command("PEXPIRE", key, fc.constantFrom("-5", "9223372036854775807")),
  command("PERSIST", key),
  command("TTL", fc.constant("nothing")),
  command("PTTL", fc.constant("nothing")),
  command("EXPIRETIME", key),
  command("PEXPIRETIME", key),
  command("RENAME", key, key),
  command("COPY", key, key, "REPLACE"),
  command("GETSET", key, value),
  command("SET", key, value, "KEEPTTL"),
  command("EXISTS", key),
);

export const HASHES: fc.Arbitrary<string[]> = fc.oneof(
  optional(command("HSET", key, field, value), fc.oneof(fc.tuple(field, value), words("odd"))),
  optional(command("HMSET", key, field, value), fc.tuple(field, value)),
  command("HSETNX", key, field, value),
  command("HGET", key, field),
  optional(
    command("HMGET", key, field),
    field.map((name) => [name]),
  ),
  command("HGETALL", key),
  command("HKEYS", key),
  command("HVALS", key),
  command("HLEN", key),
  command("HSTRLEN", key, field),
  command("HEXISTS", key, field),
  optional(
    command("HDEL", key, field),
    field.map((name) => [name]),
  ),
  command("HINCRBY", key, field, integer),
  command("HINCRBYFLOAT", key, field, float),
  command("HRANDFIELD", key, fc.constantFrom("100", "0", "x")),
  command(
    "HRANDFIELD",
    key,
    fc.constantFrom("100", "9223372036854775807", "-9223372036854775808"),
    fc.constantFrom("WITHVALUES", "bad"),
  ),
  command("HSCAN", key, fc.constantFrom("0", "x")),
  command(
    "HSCAN",
    key,
    "0",
    fc.constantFrom("MATCH", "COUNT", "TYPE", "BAD"),
    fc.constantFrom("f*", "1", "0"),
  ),
  command("OBJECT", "ENCODING", key),
  command("SET", key, value),
  command("DEL", key),
);

const side = fc.constantFrom("LEFT", "RIGHT", "left", "up");
const element = fc.constantFrom("x", "y", "z", "", "10", "abc\x00\xff\r\nd");

export const LISTS: fc.Arbitrary<string[]> = fc.oneof(
  ...["LPUSH", "RPUSH", "LPUSH", "RPUSH", "LPUSHX", "RPUSHX"].map((name) =>
    optional(
      command(name, key, element),
      element.map((each) => [each]),
    ),
  ),
  command("LPOP", key),
  command("RPOP", key),
  command("LPOP", key, fc.oneof(small, integer)),
  command("RPOP", key, fc.oneof(small, integer)),
  command("LPOP", key, "1", "2"),
  command("LLEN", key),
  command("LRANGE", key, "0", "-1"),
  command("LRANGE", key, fc.oneof(small, integer), fc.oneof(small, integer)),
  command("LINDEX", key, fc.oneof(small, integer)),
  command("LSET", key, fc.oneof(small, integer), element),
  command("LINSERT", key, fc.constantFrom("BEFORE", "after", "beside"), element, element),
  command("LREM", key, fc.oneof(small, integer), element),
  command("LTRIM", key, fc.oneof(small, integer), small),
  optional(
    command("LPOS", key, element),
    fc.oneof(
      fc.tuple(
        fc.constantFrom("RANK", "count", "MAXLEN"),
        fc.constantFrom("0", "1", "2", "-1", "-2", "x", "100"),
      ),
      words("BAD"),
    ),
  ),
  command("LMOVE", key, key, side, side),
  command("RPOPLPUSH", key, key),
  optional(
    command("LMPOP", fc.constantFrom("1", "2", "0", "x"), key, key),
    fc.oneof(words("LEFT", "right", "COUNT", "2", "0")),
    3,
  ),
  command("LMPOP", "2", key, key, side, "COUNT", small),
  command("OBJECT", "ENCODING", key),
  command("TYPE", key),
  command("COPY", key, key),
  command("RENAME", key, key),
  command("SET", key, value),
  command("DEL", key),
  command("EXISTS", key),
);

/** For clients that may block for ever: they are told apart from those that may not by what they wait for. */
export const BLOCKING_POPS: fc.Arbitrary<string[]> = fc.oneof(
  command("BLPOP", key, key, "0"),
  command("BRPOP", key, key, "0"),
  command("BLPOP", key, "0"),
  command("BLMOVE", key, key, side, side, "0"),
  command("BRPOPLPUSH", key, key, "0"),
  command("BLMPOP", "0", "2", key, key, side),
  command("BLMPOP", "0", "1", key, side, "COUNT", small),
  command("BLPOP", key, fc.constantFrom("x", "-1", "inf", "nan", "", "1e400", " 1")),
);

export const TRANSACTIONS: fc.Arbitrary<string[]> = fc.oneof(
  command("MULTI"),
  command("EXEC"),
  command("EXEC"),
  command("DISCARD"),
  command("WATCH", key),
  command("UNWATCH"),
  command("SET", key, value),
  command("GET", key),
  command("INCR", key),
  command("GET"),
  command("NOSUCH", value, value),
  command("BGSAVE", "NOSUCH"),
  command("SELECT", small),
  command("HGET", key, field),
);
