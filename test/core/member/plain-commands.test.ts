/** GET and SET on the shortest path come to what they come to on the long one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { CommandReader } from "../../../src/core/commands/command-reader.ts";
import { RecordCursor } from "../../../src/protocol/record.ts";
import { bulk } from "../../../src/protocol/resp/reply.ts";
import type { ReplicationMode } from "../../../src/rules/group-record.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

const KEYS = ["a", "b", "key:12345678", "l".repeat(476), "m".repeat(477)] as const;
const LENGTHS = [0, 3, 4, 90, 97, 97, 430, 475, 480, 998, 1100] as const;

const key = fc.constantFrom(...KEYS);
const value = fc.tuple(fc.constantFrom(...LENGTHS), fc.nat({ max: 255 })).map(([length, code]) => {
  return String.fromCharCode(code).repeat(length);
});

/** Half of all commands may take the shortest path. */
const plain = fc.oneof(
  fc.tuple(fc.constantFrom("GET", "get"), key),
  fc.tuple(fc.constantFrom("SET", "sEt"), key, value),
);
const other = fc.oneof(
  fc
    .tuple(fc.constantFrom("DEL", "INCR", "TTL", "PERSIST", "WATCH", "STRLEN", "BLPOP x"), key)
    .map(([name, one]) => (name === "BLPOP x" ? ["BLPOP", one, "0.05"] : [name, one])),
  fc.tuple(key, fc.integer({ min: 1, max: 40 })).map(([one, ms]) => ["PEXPIRE", one, String(ms)]),
  fc.tuple(key, value).map(([one, text]) => ["APPEND", one, text]),
  fc.tuple(key, value).map(([one, text]) => ["RPUSH", one, text]),
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
const command = fc.oneof({ weight: 12, arbitrary: plain }, { weight: 2, arbitrary: other });

interface Batch {
  readonly client: number;
  readonly commands: readonly string[][];
  /** What passes before the next one. */
  readonly ms: number;
}

const batch: fc.Arbitrary<Batch> = fc.record({
  client: fc.nat({ max: 2 }),
  commands: fc.array(command, { minLength: 1, maxLength: 24 }),
  ms: fc.constantFrom(0, 0, 0, 5, 30, 1100),
});

interface Outcome {
  readonly replies: string[];
  readonly effects: string[];
  readonly digests: string[];
  readonly statistics: string;
}

/** How many commands have taken the shortest path. */
let shortened = 0;

function watchPlain(member: TestMember, mayBePlain: boolean): void {
  const { desk } = member.member;
  const runPlain = desk.runPlain.bind(desk);
  desk.runPlain = (client, source) => {
    const count = mayBePlain ? runPlain(client, source) : 0;
    shortened += count;
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

function outcomeOf(batches: readonly Batch[], mode: ReplicationMode, mayBePlain: boolean): Outcome {
  const group = new TestGroup({ mode });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
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
  const used = KEYS.map((one) => n1.ask(n1.connect(), "OBJECT", "IDLETIME", one));
  return {
    replies,
    effects: effectsOf(n1),
    digests: ["n1", "n2", "n3"].map((id) => group.member(id).keyspace.digest()),
    statistics: [...statistics, ...used].join("\n"),
  };
}

describe.each(["async", "semi-sync", "sync"] as const)("GET and SET in %s", (mode) => {
  it("reply, record, count and leave behind the same on the shortest path as on the long one", () => {
    shortened = 0;
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 12 }), (batches) => {
        const short = outcomeOf(batches, mode, true);
        expect(short).toEqual(outcomeOf(batches, mode, false));
        expect(new Set(short.digests).size).toBe(1);
      }),
      { numRuns: 150 },
    );
    expect(shortened).toBeGreaterThan(500);
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
