import { describe, expect, it } from "vitest";
import { Harness, replayed } from "./harness.ts";

function pairs(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, at) => `${from + at} m${from + at}`).join(" ");
}

function withCommands(...commands: string[]): Harness {
  const harness = new Harness();
  for (const command of commands) harness.run(command);
  return harness;
}

describe("sorted sets", () => {
  it("are compact up to 128 members of 64 bytes, and never again once they were not", () => {
    const harness = withCommands(`ZADD z ${pairs(0, 128)}`, `ZADD long 1 ${"x".repeat(65)}`);
    expect(harness.ask("OBJECT ENCODING z")).toBe("listpack");
    expect(harness.ask("OBJECT ENCODING long")).toBe("skiplist");
    harness.run("ZADD z 1 one-more");
    harness.run("ZREM z one-more m1 m2");
    expect(harness.ask("OBJECT ENCODING z")).toBe("skiplist");
    harness.run("ZRANGESTORE stored z 0 5");
    expect(harness.ask("OBJECT ENCODING stored")).toBe("listpack");
  });

  it("of 3000 members answer scores, ranks and ranges after changes and removals", () => {
    const harness = withCommands(
      `ZADD z ${pairs(0, 3000)}`,
      "ZREMRANGEBYRANK z 100 199",
      "ZINCRBY z 5000 m7",
    );
    expect(harness.ask("ZCARD z")).toBe(2900);
    expect(harness.ask("ZRANK z m7")).toBe(2899);
    expect(harness.ask("ZREVRANK z m7")).toBe(0);
    expect(harness.ask("ZRANK z m250")).toBe(149);
    expect(harness.ask("ZRANK z m150")).toBeNull();
    expect(harness.ask("ZSCORE z m7")).toBe("5007");
    expect(harness.ask("ZRANGE z 2897 -1 WITHSCORES")).toEqual([
      "m2998",
      "2998",
      "m2999",
      "2999",
      "m7",
      "5007",
    ]);
    expect(harness.ask("ZCOUNT z (90 205")).toBe(15);
    expect(harness.ask("ZREVRANGEBYSCORE z +inf -inf LIMIT 1 2")).toEqual(["m2999", "m2998"]);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("in RESP3 reply with doubles, and with a pair for each member", () => {
    const harness = withCommands("HELLO 3", "ZADD z 1 a 2.5 b inf c");
    expect(harness.run("ZSCORE z b")).toBe(",2.5\r\n");
    expect(harness.run("ZSCORE z none")).toBe("_\r\n");
    expect(harness.run("ZADD z INCR 1 a")).toBe(",2\r\n");
    expect(harness.run("ZINCRBY z 0.5 a")).toBe(",2.5\r\n");
    expect(harness.run("ZMSCORE z c none")).toBe("*2\r\n,inf\r\n_\r\n");
    const both = "*2\r\n*2\r\n$1\r\na\r\n,2.5\r\n*2\r\n$1\r\nb\r\n,2.5\r\n";
    expect(harness.run("ZRANGE z 0 1 WITHSCORES")).toBe(both);
    expect(harness.run("ZUNION 1 z WITHSCORES")).toMatch(/^\*3\r\n\*2/);
    expect(harness.run("ZRANDMEMBER z 1 WITHSCORES")).toMatch(/^\*1\r\n\*2/);
    expect(harness.run("ZSCAN z 0")).toMatch(/^\*2\r\n\$1\r\n0\r\n\*6\r\n\$/);
    expect(harness.run("ZPOPMIN z")).toBe("*2\r\n$1\r\na\r\n,2.5\r\n");
    expect(harness.run("ZPOPMIN z 1")).toBe("*1\r\n*2\r\n$1\r\nb\r\n,2.5\r\n");
    expect(harness.run("ZMPOP 2 none z MAX")).toBe("*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\nc\r\n,inf\r\n");
    expect(harness.run("ZMPOP 2 none z MAX")).toBe("_\r\n");
  });

  it("don't tell 0 from -0, also where Redis's do, when they are not compact", () => {
    const harness = withCommands("ZADD small -0 a", `ZADD large ${pairs(0, 200)}`, "ZADD large -0 a");
    expect(harness.ask("ZSCORE small a")).toBe("0");
    expect(harness.ask("ZSCORE large a")).toBe("0");
    expect(harness.ask("ZRANGE large 0 1 WITHSCORES")).toEqual(["a", "0", "m0", "0"]);
    expect(harness.ask("ZUNION 1 small WEIGHTS -1 WITHSCORES")).toEqual(["a", "-0"]);
    harness.run("ZUNIONSTORE stored 1 small WEIGHTS -1");
    expect(harness.ask("ZSCORE stored a")).toBe("0");
    expect(harness.ask("ZREM large a")).toBe(1);
  });
});

describe("effects of sorted set commands", () => {
  it.each([
    ["ZMPOP 2 none z MIN COUNT 2", ["ZPOPMIN", "z", "2"]],
    ["ZMPOP 1 z MAX", ["ZPOPMAX", "z", "1"]],
    ["ZPOPMAX z 99", ["ZPOPMAX", "z", "3"]],
    ["ZADD z XX CH 9 a 1 new", ["ZADD", "z", "XX", "CH", "9", "a", "1", "new"]],
    ["ZUNIONSTORE d 1 z", ["ZUNIONSTORE", "d", "1", "z"]],
  ])("%s propagates as %j", (command, argv) => {
    const harness = withCommands("ZADD z 1 a 2 b 3 c");
    const expected = argv.map((argument) => `$${argument.length}\r\n${argument}\r\n`).join("");
    expect(harness.execute(command.split(" ")).effects).toBe(`*${argv.length}\r\n${expected}`);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it.each([
    "ZADD z 1 a",
    "ZADD z NX 9 a",
    "ZADD z GT 0 a",
    "ZADD none XX 1 a",
    "ZINCRBY z 0 a",
    "ZINCRBY big -inf a",
    "ZREM z none",
    "ZREMRANGEBYSCORE z 5 9",
    "ZREMRANGEBYRANK z 5 9",
    "ZPOPMIN z 0",
    "ZINTERSTORE none 2 z none",
    "ZRANGESTORE none z 5 9",
    "SREM s none",
    "SADD s a",
    "SMOVE s s a",
    "SPOP s 0",
  ])("%s that changes nothing makes no record", (command) => {
    const harness = withCommands("ZADD z 1 a 2 b", "ZADD big inf a", "SADD s a");
    expect(harness.execute(command.split(" ")).effects).toBe("");
  });

  it("do not depend on how a sorted set has grown, even where Redis leaves the result open", () => {
    const grown = withCommands(`ZADD z ${pairs(0, 3000)}`, "ZREMRANGEBYRANK z 500 -1");
    const cursor = grown.keyspace.beginSnapshot();
    const synced = new Harness();
    for (let slice = cursor.nextSlice(999); slice !== undefined; slice = cursor.nextSlice(999)) {
      synced.dispatcher.replay(slice, 0, grown.keyspace.writeOffset);
    }
    for (const member of [grown, synced]) member.run("ZREMRANGEBYLEX z [m2 [m3");
    expect(synced.keyspace.digest()).toBe(grown.keyspace.digest());
  });
});

describe("ZRANDMEMBER", () => {
  it("gives distinct members for a positive count, repeats for a negative one", () => {
    const harness = withCommands(`ZADD z ${pairs(0, 500)}`);
    const members = harness.ask("ZRANDMEMBER z 100") as string[];
    expect([members.length, new Set(members).size]).toEqual([100, 100]);
    expect(new Set(harness.ask("ZRANDMEMBER z 999") as string[]).size).toBe(500);
    expect(new Set(harness.ask("ZRANDMEMBER z -20000") as string[]).size).toBe(500);
    expect(harness.ask("ZRANDMEMBER z -2 WITHSCORES")).toHaveLength(4);
    expect(harness.ask("ZRANDMEMBER z")).toMatch(/^m\d+$/);
  });
});

describe("COMMAND GETKEYS", () => {
  it.each([
    ["ZUNION 2 a b WITHSCORES", ["a", "b"]],
    ["ZUNIONSTORE d 2 a b WEIGHTS 1 2", ["d", "a", "b"]],
    ["ZMPOP 1 a MIN", ["a"]],
    ["ZRANGESTORE d a 0 1", ["d", "a"]],
    ["ZUNIONSTORE d 3 a b", "(error) ERR Invalid arguments specified for command"],
  ])("finds the keys of %s", (command, keys) => {
    expect(new Harness().ask(`COMMAND GETKEYS ${command}`)).toEqual(keys);
  });
});
