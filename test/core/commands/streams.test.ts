import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { Harness, replayed } from "./harness.ts";

const NOW_MS = 1_700_000_000_000;

function withCommands(...commands: string[]): Harness {
  const harness = new Harness();
  for (const command of commands) harness.run(command);
  return harness;
}

/** The commands of the latest record, as texts. */
function effects(harness: Harness): string[] {
  const text = harness.log.at(-1)?.effects ?? "";
  return text
    .split(/\*\d+\r\n/)
    .slice(1)
    .map((command) =>
      command
        .split("\r\n")
        .filter((_, at) => at % 2 === 1)
        .join(" "),
    );
}

/** What a snapshot, written in slices, comes back to. */
function rebuilt(harness: Harness): Harness {
  const copy = new Harness();
  const cursor = harness.keyspace.beginSnapshot();
  let db = 0;
  for (let slice = cursor.nextSlice(100); slice !== undefined; slice = cursor.nextSlice(100))
    db = copy.dispatcher.replay(slice, db, 0 as Offset);
  return copy;
}

describe("XADD", () => {
  it("takes the time for an ID, and goes on from the last one when the clock is behind", () => {
    const harness = new Harness();
    expect(harness.ask("XADD s * f v")).toBe(`${NOW_MS}-0`);
    expect(harness.ask("XADD s * f v")).toBe(`${NOW_MS}-1`);
    harness.keyspace.nowMs -= 5;
    expect(harness.ask("XADD s * f v")).toBe(`${NOW_MS}-2`);
    harness.keyspace.nowMs += 100;
    expect(harness.ask("XADD s * f v")).toBe(`${NOW_MS + 95}-0`);
    expect(effects(harness)).toEqual([`XADD s ${NOW_MS + 95}-0 f v`]);
  });

  it("finds the second number of <ms>-*, and has no further ID behind the last one", () => {
    const harness = withCommands("XADD s 5-* f v", "XADD s 5-* f v", "XADD s 7-18446744073709551615 f v");
    expect(harness.ask("XRANGE s - 6")).toMatchObject([
      ["5-0", {}],
      ["5-1", {}],
    ]);
    expect(harness.ask("XADD s 7-* f v")).toMatch(/equal or smaller/);
    harness.run("XADD s 18446744073709551615-18446744073709551615 f v");
    expect(harness.ask("XADD s * f v")).toMatch(/exhausted the last possible ID/);
  });

  it("replicates an approximate trim as the length that it has come to", () => {
    const harness = new Harness();
    harness.keyspace.streamNodes = { bytesMax: 4096, entriesMax: 10 };
    for (let at = 1; at <= 25; at += 1) harness.run(`XADD s ${at} f v`);
    harness.run("XADD s MAXLEN ~ 12 26 f v");
    expect(effects(harness)).toEqual(["XADD s MAXLEN = 16 26-0 f v"]);
    harness.run("XADD s MINID ~ 22 27 f v");
    expect(effects(harness)).toEqual(["XADD s MAXLEN = 7 27-0 f v"]);
    harness.run("XADD s MAXLEN ~ 7 28 f v");
    expect(effects(harness)).toEqual(["XADD s 28-0 f v"]);
    expect(harness.ask("XTRIM s MAXLEN ~ 0 LIMIT 5")).toBe(0);
    expect(harness.ask("XTRIM s MINID 25")).toBe(4);
    expect(effects(harness)).toEqual(["XTRIM s MAXLEN = 4"]);
    // Nodes end elsewhere on a replica, the content is the same.
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });
});

describe("consumer groups", () => {
  it("replicate deliveries as XCLAIM, the position as XGROUP SETID, and what was found gone as XACK", () => {
    const harness = withCommands("XADD s 1 f v", "XADD s 2 f v", "XADD s 3 f v", "XGROUP CREATE s g 0");
    harness.run("XREADGROUP GROUP g c COUNT 2 STREAMS s >");
    expect(effects(harness)).toEqual([
      `XCLAIM s g c 0 1-0 2-0 TIME ${NOW_MS} RETRYCOUNT 1 FORCE JUSTID`,
      "XGROUP SETID s g 2-0 ENTRIESREAD 2",
    ]);
    harness.run("XREADGROUP GROUP g d NOACK STREAMS s >");
    expect(effects(harness)).toEqual([
      `XCLAIM s g d 0 TIME ${NOW_MS} JUSTID`,
      "XGROUP SETID s g 3-0 ENTRIESREAD 3",
    ]);
    harness.keyspace.nowMs += 10;
    harness.run("XREADGROUP GROUP g c STREAMS s 1-0");
    expect(effects(harness)).toEqual([`XCLAIM s g c 0 2-0 TIME ${NOW_MS + 10} RETRYCOUNT 2 FORCE JUSTID`]);
    harness.run("XDEL s 1");
    harness.run("XCLAIM s g d 0 1 2 IDLE 5");
    expect(effects(harness)).toEqual([
      `XCLAIM s g d 0 2-0 TIME ${NOW_MS + 5} RETRYCOUNT 3 FORCE JUSTID`,
      `XCLAIM s g d 0 TIME ${NOW_MS + 10} JUSTID`,
      "XACK s g 1-0",
    ]);
    harness.run("XAUTOCLAIM s g e 0 0 JUSTID");
    expect(effects(harness)).toEqual([`XCLAIM s g e 0 2-0 TIME ${NOW_MS + 10} RETRYCOUNT 3 FORCE JUSTID`]);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it.each([
    "XREADGROUP GROUP g c STREAMS s >",
    "XACK s g 9",
    "XACK s none 1",
    "XCLAIM s g c 100000 1",
    "XCLAIM s g d 0 9",
    "XAUTOCLAIM s g c 100000 0",
    "XGROUP DESTROY s none",
    "XGROUP DELCONSUMER s g none",
    "XGROUP CREATECONSUMER s g c",
    "XDEL s 9",
    "XTRIM s MAXLEN 5",
    "XADD none NOMKSTREAM * f v",
    "XGROUP CREATE s g 0",
  ])("%s, which changes nothing, makes no record", (command) => {
    const harness = withCommands("XADD s 1 f v", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >");
    expect(harness.execute(command.split(" ")).effects).toBe("");
  });

  it("keep what is pending of entries that are deleted, also through a snapshot, COPY and a replay", () => {
    const harness = withCommands(
      ...["XADD s 1 f v", "XADD s 2 f v", "XGROUP CREATE s g 0 ENTRIESREAD 5", "XGROUP CREATE s empty $"],
      ...[
        "XREADGROUP GROUP g c STREAMS s >",
        "XGROUP CREATECONSUMER s empty idle",
        "XDEL s 1 2",
        "XADD s 7 a b",
      ],
      ...["XCLAIM s g d 0 2 TIME 5 RETRYCOUNT 9 FORCE", "COPY s t", "XSETID s 7 MAXDELETEDID 6", "XDEL s 7"],
    );
    expect(harness.ask("XREADGROUP GROUP g c STREAMS s 0")).toEqual([["s", [["1-0", null]]]]);
    for (const copy of [replayed(harness), rebuilt(harness)]) {
      expect(copy.keyspace.digest()).toBe(harness.keyspace.digest());
      copy.keyspace.mayExpire = true;
      for (const key of ["s", "t"]) {
        expect(copy.ask(`XINFO STREAM ${key} FULL`)).toEqual(harness.ask(`XINFO STREAM ${key} FULL`));
      }
    }
    harness.run("XACK t g 1");
    expect(harness.ask("XPENDING s g")).toEqual([1, "1-0", "1-0", [["c", "1"]]]);
  });

  it("count on where C's counters run over, and are replicated and rebuilt so", () => {
    const most = "9223372036854775807";
    const harness = withCommands(
      `XGROUP CREATE s g 0 MKSTREAM ENTRIESREAD ${most}`,
      `XSETID s 0-0 ENTRIESADDED ${most}`,
      ...["XADD s 1 f v", "XREADGROUP GROUP g c STREAMS s >", `XCLAIM s g c 0 1 RETRYCOUNT ${most}`],
      "XREADGROUP GROUP g c STREAMS s 0",
    );
    expect(harness.run("XINFO GROUPS s")).toContain("$12\r\nentries-read\r\n:-9223372036854775808\r\n");
    expect(harness.run("XPENDING s g - + 1")).toContain(":-9223372036854775808\r\n");
    for (const copy of [replayed(harness), rebuilt(harness)])
      expect(copy.keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("WATCH looks at the entries only", () => {
    for (const [command, reply] of [
      ["XACK s g 1", "*0\r\n"],
      ["XGROUP CREATE s h 0", "*0\r\n"],
      ["XREADGROUP GROUP g c STREAMS s 0", "*0\r\n"],
      ["XSETID s 5", "*0\r\n"],
      ["XDEL s 1", "*-1\r\n"],
      ["XTRIM s MAXLEN 0", "*-1\r\n"],
      ["XADD s * f v", "*-1\r\n"],
    ] as const) {
      const harness = withCommands("XADD s 1 f v", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >");
      harness.run("WATCH s");
      harness.run(command, harness.connect());
      harness.run("MULTI");
      expect([command, harness.run("EXEC")]).toEqual([command, reply]);
    }
  });
});

describe("replies about streams", () => {
  it("are maps in RESP3 where Redis's are", () => {
    const harness = withCommands("HELLO 3", "XADD s 1 f v", "XGROUP CREATE s g 0");
    expect(harness.run("XREAD STREAMS s 0")).toBe(
      "%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n",
    );
    expect(harness.run("XREAD STREAMS s 1")).toBe("_\r\n");
    expect(harness.run("XREADGROUP GROUP g c STREAMS s >")).toMatch(/^%1\r\n\$1\r\ns\r\n\*1/);
    harness.run("XDEL s 1");
    expect(harness.run("XREADGROUP GROUP g c STREAMS s 0")).toMatch(/\$3\r\n1-0\r\n_\r\n$/);
    expect(harness.run("XINFO STREAM s")).toMatch(/^%10\r\n/);
    expect(harness.run("XINFO STREAM s FULL")).toMatch(/^%9\r\n/);
    expect(harness.run("XINFO GROUPS s")).toMatch(/^\*1\r\n%6\r\n/);
    expect(harness.run("XINFO CONSUMERS s g")).toMatch(/^\*1\r\n%3\r\n/);
    expect(harness.run("XRANGE s - + COUNT 0")).toBe("_\r\n");
    expect(harness.run("XPENDING s none2")).toMatch(/^-NOGROUP /);
  });

  it("tell the keys of XREAD and XREADGROUP from their other arguments", () => {
    const harness = new Harness();
    const keys = (command: string): unknown => harness.ask(`COMMAND GETKEYS ${command}`);
    expect(keys("XREAD COUNT 2 STREAMS a b 0 0")).toEqual(["a", "b"]);
    expect(keys("XREADGROUP GROUP streams STREAMS BLOCK 0 NOACK STREAMS streams >")).toEqual(["streams"]);
    expect(keys("XREAD STREAMS a b 0")).toEqual(["a"]);
    expect(keys("XREAD BLOCK STREAMS STREAMS a 0")).toEqual(["STREAMS"]);
    expect(keys("XREAD COUNT 5 5 STREAMS a 0")).toEqual(["a"]);
    expect(keys("XREAD COUNT 1 STREAMS a")).toBe("(error) ERR Invalid arguments specified for command");
  });

  it("have seen the records that they speak of", () => {
    const harness = withCommands(
      "XADD s 1 f v",
      "XADD t 1 f v",
      "XGROUP CREATE s g 0",
      "XADD gone 1 f v",
      "DEL gone",
    );
    const saw = (command: string): number => harness.execute(command.split(" ")).sawOffset;
    expect(saw("XREAD STREAMS t none 0 0")).toBe(2);
    expect(saw("XREAD STREAMS t gone 0 0")).toBe(5);
    expect(saw("XLEN s")).toBe(3);
    expect(saw("XREADGROUP GROUP g c STREAMS s >")).toBe(3);
    expect(saw("XPENDING s g")).toBe(6);
  });
});

describe("a large stream", () => {
  /** CPU time of reads, a trim and deletions in the middle, spread over all of a stream. */
  function cost(entries: number): number {
    const harness = new Harness();
    const add = `for i = ARGV[1], ARGV[2] do redis.call('XADD', KEYS[1], i, 'f', i) end`;
    for (let from = 1; from <= entries; from += 10_000) {
      const to = Math.min(entries, from + 9999);
      harness.execute(["EVAL", add, "1", "s", String(from), String(to)]);
    }
    expect(harness.ask("XLEN s")).toBe(entries);
    const started = process.cpuUsage();
    for (let at = 0; at < 500; at += 1) {
      const id = 2 + at * Math.floor(entries / 500);
      harness.run(`XRANGE s ${id} + COUNT 1`);
      harness.run(`XREVRANGE s + ${id} COUNT 1`);
      harness.run(`XDEL s ${id}`);
      harness.run("XTRIM s MINID 2");
    }
    const { user, system } = process.cpuUsage(started);
    return user + system;
  }

  it("is read, trimmed and changed in the middle without a pass over all of it", () => {
    cost(1000);
    expect(cost(50_000) / cost(1000)).toBeLessThan(10);
  });
});
