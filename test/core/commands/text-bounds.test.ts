import { describe, expect, it } from "vitest";
import { TEXT_BOUNDS } from "../../../src/core/commands/text-bounds.ts";
import { Harness, replayed } from "./harness.ts";

const TOO_LONG = "(error) ERR the reply would be too long; ask for less at once";
const LETTERS = "abcdefghijklmnopqrst";

/** Replies of at most 100 bytes, effects of at most 80 beyond the arguments, arguments of at most 1000. */
function filled(): Harness {
  const harness = new Harness({
    ...TEXT_BOUNDS,
    ...{ argumentBytesMax: 1000, replyBytesMax: 100, foundBytesMax: 80 },
  });
  const letters = [...LETTERS];
  harness.run(`RPUSH list ${letters.join(" ")}`);
  harness.run(`SADD set ${letters.join(" ")}`);
  harness.run(`ZADD zset ${letters.map((letter, at) => `${at} ${letter}`).join(" ")}`);
  return harness;
}

describe("what would be too long to reply or to propagate", () => {
  it.each([
    ["LPOP list 19", "LPOP list 12"],
    ["RPOP list 20", "RPOP list 12"],
    ["LMPOP 1 list LEFT COUNT 19", "LMPOP 1 list LEFT COUNT 9"],
    ["BLMPOP 0 1 list RIGHT COUNT 19", "BLMPOP 0 1 list RIGHT COUNT 9"],
    ["SPOP set 19", "SPOP set 8"],
    ["ZPOPMIN zset 9", "ZPOPMIN zset 4"],
    ["ZPOPMAX zset 20", "ZPOPMAX zset 4"],
    ["ZMPOP 1 zset MIN COUNT 9", "ZMPOP 1 zset MIN COUNT 2"],
    ["BZMPOP 0 1 zset MAX COUNT 9", "BZMPOP 0 1 zset MAX COUNT 2"],
    ["SORT list ALPHA STORE sorted", "SORT list ALPHA LIMIT 0 5 STORE sorted"],
    ["INCRBYFLOAT sum 1e90", "INCRBYFLOAT sum 1e70"],
    ["HINCRBYFLOAT sums f -1e90", "HINCRBYFLOAT sums f -1e70"],
  ])("%s is refused and changes nothing; %s is not", (tooMuch, enough) => {
    const harness = filled();
    const before = harness.keyspace.digest();
    expect(harness.ask(tooMuch)).toBe(TOO_LONG);
    expect(harness.log).toHaveLength(3);
    expect(harness.keyspace.digest()).toBe(before);
    expect(harness.ask(enough)).not.toBe(TOO_LONG);
    expect(harness.log).toHaveLength(4);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it.each([
    ["SRANDMEMBER set", 13, ""],
    ["HRANDFIELD hash", 13, ""],
    ["HRANDFIELD hash", 6, " WITHVALUES"],
    ["ZRANDMEMBER zset", 13, ""],
    ["ZRANDMEMBER zset", 6, " WITHSCORES"],
  ])("%s is refused a longer reply, and %i picks are not", (command, enough, options) => {
    const harness = filled();
    harness.run("HSET hash a 1 b 2 c 3");
    expect(harness.ask(`${command} -${enough + 1}${options}`)).toBe(TOO_LONG);
    expect(harness.ask(`${command} -${enough}${options}`)).toHaveLength(enough * (options === "" ? 1 : 2));
    expect(harness.ask(`${command} -4611686018427387903${options}`)).toBe(TOO_LONG);
  });

  it("takes memory for what a reply of many picks is long, not for its pieces", () => {
    const harness = new Harness();
    harness.run("SADD set a b c");
    const before = process.memoryUsage().heapUsed;
    const reply = harness.run("SRANDMEMBER set -2000000");
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(reply.length * 4);
    expect(reply).toHaveLength("*2000000\r\n".length + 2_000_000 * "$1\r\na\r\n".length);
  });

  it("is counted for all commands of a transaction and of a script together", () => {
    const harness = filled();
    const commands = ["MULTI", "SPOP set 5", "SPOP set 5", "SPOP set 2"];
    for (const command of commands) harness.run(command);
    expect(harness.run("EXEC")).toBe("-ERR the reply would be too long; ask for less at once\r\n");
    expect(harness.ask("SCARD set")).toBe(15);
    const script = "redis.call('spop', 'set', 5) return redis.pcall('spop', 'set', 5)";
    expect(harness.execute(["EVAL", script, "1", "set"]).reply).toBe(
      "-ERR the reply would be too long; ask for less at once\r\n",
    );
    expect(harness.ask("SCARD set")).toBe(10);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("counts what is put around empty arguments too", () => {
    const harness = filled();
    const empty = Array<string>(100).fill("");
    harness.run("MULTI");
    expect(harness.execute(["RPUSH", "list", ...empty]).reply).toBe("+QUEUED\r\n");
    expect(harness.execute(["RPUSH", "list", ...empty]).reply).toMatch(
      /^-ERR .* too many bytes, in one transaction/,
    );
  });

  it("counts the deletions of keys that had expired before what is written to them", () => {
    const harness = new Harness({ ...TEXT_BOUNDS, argumentBytesMax: 4000, effectsBytesMax: 5000 });
    const keys = [1, 2, 3].map((at) => `${at}${"k".repeat(1000)}`);
    for (const key of keys) harness.run(`SET ${key} v PX 5`);
    harness.keyspace.nowMs += 10;
    harness.run("MULTI");
    for (const key of keys) harness.run(`APPEND ${key} v`);
    expect(harness.run("EXEC")).toMatch(/^\*3\r\n:1\r\n:1\r\n-ERR .* too many bytes, in one transaction/);
    expect(harness.log.at(-1)?.effects.length).toBeLessThan(5000);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("leaves keys with long names that have expired to another record", () => {
    const harness = new Harness();
    const names = Array.from({ length: 40 }, (_, at) => `${at}${"k".repeat(1024 * 1024)}`);
    for (const name of names) harness.execute(["SET", name, "v", "PX", "5"]);
    harness.keyspace.nowMs += 10;
    expect(harness.execute(["MGET", ...names]).reply).toBe(`*40\r\n${"$-1\r\n".repeat(40)}`);
    expect(harness.log.at(-1)?.effects.length).toBeLessThan(33 * 1024 * 1024);
    expect(harness.ask("DBSIZE")).toBe(9);
    harness.expire(100);
    expect(harness.ask("DBSIZE")).toBe(0);
  });

  it("counts the sums of floats, which a few letters make thousands of digits of", () => {
    const harness = new Harness({ ...TEXT_BOUNDS, foundBytesMax: 12_000 });
    harness.run("MULTI");
    for (let at = 0; at < 3; at += 1) harness.run("INCRBYFLOAT sum 1e4931");
    expect(harness.ask("EXEC")).toEqual([expect.any(String), expect.any(String), TOO_LONG]);
    expect(harness.log[0]?.effects.length).toBeLessThan(12_000);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it.each([
    ["reads of many streams", [`XREADGROUP GROUP g c STREAMS ${"s ".repeat(20)}${"0 ".repeat(20)}`.trim()]],
    ["claims", Array.from({ length: 10 }, (_, at) => `XCLAIM s g other 0 1 TIME 5 FORCE LASTID ${at + 5}`)],
  ])("counts the names that are propagated again and again by %s", (_name, commands) => {
    const foundBytesMax = 14_000;
    const harness = new Harness({ ...TEXT_BOUNDS, foundBytesMax });
    const long = (command: string): string =>
      command.replace(/\b(?:s|g|c|other)\b/g, (name) => name + "x".repeat(1000));
    for (const command of ["XADD s 1 f v", "XGROUP CREATE s g 0"]) harness.run(long(command));
    harness.run("MULTI");
    for (const command of commands) harness.run(long(command));
    const [first] = harness.ask("EXEC") as unknown[];
    expect(first).not.toBe(TOO_LONG);
    const argumentsLength = commands.reduce((length, command) => length + long(command).length, 0);
    expect(harness.log.at(-1)?.effects.length).toBeLessThan(argumentsLength + foundBytesMax);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("leaves deliveries that would be propagated at too great a length to the next command", () => {
    const harness = new Harness({ ...TEXT_BOUNDS, foundBytesMax: 2000 });
    for (let at = 1; at <= 40; at += 1) harness.run(`XADD s ${at} f v`);
    harness.run("XGROUP CREATE s g 0");
    const fresh = harness.ask("XREADGROUP GROUP g c STREAMS s >") as [string, unknown[]][];
    expect(fresh[0]?.[1]).toHaveLength(21);
    const [next, claimed] = harness.ask("XAUTOCLAIM s g other 0 0 COUNT 40") as [string, unknown[]];
    expect([next, claimed.length]).toEqual(["6-0", 5]);
    const again = harness.ask("XREADGROUP GROUP g c STREAMS s 0") as [string, unknown[]][];
    expect(again[0]?.[1]).toHaveLength(4);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });
});

describe("a reply beyond a string of V8", () => {
  it("is refused also where a key expired on the way", () => {
    const harness = new Harness();
    harness.execute(["SET", "a", "x".repeat(200 * 1024 * 1024)]);
    harness.run("SET gone 1 PX 5");
    harness.keyspace.nowMs += 10;
    expect(harness.ask("MGET gone a a a")).toBe(TOO_LONG);
    expect(harness.log.at(-1)?.effects).toBe("*2\r\n$3\r\nDEL\r\n$4\r\ngone\r\n");
  });
});

describe("MONITOR", () => {
  it("shows the name alone of a command that would be too long to show", () => {
    const harness = new Harness({ ...TEXT_BOUNDS, replyBytesMax: 1000 });
    harness.run("MONITOR", harness.connect());
    const { monitored } = harness.execute(["SET", "a", "\x01".repeat(200)]);
    expect(monitored).toMatch(/ "SET" "\(too long\)"\r\n$/);
    expect(harness.execute(["SET", "a", "short"]).monitored).toMatch(/ "SET" "a" "short"\r\n$/);
  });
});
