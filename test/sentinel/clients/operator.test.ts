import { describe, expect, it } from "vitest";
import { ReplyError } from "./resp-decode.ts";
import { ClientsUnderTest } from "./sentinel-fixture.ts";

function setUp() {
  const test = new ClientsUnderTest();
  return { test, client: test.connect() };
}

const group = "mymaster";

describe("operators' commands", () => {
  it.each([
    [["FAILOVER", group], { type: "failover", group }],
    [["SWITCHOVER", group], { type: "switchover", group }],
    [["SWITCHOVER", group, "TO", "n2"], { type: "switchover", group, to: "n2" }],
    [["PAUSE", group], { type: "pause", group }],
    [["RESUME", group], { type: "resume", group }],
    [["ADOPT", group, "n3"], { type: "adopt", group, memberId: "n3" }],
    [["RECOVER", group, "n3", "ACCEPT-LOSS"], { type: "recover", group, acceptLoss: true, memberId: "n3" }],
  ])("SENTINEL %j asks the core and waits for its outcome", (words, command) => {
    const { test, client } = setUp();
    client.send(["SENTINEL", ...words]);
    expect(test.asked).toEqual([{ operation: 1, command }]);
    expect(client.take()).toEqual([]);
    test.clients.operatorReplied(1, { ok: true, text: "n2 is master", code: null });
    expect(client.take()).toEqual([words[0] === "FAILOVER" ? "OK" : "n2 is master"]);
  });

  it.each([
    [null, "not the steward any more", "ERR not the steward any more"],
    // What begins like a code is none.
    [null, "MASTERS differ", "ERR MASTERS differ"],
    ["INPROG", "Failover already in progress", "INPROG Failover already in progress"],
    ["NOGOODSLAVE", "No suitable replica", "NOGOODSLAVE No suitable replica"],
  ] as const)("a refusal with the code %s, %j, becomes the error %j", (code, text, expected) => {
    const { test, client } = setUp();
    client.send(["SENTINEL", "FAILOVER", group]);
    test.clients.operatorReplied(1, { ok: false, text, code });
    expect(client.take()).toEqual([new ReplyError(expected)]);
  });

  it("waits a bounded time, and does not take a late outcome for another's", () => {
    const { test, client } = setUp();
    client.send(["SENTINEL", "SWITCHOVER", group]);
    expect(test.clients.deadlineMs()).toBe(test.nowMs + 5000);
    test.nowMs += 5000;
    test.clients.settle(test.nowMs);
    expect(client.take()).toEqual([
      new ReplyError("ERR No outcome within 5000 ms; it may still happen. See SENTINEL STATUS mymaster"),
    ]);
    client.send(["SENTINEL", "PAUSE", group]);
    test.clients.operatorReplied(1, { ok: true, text: "late", code: null });
    expect(client.take()).toEqual([]);
    test.clients.operatorReplied(2, { ok: true, text: "paused", code: null });
    expect(client.take()).toEqual(["paused"]);
  });

  it("answers in order when the core answers before it returns", () => {
    const { test, client } = setUp();
    test.outcomeAtOnce = { ok: true, text: "paused", code: null };
    client.send(["PING", "a"], ["SENTINEL", "PAUSE", group], ["PING", "b"]);
    expect(client.take()).toEqual(["a", "paused", "b"]);
    expect(client.writes).toBe(1);
  });

  it.each([
    [["RECOVER", group, "n3"], /ACCEPT-LOSS/],
    [["RECOVER", group, "n3", "YES"], /ACCEPT-LOSS/],
    [["SWITCHOVER", group, "n2"], /ERR syntax error/],
    [["SWITCHOVER", group, "TO", "n9"], /No member 'n9' in mymaster; its members are n1, n2, n3/],
    [["ADOPT", group, "n9"], /No member 'n9'/],
    [["PAUSE", "nope"], /No such master with that name/],
  ])("SENTINEL %j never reaches the core", (words, text) => {
    const { test, client } = setUp();
    expect(String(client.reply("SENTINEL", ...words))).toMatch(text);
    expect(test.asked).toEqual([]);
  });

  it("RESET counts the groups that match and tells the core of each", () => {
    const { test, client } = setUp();
    expect(client.reply("SENTINEL", "RESET", "my*")).toBe(1);
    expect(test.asked).toEqual([{ operation: 1, command: { type: "reset", group } }]);
    expect(client.reply("SENTINEL", "RESET", "x*")).toBe(0);
  });
});

describe("JSON for the command line", () => {
  it("STATUS is the whole view", () => {
    const { test, client } = setUp();
    expect(JSON.parse(client.reply("SENTINEL", "STATUS", group) as string)).toEqual(test.views.get(group));
  });

  it("HISTORY is the list of reigns, its texts in UTF-8", () => {
    const { test, client } = setUp();
    const view = test.views.get(group);
    if (view === undefined) throw new Error("no view");
    const entry = { atWallMs: 1, epoch: 1, from: null, to: "n1", reason: "Anfang – größer", tookMs: 12 };
    test.views.set(group, { ...view, history: [entry as never] });
    const bytes = Buffer.from(client.reply("SENTINEL", "HISTORY", group) as string, "latin1");
    expect(JSON.parse(bytes.toString("utf8"))).toEqual([entry]);
  });
});
