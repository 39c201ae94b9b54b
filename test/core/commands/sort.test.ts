import { describe, expect, it } from "vitest";
import { decode, Harness, replayed } from "./harness.ts";

function withElements(): Harness {
  const harness = new Harness();
  const commands = [
    "RPUSH list 3 1 2",
    "MSET weight_1 30 weight_2 20 weight_3 10 name_1 one name_2 two",
    "HSET object_1 rank b",
    "HSET object_2 rank c",
    "HSET object_3 rank a",
    "SADD set b a c",
    "ZADD zset 1 z 2 y 3 x",
  ];
  for (const command of commands) harness.run(command);
  return harness;
}

describe("SORT", () => {
  it.each([
    ["SORT list", ["1", "2", "3"]],
    ["SORT list DESC LIMIT 1 2", ["2", "1"]],
    ["SORT list BY weight_*", ["3", "2", "1"]],
    ["SORT list BY object_*->rank ALPHA", ["3", "1", "2"]],
    ["SORT list BY object_*->rank ALPHA DESC GET # GET object_*->rank", ["2", "c", "1", "b", "3", "a"]],
    ["SORT list GET name_*", ["one", "two", null]],
    ["SORT list BY nosort", ["3", "1", "2"]],
    ["SORT list BY nosort DESC LIMIT 0 2", ["2", "1"]],
    ["SORT set ALPHA", ["a", "b", "c"]],
    ["SORT set", "(error) ERR One or more scores can't be converted into double"],
    ["SORT zset BY nosort", ["z", "y", "x"]],
    ["SORT zset BY nosort DESC LIMIT 0 1", ["x"]],
    ["SORT_RO zset ALPHA", ["x", "y", "z"]],
    ["SORT_RO list STORE d", "(error) ERR syntax error"],
    ["SORT none", []],
    ["SORT list BY nosort BY weight_*", ["3", "1", "2"]],
  ])("%s", (command, reply) => {
    expect(withElements().ask(command)).toEqual(reply);
  });

  it.each([
    ["1e400", false],
    ["1e-400", false],
    ["1e-310", false],
    ["nan", false],
    ["1x", false],
    [" 0x10", true],
    ["inf", true],
    ["", true],
  ])("takes %j as a weight: %s", (text, fits) => {
    const harness = withElements();
    harness.execute(["SET", "weight_1", text]);
    expect(Array.isArray(harness.ask("SORT list BY weight_*"))).toBe(fits);
  });

  it("orders a set for a script that told it not to sort: what a script does must not depend on how a set has grown", () => {
    const harness = withElements();
    const script = ["EVAL", "return redis.call('SORT','set','BY','_')", "0"];
    expect(decode(harness.execute(script).reply)).toEqual(["a", "b", "c"]);
  });

  it("stores a list, also of a set that it was told not to sort, and replicates what it stored", () => {
    const harness = withElements();
    expect(harness.ask("SORT set BY nosort STORE zset")).toBe(3);
    expect(harness.ask("LRANGE zset 0 -1")).toEqual(["a", "b", "c"]);
    expect(
      harness.log
        .at(-1)
        ?.effects.replace(/[*$]\d+\r\n/g, "")
        .replaceAll("\r\n", " "),
    ).toBe("DEL zset RPUSH zset a b c ");
    expect(harness.ask("SORT list GET name_* STORE zset")).toBe(3);
    expect(harness.ask("LRANGE zset 0 -1")).toEqual(["one", "two", ""]);
    expect(harness.ask("SORT none STORE zset")).toBe(0);
    expect(harness.ask("EXISTS zset")).toBe(0);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("has seen the records of the keys that it looked up", () => {
    const harness = withElements();
    harness.run("SET weight_2 5");
    expect(harness.execute(["SORT", "list", "BY", "weight_*"]).sawOffset).toBe(harness.log.at(-1)?.offset);
  });

  it.each([
    ["SORT list BY weight_* STORE d", ["list", "d"]],
    ["SORT list LIMIT 0 STORE STORE d", ["list", "d"]],
    ["SORT list what STORE d", ["list", "d"]],
    ["SORT list STORE d STORE e", ["list", "e"]],
    ["SORT list BY STORE d", ["list"]],
    ["SORT list STORE", ["list"]],
    ["SORT_RO list STORE d", ["list"]],
  ])("finds the keys of %s by the words alone", (command, keys) => {
    expect(new Harness().ask(`COMMAND GETKEYS ${command}`)).toEqual(keys);
  });
});
