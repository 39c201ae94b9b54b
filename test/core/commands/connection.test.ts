import { describe, expect, it } from "vitest";
import { Harness } from "./harness.ts";

describe("HELLO", () => {
  it("switches the protocol and describes the server", () => {
    const harness = new Harness();
    const expected = (version: number): unknown[] => [
      ["server", "redis"],
      ["version", "7.0.15"],
      ["proto", version],
      ["id", 1],
      ["mode", "standalone"],
      ["role", "master"],
      ["modules", []],
    ];
    expect(harness.ask("HELLO 3 SETNAME me")).toEqual(expected(3));
    expect(harness.run("GET none")).toBe("_\r\n");
    expect(harness.ask("CLIENT GETNAME")).toBe("me");
    expect(harness.ask("HELLO 2")).toEqual(expected(2).flat());
    expect(harness.run("GET none")).toBe("$-1\r\n");
  });

  it.each([
    ["HELLO 4", "(error) NOPROTO unsupported protocol version"],
    ["HELLO x", "(error) ERR Protocol version is not an integer or out of range"],
    ["HELLO 3 BAD", "(error) ERR Syntax error in HELLO option 'BAD'"],
    ["HELLO 3 AUTH a", "(error) ERR Syntax error in HELLO option 'AUTH'"],
    ["HELLO 3 AUTH nobody x", "(error) WRONGPASS invalid username-password pair or user is disabled."],
    [
      "AUTH x",
      "(error) ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
    ],
  ])("%s is refused, and the protocol stays", (command, reply) => {
    const harness = new Harness();
    expect(harness.ask(command)).toBe(reply);
    expect(harness.session.protocol).toBe(2);
  });

  it("logs in on the way", () => {
    const harness = new Harness();
    harness.host.passwordRequired = true;
    expect(harness.run("HELLO 3 AUTH default secret")).toMatch(/^%7/);
    expect(harness.ask("ECHO hi")).toBe("hi");
  });
});

describe("the connection", () => {
  it("QUIT answers and closes", () => {
    expect(new Harness().execute(["QUIT"])).toMatchObject({ reply: "+OK\r\n", close: true });
  });

  it("RESET forgets everything that the client has set up", () => {
    const harness = new Harness();
    for (const command of ["SELECT 3", "HELLO 3 SETNAME me", "WATCH a", "SUBSCRIBE c", "MULTI"])
      harness.run(command);
    expect(harness.ask("RESET")).toBe("RESET");
    expect(harness.session).toMatchObject({
      db: 0,
      protocol: 2,
      name: "",
      transaction: null,
      subscriptions: 0,
      watched: [],
    });
  });

  it("TIME is the caller's clock", () => {
    const harness = new Harness();
    harness.keyspace.nowMs = 1_700_000_000_123;
    expect(harness.ask("TIME")).toEqual(["1700000000", "123000"]);
  });
});

describe("CLIENT", () => {
  it("lists connections in Redis's fields", () => {
    const harness = new Harness();
    harness.connect();
    harness.run("CLIENT SETNAME me");
    harness.keyspace.nowMs += 2500;
    const [own, other] = String(harness.ask("CLIENT LIST")).split("\n");
    expect(own).toBe(
      "id=1 addr=127.0.0.1:5000 laddr=127.0.0.1:6379 fd=1 name=me age=2 idle=0 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=26 qbuf-free=10 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=36 events=r cmd=client|list user=default redir=-1 resp=2 lib-name= lib-ver=",
    );
    expect(other).toContain("id=2 addr=127.0.0.1:5001");
    expect(harness.ask("CLIENT LIST ID 2 99")).toBe(`${other}\n`);
    expect(harness.ask("CLIENT LIST TYPE pubsub")).toBe("");
  });

  it.each([
    ["CLIENT KILL 127.0.0.1:5001", "OK", [2]],
    ["CLIENT KILL 1.2.3.4:5", "(error) ERR No such client", []],
    ["CLIENT KILL ID 3", 1, [3]],
    ["CLIENT KILL ADDR 127.0.0.1:5001 ID 3", 0, []],
    ["CLIENT KILL TYPE normal", 2, [2, 3]],
    ["CLIENT KILL USER nobody", "(error) ERR No such user 'nobody'", []],
    ["CLIENT KILL BAD x", "(error) ERR syntax error", []],
    ["CLIENT KILL ID x", "(error) ERR client-id should be greater than 0", []],
  ])("%s", (command, reply, closed) => {
    const harness = new Harness();
    harness.connect();
    harness.connect();
    expect(harness.ask(command)).toEqual(reply);
    expect(harness.host.closed).toEqual(closed);
  });

  it("KILL of one's own connection still answers", () => {
    const harness = new Harness();
    expect(harness.execute("CLIENT KILL ID 1 SKIPME no".split(" "))).toMatchObject({
      reply: ":1\r\n",
      close: true,
    });
    expect(harness.host.closed).toEqual([]);
  });

  it("takes what stock clients send on connecting", () => {
    const harness = new Harness();
    const commands = ["CLIENT SETINFO LIB-NAME ioredis", "CLIENT SETINFO LIB-VER 5", "CLIENT NO-EVICT on"];
    expect(commands.map((command) => harness.ask(command))).toEqual(["OK", "OK", "OK"]);
    expect(harness.ask("CLIENT ID")).toBe(1);
    expect(harness.execute(["CLIENT", "SETNAME", "with space"]).reply).toMatch(
      /^-ERR Client names cannot contain/,
    );
  });
});
