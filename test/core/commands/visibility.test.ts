import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { Harness } from "./harness.ts";

/** Records 1 to 4: SET a, SET b, DEL b, HSET h. */
function withRecords(): Harness {
  const harness = new Harness();
  for (const command of ["SET a 1", "SET b 1", "DEL b", "HSET h f v"]) harness.run(command);
  return harness;
}

describe("a reply has seen the records that touched what it looked at", () => {
  it.each([
    ["GET a", 1],
    ["GET b", 3],
    ["GET never", 0],
    ["MGET never a", 1],
    ["EXISTS b a", 3],
    ["TTL h", 4],
    ["INCR h", 4],
    ["LLEN b", 3],
    ["LMOVE b a LEFT LEFT", 3],
    ["LMPOP 2 never b LEFT", 3],
    ["OBJECT ENCODING a", 1],
    ["KEYS *", 4],
    ["SCAN 0", 4],
    ["DBSIZE", 4],
    ["RANDOMKEY", 4],
    ["DEBUG DIGEST", 4],
    ["PING", 0],
    ["INFO", 0],
    ["CONFIG GET *", 0],
    ["NOSUCH a", 0],
  ])("%s has seen offset %d", (command, offset) => {
    const { reply, sawOffset } = withRecords().execute(command.split(" "));
    expect({ command, sawOffset, reply: reply !== "" }).toEqual({ command, sawOffset: offset, reply: true });
  });

  it.each([
    ["SMEMBERS s", 1],
    ["SINTER t s", 2],
    ["SINTER s none", 1],
    ["SUNIONSTORE d s t", 2],
    ["SMOVE s t 9", 2],
    ["SISMEMBER gone x", 5],
    ["ZSCORE z a", 3],
    ["ZUNION 3 z s t", 3],
    ["ZINTERSTORE d 2 z gone", 5],
    ["ZRANGESTORE d z 5 6", 3],
    ["ZMPOP 2 gone z MIN", 5],
  ])("%s, of sets, has seen offset %d", (command, offset) => {
    const harness = new Harness();
    for (const first of ["SADD s 1", "SADD t 1 2", "ZADD z 1 a", "SADD gone x", "SREM gone x"])
      harness.run(first);
    expect(harness.execute(command.split(" ")).sawOffset).toBe(offset);
  });

  it("what it has changed itself adds nothing to what it saw before", () => {
    const harness = withRecords();
    expect(harness.execute(["INCR", "a"]).sawOffset).toBe(1);
    expect(harness.execute(["INCR", "a"]).sawOffset).toBe(5);
  });

  it("a record that it could have joined counts, as one that others of its turn have begun", () => {
    const harness = withRecords();
    harness.keyspace.writeOffset = 4 as Offset;
    expect(harness.dispatcher.execute(harness.session, ["TTL", "h"]).sawOffset).toBe(4);
  });

  it("after FLUSHALL and SWAPDB every key has been touched, also absent ones", () => {
    const harness = withRecords();
    harness.run("FLUSHALL");
    expect(harness.execute(["GET", "never"]).sawOffset).toBe(5);
    harness.run("SET a 1");
    expect(harness.execute(["GET", "a"]).sawOffset).toBe(6);
    harness.run("SWAPDB 0 1");
    expect(harness.execute(["GET", "a"]).sawOffset).toBe(7);
  });

  it("an EXEC that was aborted has seen what aborted it", () => {
    const harness = withRecords();
    harness.run("WATCH a");
    harness.run("SET a 2", harness.connect());
    harness.run("SET other 1");
    harness.run("MULTI");
    const execution = harness.execute(["EXEC"]);
    expect(execution.reply).toBe("*-1\r\n");
    expect(execution.sawOffset).toBe(5);
  });

  it("deletions that are committed are forgotten, later ones are not", () => {
    const harness = withRecords();
    harness.run("DEL a");
    harness.keyspace.forgetTombstones(3 as Offset);
    expect(harness.execute(["GET", "b"]).sawOffset).toBe(0);
    expect(harness.execute(["GET", "a"]).sawOffset).toBe(5);
  });

  it("an expired key that may not be deleted reads as absent, and has been seen", () => {
    const harness = withRecords();
    harness.run("PEXPIRE a 5");
    harness.keyspace.nowMs += 10;
    harness.keyspace.mayExpire = false;
    const execution = harness.execute(["GET", "a"]);
    expect(execution).toMatchObject({ reply: "$-1\r\n", effects: "", sawOffset: 5 });
    expect(harness.keyspace.database(0).size).toBe(2);
  });
});

describe("effects", () => {
  it.each([
    ["SET k v EX 10", ["SET", "k", "v", "PXAT", "1700000010000"]],
    ["SET k v NX GET", ["SET", "k", "v"]],
    ["SETEX k 10 v", ["SET", "k", "v", "PXAT", "1700000010000"]],
    ["SETNX k v", ["SET", "k", "v"]],
    ["INCRBYFLOAT k 0.1", ["SET", "k", "0.1", "KEEPTTL"]],
    ["EXPIRE a 10", ["PEXPIREAT", "a", "1700000010000"]],
    ["EXPIRE a -1", ["DEL", "a"]],
    ["GETEX a PX 5", ["PEXPIREAT", "a", "1700000000005"]],
    ["GETDEL a", ["DEL", "a"]],
    ["HINCRBYFLOAT h n 1.5", ["HSET", "h", "n", "1.5"]],
  ])("%s propagates as %j", (command, argv) => {
    const harness = withRecords();
    const expected = argv.map((argument) => `$${argument.length}\r\n${argument}\r\n`).join("");
    expect(harness.execute(command.split(" ")).effects).toBe(`*${argv.length}\r\n${expected}`);
  });

  it.each([
    "GET a",
    "DEL never",
    "SETNX a 2",
    "HDEL h never",
    "PERSIST a",
    "EXPIRE never 5",
    "FLUSHDB",
    "SETRANGE never 5 ",
  ])("%s that changes nothing makes no record", (command) => {
    const harness = withRecords();
    if (command === "FLUSHDB") harness.run("SELECT 5");
    expect(harness.execute(command.split(" ")).effects).toBe("");
  });

  it("begin with the deletion of a key that had expired", () => {
    const harness = new Harness();
    harness.run("SET k 5 PX 5");
    harness.keyspace.nowMs += 10;
    expect(harness.execute(["INCR", "k"]).effects).toBe(
      "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n",
    );
  });
});
