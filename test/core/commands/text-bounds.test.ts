import { describe, expect, it } from "vitest";
import { TEXT_BOUNDS } from "../../../src/core/commands/text-bounds.ts";
import { Harness, replayed } from "./harness.ts";

const TOO_LONG = "(error) ERR the reply would be too long; ask for less at once";
const LETTERS = "abcdefghijklmnopqrst";

/** Replies of at most 100 bytes, effects of at most 80 beyond the arguments, arguments of at most 1000. */
function filled(): Harness {
  const harness = new Harness({ argumentBytesMax: 1000, replyBytesMax: 100, foundBytesMax: 80 });
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

  it("leaves deliveries that would be propagated at too great a length to the next command", () => {
    const harness = new Harness({ ...TEXT_BOUNDS, foundBytesMax: 1000 });
    for (let at = 1; at <= 40; at += 1) harness.run(`XADD s ${at} f v`);
    harness.run("XGROUP CREATE s g 0");
    const fresh = harness.ask("XREADGROUP GROUP g c STREAMS s >") as [string, unknown[]][];
    expect(fresh[0]?.[1]).toHaveLength(21);
    const [next, claimed] = harness.ask("XAUTOCLAIM s g other 0 0 COUNT 40") as [string, unknown[]];
    expect([next, claimed.length]).toEqual(["5-0", 4]);
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
