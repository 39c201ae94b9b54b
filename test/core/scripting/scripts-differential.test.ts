import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mayUse } from "../../may-use.ts";
import { decode, Harness, replayed } from "../commands/harness.ts";
import { BITS, COUNTERS, HASHES, STRINGS } from "../commands/random-commands.ts";
import { RedisServer } from "../commands/redis-server.ts";
import { ARG_TABLES, CASTS, EARLIER_WORDS, METAMETHODS } from "./earlier-lua.ts";
import { DETAILS, LIBRARIES } from "./library-scripts.ts";
import { ERRORS, LANGUAGE, VALUES } from "./scripts.ts";

const comparing = mayUse("redis-server", "scripts are not compared with Redis");

describe.skipIf(!comparing)("scripts compared with redis-server 7.0", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis?.stop();
  });

  const kinds = {
    ERRORS,
    VALUES,
    LANGUAGE,
    LIBRARIES,
    DETAILS,
    ARG_TABLES,
    METAMETHODS,
    CASTS,
    EARLIER_WORDS,
  };
  for (const [kind, scripts] of Object.entries(kinds)) {
    it.each(scripts)(`${kind.toLowerCase()}: %s`, async (script) => {
      const commands = [["FLUSHALL"], ["EVAL", script, "0"], ["DBSIZE"]];
      const harness = new Harness();
      const got = commands.map((argv) => decode(harness.execute(argv).reply));
      expect(got).toEqual(await redis.ask(commands));
    });
  }

  it("EVAL, EVALSHA and SCRIPT answer alike", async () => {
    const sha = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
    const commands = [
      ["SCRIPT", "FLUSH"],
      ["EVALSHA", "abc", "0"],
      ["EVALSHA", "abc", "x"],
      ["EVALSHA", sha, "x"],
      ["EVALSHA", sha, "0"],
      ["EVALSHA_RO", sha, "0"],
      ["EVAL", "return 1", "0"],
      ["EVALSHA", sha, "0"],
      ["EVALSHA", sha.toUpperCase(), "0"],
      ["EVALSHA_RO", sha, "0"],
      ["EVAL", "return 1", "a"],
      ["EVAL", "return 1", "-1"],
      ["EVAL", "return 1", "2", "a"],
      ["EVAL", "return {KEYS[1],KEYS[2],ARGV[1]}", "2", "a", "b", "c"],
      ["EVAL", "return 1"],
      ["EVAL_RO", "return redis.call('set','a','b')", "0"],
      ["EVAL_RO", "return redis.pcall('set','a','b')", "0"],
      ["EVAL_RO", "return redis.call('get','a')", "0"],
      ["EVAL_RO", "#!lua\nreturn 1", "0"],
      ["EVAL_RO", "#!lua flags=no-writes\nreturn 1", "0"],
      ["SCRIPT", "LOAD", "return 1 1"],
      ["SCRIPT", "LOAD", "#!lua flags=bad\nreturn 1"],
      ["SCRIPT", "LOAD", "return 1"],
      ["SCRIPT", "EXISTS", sha, "x"],
      ["SCRIPT", "EXISTS"],
      ["SCRIPT", "FLUSH", "bad"],
      ["SCRIPT", "FLUSH", "sync", "async"],
      ["SCRIPT", "FLUSH", "async"],
      ["SCRIPT", "EXISTS", sha],
      ["SCRIPT", "KILL"],
      ["SCRIPT", "KILL", "a"],
      ["SCRIPT", "DEBUG"],
      ["SCRIPT", "foo"],
      ["SCRIPT"],
      ["COMMAND", "GETKEYS", "EVAL", "return 1", "2", "a", "b", "c"],
      ["MULTI"],
      ["EVAL", "return redis.call('set','a','1')", "0"],
      ["EVALSHA", sha, "0"],
      ["EXEC"],
    ];
    const harness = new Harness();
    const got = commands.map((argv) => decode(harness.execute(argv).reply));
    const expected = await redis.ask(commands);
    for (const [at, argv] of commands.entries()) {
      expect({ argv, reply: got[at] }).toEqual({ argv, reply: expected[at] });
    }
  });

  it("random commands inside a script get the same replies", async () => {
    const script =
      "local r, i = {}, 1 while ARGV[i] do local c = {} for j = 1, tonumber(ARGV[i]) do c[j] = ARGV[i + j] end " +
      "r[#r + 1] = redis.pcall(unpack(c)) i = i + #c + 1 end return r";
    const one = fc
      .oneof(STRINGS, COUNTERS, BITS, HASHES)
      .filter(([name]) => !/^(OBJECT|EXPIRETIME)$/i.test(name ?? ""));
    const sequence = fc.array(one, { minLength: 1, maxLength: 30, size: "max" });
    await fc.assert(
      fc.asyncProperty(sequence, async (commands) => {
        const args = commands.flatMap((argv) => [String(argv.length), ...argv]);
        const whole = [["FLUSHALL"], ["EVAL", script, "0", ...args], ["MGET", "a", "b", "c", "d"]];
        const harness = new Harness();
        harness.keyspace.nowMs = Date.now();
        const got = whole.map((argv) => decode(harness.execute(argv).reply));
        expect(got).toEqual(await redis.ask(whole));
        expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
      }),
      { numRuns: 200 },
    );
  });
});
