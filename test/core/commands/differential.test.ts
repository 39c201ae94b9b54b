import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mayUse } from "../../may-use.ts";
import { decode, Harness } from "./harness.ts";
import { FAMILIES } from "./random-families.ts";
import { SET_STATE, SORT_STATE, UNORDERED_SET_REPLIES, ZSET_STATE } from "./random-sets.ts";
import { STREAM_NODES, STREAM_STATE, withoutTimes } from "./random-streams.ts";
import { RedisServer } from "./redis-server.ts";

const comparing = mayUse("redis-server", "replies are not compared with Redis");

/** Replies whose order means nothing. */
const UNORDERED = new Set(["KEYS", "SCAN", ...UNORDERED_SET_REPLIES]);

function normalised(argv: readonly string[], reply: unknown): unknown {
  const name = argv[0]?.toUpperCase() ?? "";
  if (/^B?Z/.test(name)) return ordered(name, withoutNegativeZeros(reply));
  return ordered(name, withoutTimes(argv, reply));
}

function ordered(name: string, reply: unknown): unknown {
  if (!UNORDERED.has(name) || !Array.isArray(reply)) return reply;
  return reply.map((item) => (Array.isArray(item) ? item.sort() : item)).sort();
}

/** Redis's sorted sets tell 0 from -0 when they are not compact. */
function withoutNegativeZeros(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(withoutNegativeZeros);
  return reply === "-0" ? "0" : reply;
}

describe.skipIf(!comparing)("compared with redis-server 7.0", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
    await redis.ask([["CONFIG", "SET", "stream-node-max-entries", String(STREAM_NODES.entriesMax)]]);
  });
  afterAll(async () => {
    await redis?.stop();
  });

  const states: Record<string, readonly string[][]> = {
    sets: SET_STATE,
    zsets: ZSET_STATE,
    sorts: SORT_STATE,
    streams: STREAM_STATE,
    "stream groups": STREAM_STATE,
  };
  for (const [family, command] of Object.entries(FAMILIES)) {
    it(`random ${family} commands get the same replies`, async () => {
      const sequence = fc.array(command, { minLength: 1, maxLength: 40, size: "max" });
      await fc.assert(
        fc.asyncProperty(sequence, async (commands) => {
          // SCAN clears errno, over which Redis's SORT stumbles.
          const whole = [
            ["RESET"],
            ["FLUSHALL"],
            ["SCAN", "0"],
            ...commands,
            ...(states[family] ?? []),
            ["RESET"],
          ];
          const harness = new Harness();
          const { nowMs, replies: expected } = await redis.askWithinSecond(whole);
          harness.keyspace.nowMs = nowMs;
          harness.keyspace.streamNodes = STREAM_NODES;
          for (const [at, argv] of whole.entries()) {
            const { reply } = harness.execute(argv);
            const got = normalised(argv, decode(reply));
            expect({ argv, reply: got }).toEqual({ argv, reply: normalised(argv, expected[at]) });
          }
        }),
        { numRuns: 400 },
      );
    });
  }

  it("any glob pattern finds the same keys", async () => {
    const piece = fc.constantFrom("a", "b", "-", "*", "?", "[", "]", "^", "\\", "[a-b]", "[^b]", "[]", "**");
    const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 5 }), text, async (keys, pattern) => {
        const set = ["MSET", ...keys.flatMap((key) => [key, "v"])];
        const [, , found] = await redis.ask([["FLUSHALL"], set, ["KEYS", pattern]]);
        const harness = new Harness();
        harness.execute(set);
        const reply = decode(harness.execute(["KEYS", pattern]).reply);
        expect(normalised(["KEYS"], reply)).toEqual(normalised(["KEYS"], found));
      }),
      { numRuns: 500 },
    );
  });

  it("COMMAND INFO describes every command alike", async () => {
    const harness = new Harness();
    const all = decode(harness.run("COMMAND LIST")) as string[];
    const names = all.filter((name) => !OURS_ADDS.has(name));
    const [theirs] = await redis.ask([["COMMAND", "INFO", ...names]]);
    const ours = decode(harness.execute(["COMMAND", "INFO", ...names]).reply);
    expect(flattened(ours as Description[])).toEqual(
      flattened(theirs as Description[]).filter(({ name }) => !OURS_LACKS.test(name) || names.includes(name)),
    );
  });
});

type Description = [
  string,
  number,
  string[],
  number,
  number,
  number,
  string[],
  unknown,
  unknown,
  Description[],
];

/** Subcommands that Redis has and we do not. */
const OURS_LACKS = /\|(shard|tracking|caching|getredir|pause|unpause|getkeysandflags|trackinginfo|setinfo)/;
/** Of Redis 7.2. */
const OURS_ADDS = new Set(["client|setinfo"]);

function flattened(descriptions: readonly Description[]): { name: string }[] {
  return descriptions
    .flatMap((description) => [description, ...(description[9] ?? [])])
    .filter(([name]) => !OURS_ADDS.has(name))
    .map(([name, arity, flags, first, last, step, categories]) => ({
      name,
      arity,
      flags: [...flags].sort(),
      keys: [first, last, step],
      categories: [...categories].sort(),
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
