import { describe, expect, it } from "vitest";
import { NOREPLICAS, READONLY } from "../../../src/core/commands/errors.ts";
import { Harness } from "./harness.ts";

describe("before a command runs", () => {
  it.each([
    ["NOSUCH a b", "(error) ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' "],
    ["nosuch", "(error) ERR unknown command 'nosuch', with args beginning with: "],
    ["GET", "(error) ERR wrong number of arguments for 'get' command"],
    ["GET a b", "(error) ERR wrong number of arguments for 'get' command"],
    ["CLIENT", "(error) ERR wrong number of arguments for 'client' command"],
    ["CLIENT NOSUCH", "(error) ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP."],
    ["client id x", "(error) ERR wrong number of arguments for 'client|id' command"],
  ])("%s is refused with Redis's words", (command, reply) => {
    expect(new Harness().ask(command)).toBe(reply);
  });

  it.each([
    ["SELECT 3000000000", "value is out of range, value must between -2147483648 and 2147483647"],
    ["MOVE l 3000000000", "value is out of range, value must between -2147483648 and 2147483647"],
    ["COPY l m DB -3000000000", "value is out of range, value must between -2147483648 and 2147483647"],
    ["SWAPDB 3000000000 1", "invalid first DB index"],
    ["SWAPDB 16 3000000000", "invalid second DB index"],
    ["LMPOP 1 l LEFT COUNT 0 x", "count should be greater than 0"],
    ["LMPOP 1 l LEFT COUNT 1 x", "syntax error"],
    [
      "PUBSUB CHANNELS a b",
      "unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.",
    ],
  ])("%s is refused with Redis's words as well", (command, reply) => {
    expect(new Harness().ask(command)).toBe(`(error) ERR ${reply}`);
  });

  it("what a client sent is repeated in an error no longer than 128 bytes, and on one line", () => {
    const harness = new Harness();
    const { reply } = harness.execute(["x".repeat(500), "a\r\nb", "y".repeat(500)]);
    expect(reply).toBe(
      `-ERR unknown command '${"x".repeat(128)}', with args beginning with: 'a  b' '${"y".repeat(121)}' \r\n`,
    );
  });

  it("names are found in any case of letters", () => {
    const harness = new Harness();
    expect(["PING", "ping", "PiNg", "client ID", "CLIENT id"].map((command) => harness.ask(command))).toEqual(
      ["PONG", "PONG", "PONG", 1, 1],
    );
  });

  it("nothing but logging in is allowed while a password is wanted", () => {
    const harness = new Harness();
    harness.host.passwordRequired = true;
    expect(harness.ask("GET a")).toBe("(error) NOAUTH Authentication required.");
    expect(harness.ask("HELLO 3")).toMatch(/^\(error\) NOAUTH HELLO must be called/);
    expect(harness.ask("AUTH wrong")).toBe(
      "(error) WRONGPASS invalid username-password pair or user is disabled.",
    );
    expect(harness.ask("AUTH secret")).toBe("OK");
    expect(harness.ask("GET a")).toBeNull();
    expect(harness.ask("RESET")).toBe("RESET");
    expect(harness.ask("GET a")).toMatch(/^\(error\) NOAUTH/);
  });

  it("the node may refuse it, and nothing happens", () => {
    const harness = new Harness();
    harness.host.refusal = (command) => (command.has("write") ? READONLY : undefined);
    const execution = harness.execute(["SET", "a", "1"]);
    expect(execution.reply).toBe("-READONLY You can't write against a read only replica.\r\n");
    expect(execution.effects).toBe("");
    expect(harness.ask("GET a")).toBeNull();
  });

  it("a subscribed RESP2 client may only manage subscriptions, a RESP3 client may do anything", () => {
    const harness = new Harness();
    harness.run("SUBSCRIBE news");
    expect(harness.ask("GET a")).toBe(
      "(error) ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
    );
    expect(harness.ask("PING")).toEqual(["pong", ""]);
    expect(harness.ask("PING hi")).toEqual(["pong", "hi"]);
    harness.run("RESET");
    harness.run("HELLO 3");
    harness.run("SUBSCRIBE news");
    expect(harness.ask("GET a")).toBeNull();
    expect(harness.ask("PING")).toBe("PONG");
  });

  it("a value beyond what can be replied is refused instead of stored", () => {
    const harness = new Harness();
    const huge = "x".repeat(200 * 1024 * 1024);
    expect(harness.execute(["SET", "a", huge]).reply).toBe("+OK\r\n");
    expect(harness.execute(["APPEND", "a", huge]).reply).toMatch(/^-ERR string exceeds maximum allowed size/);
    expect(harness.execute(["MSET", "a", huge, "b", huge]).reply).toMatch(/^-ERR the arguments .* too long/);
    expect(harness.execute(["MGET", "a", "a", "a"]).reply).toMatch(/^-ERR the reply would be too long/);
    expect(harness.execute(["STRLEN", "a"]).reply).toBe(`:${huge.length}\r\n`);
  });
});

describe("MULTI", () => {
  it("queues until EXEC, which makes one record of all effects", () => {
    const harness = new Harness();
    expect(
      ["MULTI", "SET a 1", "INCR a", "SELECT 3", "SET b 2", "GET b"].map((one) => harness.ask(one)),
    ).toEqual(["OK", "QUEUED", "QUEUED", "QUEUED", "QUEUED", "QUEUED"]);
    expect(harness.log).toEqual([]);
    expect(harness.ask("EXEC")).toEqual(["OK", 2, "OK", "OK", "2"]);
    expect(harness.log.map(({ db }) => db)).toEqual([0]);
    expect(harness.log[0]?.effects).toContain("$6\r\nSELECT\r\n$1\r\n3\r\n");
    expect(harness.session.db).toBe(3);
  });

  it("an error while queueing makes EXEC abort; an error while running does not stop the others", () => {
    const harness = new Harness();
    for (const command of ["MULTI", "SET a 1", "GET"]) harness.run(command);
    expect(harness.ask("EXEC")).toBe("(error) EXECABORT Transaction discarded because of previous errors.");
    expect(harness.ask("GET a")).toBeNull();
    for (const command of ["MULTI", "SET a x", "INCR a", "SET b 1"]) harness.run(command);
    expect(harness.ask("EXEC")).toEqual(["OK", "(error) ERR value is not an integer or out of range", "OK"]);
  });

  it("is refused as a whole when the node refuses writes by the time of EXEC", () => {
    const harness = new Harness();
    for (const command of ["MULTI", "SET a 1"]) harness.run(command);
    harness.host.refusal = (command, flags) =>
      command.fullName === "exec" && (flags & 1) === 1 ? NOREPLICAS : undefined;
    expect(harness.ask("EXEC")).toBe(
      "(error) EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.",
    );
    expect(harness.ask("EXEC")).toBe("(error) ERR EXEC without MULTI");
  });

  it("ends with an EXEC that can't run, within it and without, and so does what is watched", () => {
    const harness = new Harness();
    const refusal =
      "(error) EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command";
    for (const command of ["WATCH a", "MULTI", "SET a 1"]) harness.run(command);
    expect(harness.ask("EXEC x")).toBe(refusal);
    expect(harness.ask("EXEC")).toBe("(error) ERR EXEC without MULTI");
    harness.run("WATCH a");
    expect(harness.ask("EXEC x")).toBe(refusal);
    harness.run("SET a 2", harness.connect());
    for (const command of ["MULTI", "GET a"]) harness.run(command);
    expect(harness.ask("EXEC")).toEqual(["2"]);
  });

  it("is aborted when a watched key changed, by whomever and however", () => {
    for (const change of [
      "SET a 2",
      "DEL a",
      "FLUSHALL",
      "SWAPDB 0 1",
      "RENAME a b",
      "PERSIST a",
      "APPEND a x",
      "LTRIM l 0 -1",
    ]) {
      const harness = new Harness();
      harness.run("SET a 1 EX 100");
      harness.run("RPUSH l x");
      const other = harness.connect();
      harness.run("WATCH a l");
      harness.run(change, other);
      harness.run("MULTI");
      harness.run("SET c 1");
      expect({ change, reply: harness.ask("EXEC") }).toEqual({ change, reply: null });
    }
  });

  it("goes on when nothing watched changed, after UNWATCH, and when an expired key was only cleared away", () => {
    const harness = new Harness();
    const other = harness.connect();
    harness.run("SET a 1 PX 5");
    harness.keyspace.nowMs += 10;
    harness.run("WATCH a b");
    harness.run("GET a", other);
    harness.run("SET c 1", other);
    harness.run("MULTI");
    expect(harness.ask("EXEC")).toEqual([]);
    harness.run("WATCH c");
    harness.run("SET c 2", other);
    harness.run("UNWATCH");
    harness.run("MULTI");
    expect(harness.ask("EXEC")).toEqual([]);
  });

  it.each([
    { here: "none", there: "expired", reply: [] },
    { here: "expired", there: "none", reply: [] },
    { here: "expired", there: "expired", reply: [] },
    { here: "present", there: "expired", reply: null },
    { here: "expired", there: "present", reply: null },
  ])("after SWAPDB of a watched key: $here here and $there there gives $reply", ({ here, there, reply }) => {
    const harness = new Harness();
    for (const [db, state] of [here, there].entries()) {
      harness.run(`SELECT ${db}`);
      if (state !== "none") harness.run(state === "expired" ? "SET a 1 PX 5" : "SET a 1");
    }
    harness.keyspace.nowMs += 10;
    harness.run("SELECT 0");
    harness.run("WATCH a");
    harness.run("SWAPDB 0 1");
    harness.run("MULTI");
    expect(harness.ask("EXEC")).toEqual(reply);
  });

  it("is aborted when a watched key has expired", () => {
    const harness = new Harness();
    harness.run("SET a 1 PX 5");
    harness.run("WATCH a");
    harness.keyspace.nowMs += 10;
    harness.run("MULTI");
    expect(harness.ask("EXEC")).toBeNull();
  });

  it("ends with the connection, and leaves no watch behind", () => {
    const harness = new Harness();
    const other = harness.connect();
    harness.run("WATCH a", other);
    harness.run("MULTI", other);
    harness.dispatcher.disconnect(other);
    expect(harness.keyspace.database(0).watches.size).toBe(0);
    expect(harness.dispatcher.registry.size).toBe(1);
  });
});

describe("CLIENT REPLY", () => {
  it("OFF silences all, ON answers again, SKIP silences the next command only", () => {
    const harness = new Harness();
    const commands = ["CLIENT REPLY OFF", "PING", "CLIENT REPLY ON", "CLIENT REPLY SKIP", "NOSUCH", "PING"];
    expect(commands.map((command) => harness.run(command))).toEqual(["", "", "+OK\r\n", "", "", "+PONG\r\n"]);
  });
});
