/** Several clients that add, take and block, side by side on a member and on redis-server. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Client } from "../../../src/core/client.ts";
import { mayUse } from "../../may-use.ts";
import { TestGroup } from "../member/test-group.ts";
import type { TestMember } from "../member/test-member.ts";
import { decodeAll } from "./harness.ts";
import { BLOCKING_POPS, LISTS } from "./random-commands.ts";
import { RedisServer, type RedisSession } from "./redis-server.ts";

const comparing = mayUse("redis-server", "blocked clients are not compared with Redis");

const CLIENTS = 4;

const key = fc.constantFrom("a", "b", "c");
const element = fc.constantFrom("1", "2", "3");
const side = fc.constantFrom("LEFT", "RIGHT");

const waits = fc.oneof(
  fc.tuple(fc.constantFrom("BLPOP", "BRPOP"), key, key, fc.constant("0")),
  fc.tuple(fc.constantFrom("BLPOP", "BRPOP"), key, fc.constant("0")),
  fc.tuple(fc.constant("BLMOVE"), key, key, side, side, fc.constant("0")),
  fc.tuple(fc.constant("BRPOPLPUSH"), key, key, fc.constant("0")),
  fc.tuple(fc.constant("BLMPOP"), fc.constant("0"), fc.constant("2"), key, key, side),
  fc.tuple(
    fc.constant("BLMPOP"),
    fc.constant("0"),
    fc.constant("1"),
    key,
    side,
    fc.constant("COUNT"),
    element,
  ),
);
const wakes = fc.oneof(
  fc.tuple(fc.constantFrom("RPUSH", "LPUSH"), key, element),
  fc.tuple(fc.constantFrom("RPUSH", "LPUSH"), key, element, element),
  fc.tuple(fc.constantFrom("RENAME", "RPOPLPUSH", "COPY"), key, key),
  fc.tuple(fc.constantFrom("DEL", "LPOP"), key),
  fc.tuple(fc.constant("SET"), key, element),
  fc.tuple(fc.constant("MOVE"), key, fc.constant("1")),
  fc.tuple(fc.constant("SWAPDB"), fc.constant("0"), fc.constant("1")),
);

const after = fc.constantFrom("$", "0", "3", "9");
const id = fc.integer({ min: 1, max: 9 }).map((ms) => `${ms}-*`);
const streamWaits = fc.oneof(
  fc
    .tuple(key, key, after, after)
    .map(([one, other, first, second]) => ["XREAD", "BLOCK", "0", "STREAMS", one, other, first, second]),
  fc
    .tuple(element, key, after)
    .map(([count, one, first]) => ["XREAD", "COUNT", count, "BLOCK", "0", "STREAMS", one, first]),
  fc
    .tuple(element, key, fc.constantFrom([], ["NOACK"], ["COUNT", "1"]))
    .map(([consumer, one, options]) => [
      ...["XREADGROUP", "GROUP", "g", consumer, "BLOCK", "0", ...options],
      ...["STREAMS", one, ">"],
    ]),
  fc
    .tuple(key, key)
    .map((keys) => ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", ...keys, ">", ">"]),
);
const streamWakes = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constant("XADD"), key, id, fc.constant("f"), element),
  },
  fc.tuple(fc.constant("XADD"), key, fc.constant("18446744073709551615-*"), fc.constant("f"), element),
  {
    weight: 4,
    arbitrary: fc.tuple(key, after).map(([one, last]) => ["XGROUP", "CREATE", one, "g", last, "MKSTREAM"]),
  },
  fc.tuple(key, after).map(([one, last]) => ["XGROUP", "SETID", one, "g", last]),
  key.map((one) => ["XGROUP", "DESTROY", one, "g"]),
  fc.tuple(fc.constantFrom("XDEL", "XSETID"), key, fc.constantFrom("3", "9")),
  fc.tuple(fc.constant("XTRIM"), key, fc.constant("MAXLEN"), fc.constantFrom("0", "1")),
  fc.tuple(key, element).map(([one, consumer]) => ["XAUTOCLAIM", one, "g", consumer, "0", "0"]),
  fc.tuple(fc.constantFrom("RENAME", "COPY"), key, key),
  fc.tuple(fc.constant("DEL"), key),
  fc.tuple(fc.constant("SET"), key, element),
  fc.tuple(fc.constant("MOVE"), key, fc.constant("1")),
  fc.tuple(fc.constant("SWAPDB"), fc.constant("0"), fc.constant("1")),
  fc.constant<string[]>(["FLUSHDB"]),
);

const zsetWaits = fc.oneof(
  fc.tuple(fc.constantFrom("BZPOPMIN", "BZPOPMAX"), key, key, fc.constant("0")),
  fc.tuple(fc.constantFrom("BZPOPMIN", "BZPOPMAX"), key, fc.constant("0")),
  fc.tuple(
    fc.constant("BZMPOP"),
    fc.constant("0"),
    fc.constant("2"),
    key,
    key,
    fc.constantFrom("MIN", "MAX"),
  ),
);
/** No ZRANGESTORE or its like: where that overwrites a string, Redis leaves alone who waits for a sorted set there, and we do not. */
const zsetWakes = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant("ZADD"), key, element, element) },
  fc.tuple(fc.constantFrom("ZADD", "ZINCRBY", "SADD", "RPUSH"), key, element, element),
  fc.tuple(fc.constantFrom("RENAME", "RENAMENX", "COPY"), key, key),
  fc.tuple(fc.constant("COPY"), key, key, fc.constant("REPLACE")),
  fc.tuple(fc.constantFrom("DEL", "ZPOPMIN", "PERSIST"), key),
  fc.tuple(fc.constantFrom("ZREM", "EXPIRE", "SET"), key, element),
  fc.tuple(fc.constant("MOVE"), key, fc.constant("1")),
  fc.tuple(fc.constant("SWAPDB"), fc.constant("0"), fc.constant("1")),
);

/** Commands that one client sends one after the other: one alone, or a whole transaction. */
function bursts(
  waiting: fc.Arbitrary<string[]>,
  waking: fc.Arbitrary<string[]>,
  other: fc.Arbitrary<string[]>,
): fc.Arbitrary<string[][]> {
  return fc.oneof(
    { weight: 4, arbitrary: waiting.map((argv) => [argv]) },
    { weight: 2, arbitrary: waking.map((argv) => [argv]) },
    {
      weight: 3,
      arbitrary: fc
        .array(fc.oneof({ weight: 4, arbitrary: waking }, { weight: 1, arbitrary: waiting }), {
          maxLength: 4,
        })
        .map((commands) => [["MULTI"], ...commands, ["EXEC"]]),
    },
    { weight: 1, arbitrary: other.map((argv) => [argv]) },
  );
}

const KEYS = ["a", "b", "c", "d"];
interface Step {
  readonly client: number;
  readonly burst: string[][];
}

/** Each line a burst: the number of the client, and its commands. */
function steps(...lines: string[]): Step[] {
  return lines.map((line) => ({
    client: Number(line[0]),
    burst: line
      .slice(2)
      .split("; ")
      .map((command) => command.split(" ")),
  }));
}

const FAMILIES: readonly {
  readonly name: string;
  readonly burst: fc.Arbitrary<string[][]>;
  /** What only thousands of random ones have shown. */
  readonly rare: Step[];
  /** Tell what is left in the end. */
  readonly state: readonly string[][];
}[] = [
  {
    name: "lists",
    burst: bursts(waits, wakes, fc.oneof(LISTS, BLOCKING_POPS)),
    rare: steps("0 BLPOP b a 0", "1 SET a 1", "1 MULTI; DEL a; RPUSH b 1 1; RPUSH a 1; EXEC"),
    state: KEYS.map((name) => ["LRANGE", name, "0", "-1"]),
  },
  {
    name: "streams",
    burst: bursts(streamWaits, streamWakes, streamWakes),
    rare: steps(
      "0 XGROUP CREATE a g $ MKSTREAM",
      "0 XGROUP CREATE c g $ MKSTREAM",
      "0 XSETID a 3",
      "1 XREADGROUP GROUP g c BLOCK 0 STREAMS c a > >",
      "0 RENAME a c",
    ),
    state: KEYS.flatMap((name) => [
      ["XRANGE", name, "-", "+"],
      ["XINFO", "GROUPS", name],
      ["XPENDING", name, "g"],
    ]),
  },
  {
    name: "sorted sets",
    burst: bursts(zsetWaits, zsetWakes, zsetWakes),
    rare: steps("0 BZPOPMIN b a 0", "1 SET a 1", "1 MULTI; DEL a; ZADD b 1 1; ZADD a 1 1; EXEC"),
    state: KEYS.map((name) => ["ZRANGE", name, "0", "-1", "WITHSCORES"]),
  },
];

/** What a member says to each of its clients. */
class Ours {
  readonly member: TestMember;
  readonly clients: Client[];
  readonly #group = new TestGroup({ members: 1, copies: 1 });

  constructor() {
    this.member = this.#group.reign(1, "n1", []);
    this.clients = Array.from({ length: CLIENTS }, () => this.member.connect());
  }

  /** How many different keys clients are blocked on. */
  get awaitedKeys(): number {
    const keys = this.clients.flatMap(({ blocked }) =>
      blocked?.request.kind === "keys" ? blocked.request.keys : [],
    );
    return new Set(keys).size;
  }

  /** @returns what each client has got since the last command. */
  ask(client: number, argv: string[]): unknown[][] {
    const own = this.member.ask(this.clients[client] as Client, ...argv);
    return this.clients.map((each, at) => decodeAll(at === client ? own : this.member.read(each)));
  }
}

/** FLUSHDB wakes those who wait in the order of Redis's hash table: which of a client's keys is looked at first is chance. */
function alike(replies: readonly unknown[][]): unknown[][] {
  const gone = /^\(error\) (UNBLOCKED the stream key|NOGROUP the consumer group this client)/;
  return replies.map((each) =>
    each.map((reply) =>
      typeof reply === "string" && gone.test(reply) ? "what it waited for is gone" : reply,
    ),
  );
}

describe.skipIf(!comparing)("blocked clients, compared with redis-server 7.0", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis?.stop();
  });

  it.each(FAMILIES)("on $name are served alike, and the same is left", async ({ burst, rare, state }) => {
    const step = fc.record({ client: fc.nat({ max: CLIENTS - 1 }), burst });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40, size: "max" }), async (taken) => {
        // Nobody of an earlier run may still wait for these keys.
        await redis.ask([["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"], ["FLUSHALL"]]);
        const theirs: RedisSession[] = [];
        for (let at = 0; at < CLIENTS; at += 1) theirs.push(await redis.connect());
        const ours = new Ours();
        for (const { client, argv } of taken.flatMap((one) => one.burst.map((argv) => ({ ...one, argv })))) {
          // A blocked client sends nothing.
          if (ours.clients[client]?.blocked !== null) continue;
          // It wakes those who wait in the order of Redis's hash table, by chance: with several keys it tells nothing.
          if (argv[0] === "SWAPDB" && ours.awaitedKeys > 1) continue;
          theirs[client]?.send(argv);
          const got = ours.ask(client, argv);
          // Once the server has answered what came later, it has done what came before.
          for (let round = 0; round < 3; round += 1) await redis.ask([["PING"]]);
          const expected = theirs.map((each) => each.received());
          expect({ client, argv, got: alike(got) }).toEqual({ client, argv, got: alike(expected) });
        }
        for (const each of theirs) each.close();
        const left = await redis.ask(state);
        const probe = ours.member.connect();
        expect(state.flatMap((argv) => decodeAll(ours.member.ask(probe, ...argv)))).toEqual(left);
      }),
      { numRuns: 100, examples: [[rare]] },
    );
  });
});
