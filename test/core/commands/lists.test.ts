import { describe, expect, it } from "vitest";
import { parseTimeoutMs, parseTimeoutSeconds } from "../../../src/core/commands/timeouts.ts";
import { Harness } from "./harness.ts";

function effectsOf(harness: Harness, command: string): string {
  const { effects } = harness.execute(command.split(" "));
  return effects
    .replace(/[*$]\d+\r\n/g, "")
    .trim()
    .split("\r\n")
    .join(" ");
}

function withLists(): Harness {
  const harness = new Harness();
  harness.run("RPUSH l a b c a");
  return harness;
}

describe("list commands propagate", () => {
  it.each([
    ["LMPOP 2 none l LEFT COUNT 9", "LPOP l 4"],
    ["BLPOP none l 0", "LPOP l"],
    ["BRPOP l 0", "RPOP l"],
    ["BLMPOP 0 1 l RIGHT COUNT 2", "RPOP l 2"],
    ["BLMOVE l m LEFT RIGHT 0", "LMOVE l m LEFT RIGHT"],
    ["BRPOPLPUSH l m 0", "RPOPLPUSH l m"],
    ["LMOVE l l LEFT RIGHT", "LMOVE l l LEFT RIGHT"],
  ])("%s as %s", (command, effects) => {
    expect(effectsOf(withLists(), command)).toBe(effects);
  });

  it.each([
    "LPOP l 0",
    "LREM l 0 never",
    "LINSERT l BEFORE never x",
    "LTRIM l 0 -1",
    "LPUSHX none x",
    "LMOVE none l LEFT LEFT",
    "LSET l 9 x",
    "BLPOP none 0",
  ])("nothing for %s, which changes nothing", (command) => {
    expect(effectsOf(withLists(), command)).toBe("");
  });
});

describe("a list that becomes empty", () => {
  it.each(["LPOP l 4", "LTRIM l 5 9", "LMPOP 1 l LEFT COUNT 4"])("is gone after %s", (command) => {
    const harness = withLists();
    harness.run(command);
    expect(harness.ask("EXISTS l")).toBe(0);
  });

  it("is not gone when its only element is moved to its other end", () => {
    const harness = new Harness();
    harness.run("RPUSH l a");
    harness.run("PEXPIREAT l 4000000000000");
    expect(harness.ask("LMOVE l l LEFT RIGHT")).toBe("a");
    expect(harness.ask("PEXPIRETIME l")).toBe(4000000000000);
  });
});

describe("a blocking command", () => {
  it("says what it waits for, and has no reply yet", () => {
    expect(new Harness().execute(["BLPOP", "a", "b", "0.5"])).toMatchObject({
      reply: "",
      effects: "",
      block: { kind: "keys", type: "list", keys: ["a", "b"], timeoutMs: 500, timeoutReply: "*-1\r\n" },
    });
  });

  it("has nil of the client's protocol for a timeout", () => {
    const harness = new Harness();
    harness.run("HELLO 3");
    expect(harness.execute(["BLMOVE", "a", "b", "LEFT", "LEFT", "1"]).block).toMatchObject({
      timeoutReply: "_\r\n",
    });
  });

  it("names its keys", () => {
    const harness = new Harness();
    expect(harness.ask("COMMAND GETKEYS BLPOP a b 0")).toEqual(["a", "b"]);
    expect(harness.ask("COMMAND GETKEYS BLMPOP 0 2 a b LEFT")).toEqual(["a", "b"]);
    expect(harness.ask("COMMAND GETKEYS LMPOP 1 a LEFT COUNT 2")).toEqual(["a"]);
  });
});

it.each([
  ["BLMPOP x 0 k LEFT", "ERR numkeys should be greater than 0"],
  ["BLMPOP x 1 k UP", "ERR syntax error"],
  ["BLMPOP x 1 k LEFT COUNT 0", "ERR count should be greater than 0"],
  ["BLMPOP x 1 k LEFT", "ERR timeout is not a float or out of range"],
])("%s: what is wrong beside the timeout is said first, as Redis does", (command, text) => {
  expect(new Harness().run(command)).toBe(`-${text}\r\n`);
});

describe("a timeout", () => {
  it.each([
    ["0", 0],
    ["1", 1000],
    ["0.001", 1],
    // What is not nothing does not become for ever.
    ["0.0000001", 1],
    ["1.0001", 1001],
    ["0x10", 16_000],
    ["-0.0001", 0],
  ])("of %s seconds is %d ms", (text, milliseconds) => {
    expect(parseTimeoutSeconds(text)).toBe(milliseconds);
  });

  it.each([
    ["-1", "-ERR timeout is negative\r\n"],
    ["inf", "-ERR timeout is negative\r\n"],
    ["1e30", "-ERR timeout is negative\r\n"],
    ["x", "-ERR timeout is not a float or out of range\r\n"],
    [" 1", "-ERR timeout is not a float or out of range\r\n"],
    ["", "-ERR timeout is not a float or out of range\r\n"],
  ])("of %j is refused", (text, refusal) => {
    expect(parseTimeoutSeconds(text)).toBe(refusal);
  });

  it("in milliseconds is whole", () => {
    expect(["5", "0", "-1", "1.5"].map(parseTimeoutMs)).toEqual([
      5,
      0,
      "-ERR timeout is negative\r\n",
      "-ERR timeout is not an integer or out of range\r\n",
    ]);
  });
});

describe("CLIENT UNBLOCK", () => {
  it.each([
    ["CLIENT UNBLOCK x", "(error) ERR value is not an integer or out of range"],
    ["CLIENT UNBLOCK 1 soon", "(error) ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"],
    ["CLIENT UNBLOCK 77", 0],
    ["CLIENT UNBLOCK 1", 0],
  ])("%s is answered %j", (command, reply) => {
    expect(new Harness().ask(command)).toBe(reply);
  });
});
