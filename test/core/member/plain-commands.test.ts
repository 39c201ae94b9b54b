/** The commonest commands on the shortest path come to what they come to on the long one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { CommandReader } from "../../../src/core/commands/command-reader.ts";
import { MEMORY_DEFAULTS } from "../../../src/core/keyspace/memory-settings.ts";
import { RecordCursor } from "../../../src/protocol/record.ts";
import { PLAIN_NAMES } from "../../../src/protocol/resp/plain-request.ts";
import { bulk } from "../../../src/protocol/resp/reply.ts";
import type { ReplicationMode } from "../../../src/rules/group-record.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

const KEYS = ["a", "b", "key:12345678", "l".repeat(476), "m".repeat(477)] as const;
/** Of one type each, mostly. */
const COLLECTIONS = { list: "list", set: "set", hash: "hash", zset: "z".repeat(477) } as const;
const LENGTHS = [0, 3, 4, 90, 97, 97, 430, 475, 480, 998, 1100] as const;
const NUMBERS = ["0", "8", "99998", "-1", "9007199254740990", "9223372036854775807"] as const;

const key = fc.constantFrom(...KEYS);
const value = fc.tuple(fc.constantFrom(...LENGTHS), fc.nat({ max: 255 })).map(([length, code]) => {
  return String.fromCharCode(code).repeat(length);
});
const index = fc.constantFrom("0", "-2", "1", "2", "-1", "99", "x");
const member = fc.constantFrom("1", "2", "member", "m".repeat(70));
const score = fc.constantFrom("1", "2.5", "-inf", "-0", "NX", "nan");

function keyOf(type: keyof typeof COLLECTIONS): fc.Arbitrary<string> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant(COLLECTIONS[type]) }, { weight: 1, arbitrary: key });
}

/** More than is kept in one text, and yet a listpack by Redis's limits. */
const LARGE_HASH: readonly string[] = Array.from({ length: 100 }, (_, at) => [
  `${at}`.padEnd(60),
  "v".repeat(60),
]).flat();

/** Most of all commands may take the shortest path. */
const kinds = [
  fc.tuple(fc.constantFrom("GET", "get"), key),
  fc.tuple(fc.constantFrom("SET", "sEt"), key, fc.oneof(value, fc.constantFrom(...NUMBERS))),
  fc.tuple(fc.constant("INCR"), key),
  fc.tuple(fc.constantFrom("LPUSH", "rPush", "RPUSH"), keyOf("list"), value),
  fc.tuple(fc.constantFrom("LPOP", "rpop"), keyOf("list")),
  fc.tuple(fc.constant("LRANGE"), keyOf("list"), index, index),
  fc.tuple(fc.constantFrom("SADD", "sAdd"), keyOf("set"), member),
  fc.tuple(fc.constant("SREM"), keyOf("set"), member),
  fc.tuple(fc.constant("SPOP"), keyOf("set")),
  fc.tuple(fc.constant("HSET"), keyOf("hash"), member, value),
  fc.tuple(fc.constant("ZADD"), keyOf("zset"), score, member),
  fc.tuple(fc.constantFrom("ZPOPMIN", "zPopMin"), keyOf("zset")),
] as const satisfies readonly fc.Arbitrary<string[]>[];
/** As clients pipeline them: several of a kind are run at once. */
const burst = fc.oneof(...kinds.map((kind) => fc.array<string[]>(kind, { minLength: 2, maxLength: 20 })));
const other = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("DEL", "DEL", "TTL", "PERSIST", "WATCH", "STRLEN", "BLPOP x"),
      fc.oneof(key, keyOf("list"), keyOf("zset")),
    )
    .map(([name, one]) => (name === "BLPOP x" ? ["BLPOP", one, "0.05"] : [name, one])),
  fc.tuple(key, fc.integer({ min: 1, max: 40 })).map(([one, ms]) => ["PEXPIRE", one, String(ms)]),
  fc.tuple(key, value).map(([one, text]) => ["APPEND", one, text]),
  keyOf("hash").map((one) => ["HSET", one, ...LARGE_HASH]),
  fc.tuple(fc.constantFrom("HDEL", "HGET"), keyOf("hash"), member),
  fc.tuple(fc.constantFrom("HGETALL", "HKEYS", "HVALS"), keyOf("hash")),
  fc.tuple(keyOf("list"), value).map(([one, text]) => ["RPUSH", one, text, text]),
  fc
    .constantFrom(
      ...[
        "MULTI",
        "EXEC",
        "DISCARD",
        "UNWATCH",
        "SELECT 1",
        "SELECT 0",
        "SWAPDB 0 1",
        "FLUSHDB",
        "FLUSHALL",
        "RESET",
      ],
      ...[
        "SUBSCRIBE c",
        "UNSUBSCRIBE",
        "CLIENT REPLY OFF",
        "CLIENT REPLY SKIP",
        "CLIENT REPLY ON",
        "PING",
        "HELLO 3",
      ],
      ...[
        "CLIENT PAUSE 20 WRITE",
        "CLIENT PAUSE 20 ALL",
        "CLIENT UNPAUSE",
        "BGSAVE",
        "MONITOR",
        "DEBUG RELOAD",
        "DBSIZE",
      ],
      ...["CONFIG RESETSTAT", "SLOWLOG RESET"],
    )
    .map((line) => line.split(" ")),
);
const commands = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: fc.oneof(...kinds).map((one): string[][] => [one]) },
      { weight: 3, arbitrary: burst },
      { weight: 2, arbitrary: other.map((one) => [one]) },
    ),
    { minLength: 1, maxLength: 16 },
  )
  .map((parts) => parts.flat());

interface Batch {
  readonly client: number;
  readonly commands: readonly string[][];
  /** What passes before the next one. */
  readonly ms: number;
}

const batch: fc.Arbitrary<Batch> = fc.record({
  client: fc.nat({ max: 2 }),
  commands,
  ms: fc.constantFrom(0, 0, 0, 5, 30, 1100),
});

interface Outcome {
  readonly replies: string[];
  readonly effects: string[];
  readonly digests: string[];
  readonly statistics: string;
  readonly usedBytes: number[];
}

/** How many commands have taken the shortest path, by name. */
const shortened = new Map<string, number>();

function watchPlain(member: TestMember, mayBePlain: boolean): void {
  const { desk } = member.member;
  const runPlain = desk.runPlain.bind(desk);
  desk.runPlain = (client, source) => {
    const count = mayBePlain ? runPlain(client, source) : 0;
    const name = client.session.lastCommand;
    if (count > 0) shortened.set(name, (shortened.get(name) ?? 0) + count);
    return count;
  };
}

/** All effects, in order. How many commands share a record may differ. */
function effectsOf({ member }: TestMember): string[] {
  const { tail } = member.log;
  const effects: string[] = [];
  for (let from = tail.firstInMemory; from <= tail.lastOffset; ) {
    const chunk = tail.chunkFrom(from);
    if (chunk === undefined) throw new Error(`no records from ${from}`);
    const cursor = new RecordCursor(chunk.bytes);
    while (cursor.next()) {
      const reader = new CommandReader(chunk.bytes, cursor.payloadStart, cursor.payloadEnd);
      let db = String(cursor.db);
      for (let argv = reader.next(); argv !== undefined; argv = reader.next()) {
        if (argv[0] === "SELECT") db = argv[1] as string;
        else effects.push(`${db} ${argv.join(" ")}`);
      }
    }
    from = (chunk.lastOffset + 1) as Offset;
  }
  return effects;
}

/** Without what was timed. */
function statisticsOf(text: string): string {
  return text.replace(/^\$\d+/, "").replace(/usec=-?\d+,usec_per_call=-?[\d.]+/g, "");
}

function outcomeOf(
  batches: readonly Batch[],
  mode: ReplicationMode,
  countsUses: boolean,
  mayBePlain: boolean,
): Outcome {
  const group = new TestGroup({ mode });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  if (countsUses)
    n1.keyspace.limitMemory({ ...MEMORY_DEFAULTS, policy: "allkeys-lfu" }, new SeededRandomness(5));
  watchPlain(n1, mayBePlain);
  const clients = [n1.connect(), n1.connect(), n1.connect()];
  const replies: string[] = [];
  for (const { client, commands, ms } of batches) {
    const asked = clients[client];
    if (asked === undefined || asked.closed || asked.pending !== null || asked.blocked !== null) continue;
    // Of what is left behind a command that waits nothing is sent again.
    n1.runWhileItMay(asked, commands);
    group.settle();
    if (ms > 0) group.pass(ms);
    for (const each of clients) replies.push(n1.read(each));
  }
  group.pass(200);
  for (const each of clients) replies.push(n1.read(each));
  const statistics = ["commandstats", "stats", "keyspace", "errorstats"].map((section) =>
    statisticsOf(n1.ask(n1.connect(), "INFO", section)),
  );
  const keys = [...KEYS, ...Object.values(COLLECTIONS)];
  const used = keys.map((one) => n1.ask(n1.connect(), "OBJECT", countsUses ? "FREQ" : "IDLETIME", one));
  const encodings = keys.map((one) => n1.ask(n1.connect(), "OBJECT", "ENCODING", one));
  return {
    replies,
    effects: effectsOf(n1),
    digests: ["n1", "n2", "n3"].map((id) => group.member(id).keyspace.digest()),
    statistics: [...statistics, ...used, ...encodings].join("\n"),
    usedBytes: ["n1", "n2", "n3"].map((id) => group.member(id).keyspace.usedBytes),
  };
}

describe.each(["async", "semi-sync", "sync"] as const)("the commonest commands in %s", (mode) => {
  it("reply, record, count and leave behind the same on the shortest path as on the long one", () => {
    shortened.clear();
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 12 }), fc.boolean(), (batches, countsUses) => {
        const short = outcomeOf(batches, mode, countsUses, true);
        expect(short).toEqual(outcomeOf(batches, mode, countsUses, false));
        expect(new Set(short.digests).size).toBe(1);
      }),
      { numRuns: 150 },
    );
    for (const name of PLAIN_NAMES) expect([name, (shortened.get(name) ?? 0) > 10]).toEqual([name, true]);
  });
});

it("as many GETs as are run at once find room for the longest string that a block holds: of an empty key", () => {
  const value = "v".repeat(480);
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  n1.ask(client, "SET", "", value);
  const gets = Array.from({ length: 16 }, () => ["GET", ""]);
  expect(n1.runWhileItMay(client, gets)).toBe(16);
  group.settle();
  expect(n1.read(client)).toBe(bulk(value).repeat(16));
});

it("no more elements are taken at once behind one whose reply is long", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  const runs = [30_000, 30_000, 30_000, 70_000, 1, 1].map((length) => "v".repeat(length));
  n1.ask(client, "RPUSH", "list", ...runs, "last");
  const counts: number[] = [];
  const { desk } = n1.member;
  const runPlain = desk.runPlain.bind(desk);
  desk.runPlain = (asked, source) => {
    const count = runPlain(asked, source);
    if (count > 0) counts.push(count);
    return count;
  };
  n1.runWhileItMay(
    client,
    runs.map(() => ["LPOP", "list"]),
  );
  group.settle();
  expect(counts).toEqual([3, 1, 2]);
  expect(n1.read(client)).toBe(runs.map(bulk).join(""));
});

it("a short range of a long list is read the short way, a long one is not", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  const elements = Array.from({ length: 12 }, (_, at) => String(at).repeat(100_000));
  n1.ask(client, "RPUSH", "list", ...elements);
  shortened.clear();
  watchPlain(n1, true);
  expect(n1.ask(client, "LRANGE", "list", "1", "2")).toBe(`*2\r\n${elements.slice(1, 3).map(bulk).join("")}`);
  expect(shortened.get("lrange")).toBe(1);
  expect(n1.ask(client, "LRANGE", "list", "0", "-1")).toBe(`*12\r\n${elements.map(bulk).join("")}`);
  expect(shortened.get("lrange")).toBe(1);
  expect(n1.ask(client, "INFO", "stats")).toContain("keyspace_hits:2\r\n");
});

it("a long member is popped the long way, which asks whether its record has room", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  n1.ask(client, "SADD", "short", "a", "b", "c");
  n1.ask(client, "SADD", "long", ...["a", "b", "c"].map((letter) => letter.repeat(1000)));
  shortened.clear();
  watchPlain(n1, true);
  n1.runWhileItMay(client, [["SPOP", "short"]]);
  expect(shortened.get("spop")).toBe(1);
  n1.runWhileItMay(client, [["SPOP", "long"]]);
  expect(shortened.get("spop")).toBe(1);
  group.settle();
  n1.read(client);
  expect(n1.ask(client, "SCARD", "long")).toBe(":2\r\n");
});

describe("that a key is not there, on the shortest path,", () => {
  it.each([
    ["GET", "$-1\r\n"],
    ["LPOP", "$-1\r\n"],
    ["RPOP", "$-1\r\n"],
    ["SPOP", "$-1\r\n"],
    ["ZPOPMIN", "*0\r\n"],
  ])("%s says only once the record that took it away is committed", (name, nothing) => {
    // Of the other modes a read without a lease waits for as much in any case.
    const group = new TestGroup({ mode: "async" });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    n1.ask(client, "SET", "gone", "1");
    shortened.clear();
    watchPlain(n1, true);
    n1.diskIsSlow = true;
    n1.run(client, "DEL", "gone");
    const other = n1.connect();
    expect(n1.ask(other, name, "never")).toBe(nothing);
    expect(n1.ask(other, name, "gone")).toBe("");
    expect(shortened.get(name.toLowerCase())).toBe(2);
    n1.releaseDisk();
    group.settle();
    expect(n1.read(other)).toBe(nothing);
  });
});

it("of several that change something or not, those that do are recorded, and no others", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  n1.ask(client, "SADD", "set", "a", "b");
  const before = effectsOf(n1).length;
  shortened.clear();
  watchPlain(n1, true);
  const members = ["a", "b", "c", "d", "a", "e", "b", "b", "f"];
  n1.runWhileItMay(
    client,
    members.map((one) => ["SADD", "set", one]),
  );
  group.settle();
  expect(shortened.get("sadd")).toBe(members.length);
  expect(n1.read(client)).toBe(":0\r\n:0\r\n:1\r\n:1\r\n:0\r\n:1\r\n:0\r\n:0\r\n:1\r\n");
  expect(effectsOf(n1).slice(before)).toEqual(["c", "d", "e", "f"].map((one) => `0 SADD set ${one}`));
});
