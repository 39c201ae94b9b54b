/** Random commands on streams and their groups, from small pools, and replies without what differs between two clocks. */
import fc from "fast-check";
import type { StreamNodeLimits } from "../../../src/core/keyspace/stream-node.ts";
import { command, optional, words } from "./random-commands.ts";

const streamKey = fc.constantFrom("x1", "x2", "x3");
const key = fc.oneof(
  { weight: 19, arbitrary: streamKey },
  { weight: 1, arbitrary: fc.constantFrom("string", "none") },
);
/** IDs that follow each other closely, so that they are met again. */
const usualId = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 2 }))
  .map(([ms, seq]) => (seq === 0 ? String(ms) : `${ms}-${seq}`));
const oddId = fc.constantFrom(
  "0-0",
  "0",
  "x",
  "",
  "-",
  "+",
  "$",
  ">",
  "*",
  "5-",
  "-5",
  "1-2-3",
  " 7",
  "+8-1",
  "007-01",
  "5--03",
  "5- 3",
  "5--3",
  "6\x00x",
  "9007199254740993-9007199254740993",
  "18446744073709551615",
  "18446744073709551615-18446744073709551614",
  "18446744073709551615-18446744073709551615",
  "18446744073709551616",
);
const id = fc.oneof({ weight: 12, arbitrary: usualId }, { weight: 1, arbitrary: oddId });
const addedId = fc.oneof(
  { weight: 12, arbitrary: usualId },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }).map((ms) => `${ms}-*`) },
  { weight: 1, arbitrary: oddId.filter((text) => text !== "*") },
);
const ids = fc.array(id, { minLength: 1, maxLength: 4 });
const bound = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("-", "+") },
  { weight: 4, arbitrary: id },
  { weight: 2, arbitrary: id.map((text) => `(${text}`) },
);
const text = fc.constantFrom("a", "b", "", "10", "-7", "4095", "70000", "\x00\xff\r\n", "v".repeat(700));
const pair = fc.tuple(fc.constantFrom("f", "g", "12"), text);
const pairs = fc.array(pair, { minLength: 1, maxLength: 3 }).map((all) => all.flat());
const count = fc.constantFrom("0", "1", "2", "3", "100", "-1", "x", "9223372036854775807");
const group = fc.constantFrom("g", "h", "h", "g", "g", "none");
const consumer = fc.constantFrom("c", "d", "e");
/** Far from what passes during a test. */
const idle = fc.constantFrom("0", "0", "0", "-1", "1000000", "99999999999", "x");

const trim = fc.oneof(
  fc
    .tuple(fc.constantFrom("MAXLEN", "maxlen"), fc.constantFrom([], ["="], ["~"], ["~"]), count)
    .map(([name, mark, value]) => [name, ...mark, value]),
  fc
    .tuple(fc.constant("MINID"), fc.constantFrom([], ["="], ["~"]), id)
    .map(([name, mark, value]) => [name, ...mark, value]),
);
const limit = fc.tuple(fc.constantFrom("LIMIT", "limit"), count);

/** `head`, then what each of `tails` gives. */
function row(
  head: fc.Arbitrary<string[]>,
  ...tails: fc.Arbitrary<readonly string[]>[]
): fc.Arbitrary<string[]> {
  return fc.tuple(head, ...tails).map((parts) => parts.flat());
}

const some = (options: fc.Arbitrary<string[]>, maxLength: number): fc.Arbitrary<string[]> =>
  fc.array(options, { maxLength }).map((all) => all.flat());

/** STREAMS, keys, and as many IDs, or one too few. */
function streams(read: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc
    .tuple(
      fc.array(fc.tuple(key, read), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 0, max: 12 }).map((dice) => dice === 0),
    )
    .map(([all, isOdd]) => [
      "STREAMS",
      ...all.map(([name]) => name),
      ...all.slice(isOdd ? 1 : 0).map(([, after]) => after),
    ]);
}

const xadd = row(
  command("XADD", key),
  some(fc.oneof({ weight: 3, arbitrary: words("NOMKSTREAM") }, trim), 1),
  some(limit, 1).map((all) => (/^[23]$|100/.test(all[1] ?? "") ? all : [])),
  addedId.map((one) => [one]),
  pairs,
);
export const STREAMS: fc.Arbitrary<string[]> = fc.oneof(
  {
    weight: 8,
    arbitrary: row(
      command("XADD", streamKey),
      addedId.map((one) => [one]),
      pairs,
    ),
  },
  { weight: 4, arbitrary: xadd },
  { weight: 1, arbitrary: row(command("XADD", key), some(limit, 1), words("1-1"), words("f")) },
  { weight: 4, arbitrary: row(command("XDEL", key), ids) },
  { weight: 4, arbitrary: row(command("XTRIM", key), trim, some(limit, 1)) },
  { weight: 1, arbitrary: row(command("XTRIM", key), fc.oneof(trim, limit), fc.oneof(trim, limit)) },
  command("XLEN", key),
  { weight: 3, arbitrary: command("XRANGE", key, bound, bound) },
  { weight: 3, arbitrary: command("XREVRANGE", key, bound, bound) },
  optional(
    command("XRANGE", key, bound, bound),
    fc.oneof(fc.tuple(fc.constant("COUNT"), count), words("BAD")),
    2,
  ),
  optional(command("XREVRANGE", key, bound, bound), fc.tuple(fc.constant("COUNT"), count), 2),
  {
    weight: 2,
    arbitrary: optional(
      command("XSETID", key, id),
      fc.oneof(
        fc.tuple(fc.constant("ENTRIESADDED"), count),
        fc.tuple(fc.constant("MAXDELETEDID"), id),
        words("BAD"),
      ),
      2,
    ),
  },
  {
    weight: 4,
    arbitrary: row(
      command("XREAD"),
      some(fc.oneof(fc.tuple(fc.constant("COUNT"), count), words("NOACK", "COUNT")), 1),
      streams(fc.oneof(id, fc.constantFrom("$", "0"))),
    ),
  },
  { weight: 1, arbitrary: command("XINFO", "STREAM", key) },
  command("TYPE", key),
  command("OBJECT", "ENCODING", key),
  command("COPY", streamKey, streamKey, "REPLACE"),
  command("RENAME", streamKey, streamKey),
  command("DEL", streamKey),
  command("SET", fc.constant("string"), "v"),
);

const claim = row(
  command("XCLAIM", key, group, consumer, idle),
  ids,
  some(
    fc.oneof(
      words("FORCE", "JUSTID", "BAD", "IDLE"),
      fc.tuple(fc.constant("IDLE"), fc.constantFrom("0", "2000000", "-5", "x", "9223372036854775807")),
      fc.tuple(fc.constant("TIME"), fc.constantFrom("0", "99999999999999", "-1", "x")),
      fc.tuple(fc.constant("RETRYCOUNT"), count),
      fc.tuple(fc.constant("LASTID"), id),
    ),
    3,
  ),
);

export const STREAM_GROUPS: fc.Arbitrary<string[]> = fc.oneof(
  {
    weight: 6,
    arbitrary: row(
      command("XADD", streamKey),
      addedId.map((one) => [one]),
      pairs,
    ),
  },
  { weight: 2, arbitrary: row(command("XDEL", streamKey), ids) },
  row(command("XTRIM", streamKey), trim),
  {
    weight: 4,
    arbitrary: optional(
      command("XGROUP", "CREATE", key, group, fc.oneof(id, fc.constantFrom("$", "0"))),
      fc.oneof(words("MKSTREAM", "MKSTREAM", "BAD"), fc.tuple(fc.constant("ENTRIESREAD"), count)),
      2,
    ),
  },
  {
    weight: 2,
    arbitrary: optional(
      command("XGROUP", "SETID", key, group, fc.oneof(id, fc.constantFrom("$", "0", "-"))),
      fc.oneof(words("MKSTREAM"), fc.tuple(fc.constant("ENTRIESREAD"), count)),
      2,
    ),
  },
  command("XGROUP", "DESTROY", key, group),
  command("XGROUP", "CREATECONSUMER", key, group, consumer),
  command("XGROUP", "DELCONSUMER", key, group, consumer),
  command("XGROUP", "BAD", key, group),
  {
    weight: 8,
    arbitrary: row(
      command("XREADGROUP", "GROUP", group, consumer),
      some(fc.oneof(fc.tuple(fc.constant("COUNT"), count), words("NOACK")), 1),
      streams(fc.oneof({ weight: 4, arbitrary: fc.constant(">") }, { weight: 1, arbitrary: id })),
    ),
  },
  { weight: 3, arbitrary: row(command("XACK", key, group), ids) },
  { weight: 1, arbitrary: command("XPENDING", key, group) },
  {
    weight: 3,
    arbitrary: row(
      command("XPENDING", key, group),
      some(fc.tuple(fc.constant("IDLE"), idle), 1),
      fc.tuple(bound, bound, count),
      some(
        consumer.map((name) => [name]),
        2,
      ),
    ),
  },
  { weight: 4, arbitrary: claim },
  {
    weight: 4,
    arbitrary: row(
      command("XAUTOCLAIM", key, group, consumer, idle, bound),
      some(fc.oneof(fc.tuple(fc.constant("COUNT"), count), words("JUSTID")), 2),
    ),
  },
  command("XINFO", "GROUPS", key),
  command("XINFO", "CONSUMERS", key, group),
  command("XINFO", "STREAM", key, fc.constantFrom("FULL", "BAD")),
  command("XINFO", "STREAM", key, "FULL", fc.constantFrom("COUNT", "BAD"), count),
  command("COPY", streamKey, streamKey, "REPLACE"),
  command("DEL", streamKey),
  command("SET", fc.constant("string"), "v"),
);

/** Small nodes, so that a few entries fill several. */
export const STREAM_NODES: StreamNodeLimits = { bytesMax: 4096, entriesMax: 4 };

/** What is left in the end. */
export const STREAM_STATE: readonly string[][] = ["x1", "x2", "x3"].flatMap((name) => [
  ["XRANGE", name, "-", "+"],
  ["XINFO", "STREAM", name, "FULL", "COUNT", "0"],
]);

/**
 * Names of numbers that a test does not compare: they depend on the clock, or on how Redis keeps its trees. A node whose last entry was
 * deleted, and whose others an exact trim by ID takes, stays there empty; where nodes end shows in approximate trims as well.
 */
const NOT_COMPARED = new Set(["idle", "seen-time", "radix-tree-nodes", "radix-tree-keys"]);
/** Idle times are compared as multiples of that, all beyond the next one as one: those since 1970. */
const IDLE_UNIT_MS = 500_000;
const AGES_MS = 100_000_000_000;

/** @returns the reply with only so much of each time as is the same on two clocks. */
export function withoutTimes(argv: readonly string[], reply: unknown): unknown {
  const name = argv[0]?.toUpperCase();
  if (name === "XINFO") return maskInfo(reply);
  if (name === "XPENDING" && Array.isArray(reply)) return reply.map(maskPending);
  // Redis words this one by what an earlier call has left in errno.
  if (name === "XADD" && typeof reply === "string" && /too large|equal or smaller/.test(reply))
    return "refused";
  return reply;
}

function maskPending(item: unknown): unknown {
  if (!Array.isArray(item) || item.length !== 4) return item;
  const [id, consumer, idleMs, times] = item as [unknown, unknown, number, unknown];
  return [id, consumer, idleMs > AGES_MS ? "ages" : Math.round(idleMs / IDLE_UNIT_MS), times];
}

function maskInfo(reply: unknown): unknown {
  if (!Array.isArray(reply)) return typeof reply === "number" && reply > AGES_MS ? "a time" : reply;
  return reply.map((item, at) => (NOT_COMPARED.has(String(reply[at - 1])) ? "not compared" : maskInfo(item)));
}
