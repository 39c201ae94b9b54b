import { describe, expect, it } from "vitest";
import type { Client } from "../../../src/core/client.ts";
import { decode, decodeAll } from "../commands/harness.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

interface Scene {
  readonly group: TestGroup;
  readonly n1: TestMember;
  readonly adder: Client;
  readonly reader: Client;
  /** Runs a command of the adder, given as text. */
  readonly add: (command: string) => unknown;
  /** Has the reader wait. */
  readonly wait: (command: string, client?: Client) => void;
  /** What the reader has got. */
  readonly got: (client?: Client) => unknown[];
}

function scene(): Scene {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const [adder, reader] = [n1.connect(), n1.connect()];
  return {
    ...{ group, n1, adder, reader },
    add: (command) => decode(n1.ask(adder, ...command.split(" "))),
    wait: (command, client = reader) => expect(n1.ask(client, ...command.split(" "))).toBe(""),
    got: (client = reader) => decodeAll(n1.read(client)),
  };
}

const GROUP_READ = "XREADGROUP GROUP g c BLOCK 0 STREAMS s >";

describe("a client blocked by XREAD", () => {
  it("gets what comes after it has blocked, of the key that it came to first", () => {
    const { add, wait, got } = scene();
    add("XADD s 1-1 f old");
    wait("XREAD BLOCK 0 STREAMS other s $ $");
    for (const command of ["MULTI", "XADD s 2-1 f v", "XADD other 9-9 f v", "EXEC"]) add(command);
    expect(got()).toEqual([[["s", [["2-1", ["f", "v"]]]]]]);
  });

  it("does not take it from others, who get the same, in the order of blocking", () => {
    const { n1, add, wait, got } = scene();
    const others = [n1.connect(), n1.connect()];
    wait("XREAD BLOCK 0 STREAMS s 0");
    for (const other of others) wait("XREAD COUNT 1 BLOCK 0 STREAMS s 0", other);
    for (const command of ["MULTI", "XADD s 1-1 f a", "XADD s 1-2 f b", "EXEC"]) add(command);
    const [first, second] = [
      ["1-1", ["f", "a"]],
      ["1-2", ["f", "b"]],
    ];
    expect(got()).toEqual([[["s", [first, second]]]]);
    for (const other of others) expect(got(other)).toEqual([[["s", [first]]]]);
  });

  it("gets a map in RESP3", () => {
    const { n1, add, wait, reader } = scene();
    n1.ask(reader, "HELLO", "3");
    wait("XREAD BLOCK 0 STREAMS s $");
    add("XADD s 1-1 f v");
    expect(n1.read(reader)).toBe("%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n");
  });

  it("waits for an ID that is still far off", () => {
    const { add, wait, got } = scene();
    wait("XREAD BLOCK 0 STREAMS s 5-0");
    for (const command of [
      "XADD s 4-1 f v",
      "XADD s 5-0 f v",
      "XDEL s 4-1",
      "XSETID s 9",
      "XTRIM s MAXLEN 0",
    ])
      add(command);
    expect(got()).toEqual([]);
    add("XADD s 9-1 f v");
    expect(got()).toEqual([[["s", [["9-1", ["f", "v"]]]]]]);
  });

  it("stays blocked while the key is gone or holds another type", () => {
    const { add, wait, got } = scene();
    add("XADD s 1-1 f v");
    wait("XREAD BLOCK 0 STREAMS s $");
    for (const command of ["DEL s", "RPUSH s 1", "DEL s"]) add(command);
    expect(got()).toEqual([]);
    add("XADD s 7-1 f v");
    expect(got()).toEqual([[["s", [["7-1", ["f", "v"]]]]]]);
  });

  it("gets nil when its time is up, at once inside MULTI, and an error in a script", () => {
    const { group, n1, add, reader, got } = scene();
    n1.run(reader, "XREAD", "BLOCK", "50", "STREAMS", "s", "$");
    group.pass(100);
    expect(got()).toEqual([null]);
    add("MULTI");
    add("XREAD BLOCK 0 STREAMS s $");
    expect(add("EXEC")).toEqual([null]);
    const script = ["EVAL", "return redis.call('XREAD', 'BLOCK', '1', 'STREAMS', KEYS[1], '0')", "1", "s"];
    expect(n1.ask(reader, ...script)).toMatch(/XREAD command is not allowed with BLOCK option from scripts/);
  });

  it("on a replica gets what the master has committed", () => {
    const { group, add } = scene();
    const n2 = group.member("n2");
    const reader = n2.connect();
    expect(n2.ask(reader, "XREAD", "BLOCK", "0", "STREAMS", "s", "$")).toBe("");
    add("XADD s 1-1 f v");
    group.pass(50);
    expect(decodeAll(n2.read(reader))).toEqual([[["s", [["1-1", ["f", "v"]]]]]]);
  });
});

describe("a client blocked by XREADGROUP", () => {
  it("is served by the new name of a stream before the old one is found to be gone", () => {
    const { add, wait, got } = scene();
    for (const key of ["old", "new"]) add(`XGROUP CREATE ${key} g $ MKSTREAM`);
    add("XSETID old 3");
    wait("XREADGROUP GROUP g c BLOCK 0 STREAMS new old > >");
    add("RENAME old new");
    expect(got()).toEqual([[["new", []]]]);
  });

  it("gets each entry once: the next one in line waits for the next entry", () => {
    const { n1, add, wait, got } = scene();
    add("XGROUP CREATE s g $ MKSTREAM");
    const other = n1.connect();
    wait(GROUP_READ);
    wait("XREADGROUP GROUP g d BLOCK 0 STREAMS s >", other);
    add("XADD s 1-1 f v");
    expect([got(), got(other)]).toEqual([[[["s", [["1-1", ["f", "v"]]]]]], []]);
    add("XADD s 1-2 f v");
    expect([got(), got(other)]).toEqual([[], [[["s", [["1-2", ["f", "v"]]]]]]]);
    expect(add("XPENDING s g")).toEqual([
      2,
      "1-1",
      "1-2",
      [
        ["c", "1"],
        ["d", "1"],
      ],
    ]);
  });

  it("gets its entry once the record of its delivery is committed, and the replicas know of it", () => {
    const { group, n1, adder, add, wait, got } = scene();
    add("XGROUP CREATE s g $ MKSTREAM");
    wait(GROUP_READ);
    for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
    n1.run(adder, "XADD", "s", "1-1", "f", "v");
    group.settle();
    expect(got()).toEqual([]);
    for (const id of ["n2", "n3"]) group.member(id).releaseDisk();
    group.pass(50);
    expect(got()).toEqual([[["s", [["1-1", ["f", "v"]]]]]]);
    for (const id of ["n2", "n3"]) {
      const member = group.member(id);
      expect(decode(member.ask(member.connect(), "XINFO", "GROUPS", "s"))).toMatchObject([
        ["name", "g", "consumers", 1, "pending", 1, "last-delivered-id", "1-1", "entries-read", 1, "lag", 0],
      ]);
    }
  });

  it("with NOACK leaves nothing pending", () => {
    const { add, wait, got } = scene();
    add("XGROUP CREATE s g $ MKSTREAM");
    wait("XREADGROUP GROUP g c BLOCK 0 NOACK STREAMS s >");
    add("XADD s 1-1 f v");
    expect(got()).toHaveLength(1);
    expect(add("XPENDING s g")).toEqual([0, null, null, null]);
    expect(add("XINFO GROUPS s")).toMatchObject([expect.arrayContaining(["last-delivered-id", "1-1"])]);
  });

  it.each([
    [
      "the group is destroyed",
      ["XGROUP DESTROY s g"],
      /^\(error\) NOGROUP the consumer group this client was/,
    ],
    ["the key is deleted", ["DEL s"], /^\(error\) UNBLOCKED the stream key no longer exists/],
    ["the key is overwritten", ["SET s v"], /^\(error\) UNBLOCKED the stream key no longer exists/],
    ["the key is renamed", ["RENAME s t"], /^\(error\) UNBLOCKED the stream key no longer exists/],
    ["everything is flushed", ["FLUSHALL"], /^\(error\) UNBLOCKED the stream key no longer exists/],
    ["databases are swapped", ["SWAPDB 0 1"], /^\(error\) UNBLOCKED the stream key no longer exists/],
    [
      "another stream takes its place",
      ["XADD t 1-1 f v", "RENAME t s"],
      /^\(error\) NOGROUP the consumer group/,
    ],
  ])("is told when %s", (_name, commands, reply) => {
    const { add, wait, got } = scene();
    add("XGROUP CREATE s g $ MKSTREAM");
    wait(GROUP_READ);
    for (const command of commands) add(command);
    expect(got()).toEqual([expect.stringMatching(reply)]);
  });

  it("is told when the key expires", () => {
    const { group, add, wait, got } = scene();
    add("XGROUP CREATE s g $ MKSTREAM");
    add("PEXPIRE s 50");
    wait(GROUP_READ);
    group.pass(200);
    expect(got()).toEqual([expect.stringMatching(/^\(error\) UNBLOCKED the stream key no longer exists/)]);
  });

  it.each([
    "XGROUP SETID s g 0",
    "XGROUP CREATE s h 0",
    "XACK s g 1-1",
    "XGROUP CREATECONSUMER s g d",
    "XDEL s 1-1",
    "XCLAIM s g d 0 1-1",
    "XSETID s 99-1",
  ])("is not woken by %s", (command) => {
    const { add, wait, got } = scene();
    add("XADD s 1-1 f v");
    add("XGROUP CREATE s g 0");
    add("XREADGROUP GROUP g d STREAMS s >");
    wait(GROUP_READ);
    add(command);
    expect(got()).toEqual([]);
  });

  it("is released when the master is demoted, and what it waited for is delivered to nobody", () => {
    const { group, n1, add, wait, reader } = scene();
    add("XGROUP CREATE s g $ MKSTREAM");
    wait(GROUP_READ);
    group.reign(2, "n2", ["n1", "n3"]);
    expect(n1.read(reader)).toMatch(/^-UNBLOCKED force unblock from blocking operation/);
    const n2 = group.member("n2");
    const client = n2.connect();
    n2.ask(client, "XADD", "s", "1-1", "f", "v");
    expect(decode(n2.ask(client, "XPENDING", "s", "g"))).toEqual([0, null, null, null]);
  });
});
