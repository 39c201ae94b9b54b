import { describe, expect, it } from "vitest";
import type { Client } from "../../../src/core/client.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

function scene(): { n1: TestMember; adder: Client; popper: Client } {
  const n1 = new TestGroup().reign(1, "n1", ["n2", "n3"]);
  return { n1, adder: n1.connect(), popper: n1.connect() };
}

describe("a client blocked on sorted sets", () => {
  it.each([
    ["BZPOPMIN other z 0", "*3\r\n$1\r\nz\r\n$1\r\na\r\n$3\r\n1.5\r\n", "1"],
    ["BZPOPMAX other z 0", "*3\r\n$1\r\nz\r\n$1\r\nb\r\n$1\r\n2\r\n", "1"],
    ["BZMPOP 0 2 other z MIN", "*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\na\r\n$3\r\n1.5\r\n", "1"],
    [
      "BZMPOP 0 2 other z MAX COUNT 9",
      "*2\r\n$1\r\nz\r\n*2\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n*2\r\n$1\r\na\r\n$3\r\n1.5\r\n",
      "0",
    ],
  ])("by %s gets what is added, or what is there already", (command, reply, left) => {
    const { n1, adder, popper } = scene();
    expect(n1.ask(popper, ...command.split(" "))).toBe("");
    n1.ask(adder, "ZADD", "z", "1.5", "a", "2", "b");
    expect(n1.read(popper)).toBe(reply);
    expect(n1.ask(adder, "ZCARD", "z")).toBe(`:${left}\r\n`);
    n1.ask(adder, "ZADD", "z", "1.5", "a", "2", "b");
    expect(n1.ask(popper, ...command.split(" "))).toBe(reply);
  });

  it("gets the score as a double in RESP3", () => {
    const { n1, adder, popper } = scene();
    n1.ask(popper, "HELLO", "3");
    n1.ask(popper, "BZPOPMIN", "z", "0");
    n1.ask(adder, "ZADD", "z", "inf", "a");
    expect(n1.read(popper)).toBe("*3\r\n$1\r\nz\r\n$1\r\na\r\n,inf\r\n");
  });

  it.each([
    ["ZINCRBY", "ZINCRBY z 1 a"],
    ["ZUNIONSTORE", "ZUNIONSTORE z 1 source"],
    ["ZRANGESTORE", "ZRANGESTORE z source 0 -1"],
    ["RENAME", "RENAME source z"],
  ])("is woken by %s", (_name, command) => {
    const { n1, adder, popper } = scene();
    n1.ask(popper, "BZPOPMIN", "z", "0");
    n1.ask(adder, "ZADD", "source", "1", "a");
    expect(n1.read(popper)).toBe("");
    n1.ask(adder, ...command.split(" "));
    expect(n1.read(popper)).toBe("*3\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\n1\r\n");
  });

  it("stays blocked while the key holds another type", () => {
    const { n1, adder, popper } = scene();
    n1.ask(popper, "BZPOPMIN", "z", "0");
    n1.ask(adder, "RPUSH", "z", "1");
    n1.ask(adder, "DEL", "z");
    n1.ask(adder, "SADD", "z", "1");
    expect(n1.read(popper)).toBe("");
    expect(n1.ask(adder, "BZPOPMAX", "z", "0")).toMatch(/^-WRONGTYPE /);
  });

  it("gets nil when its time is up, and at once inside MULTI", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const popper = n1.connect();
    n1.run(popper, "BZMPOP", "0.05", "1", "z", "MIN");
    group.pass(100);
    expect(n1.read(popper)).toBe("*-1\r\n");
    n1.ask(popper, "MULTI");
    n1.ask(popper, "BZPOPMIN", "z", "0");
    expect(n1.ask(popper, "EXEC")).toBe("*1\r\n*-1\r\n");
  });
});
