import { describe, expect, it } from "vitest";
import { Push, ReplyError } from "./resp-decode.ts";
import { connect } from "./sentinel-fixture.ts";

const err = (text: string) => new ReplyError(text);

describe("CLIENT", () => {
  it("lists connections with what they have told of themselves", () => {
    const { test, client } = connect();
    const other = test.connect();
    other.send(
      ["CLIENT", "SETNAME", "app"],
      ["CLIENT", "SETINFO", "LIB-NAME", "ioredis"],
      ["SUBSCRIBE", "a"],
    );
    test.nowMs += 2500;
    expect(client.reply("CLIENT", "LIST", "TYPE", "pubsub")).toBe(
      "id=2 addr=127.0.0.1:50002 laddr=127.0.0.1:26379 fd=2 name=app age=2 idle=2 flags=P db=0 sub=1 psub=0 ssub=0 " +
        "multi=-1 qbuf=30 qbuf-free=12 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=1 omem=5 tot-mem=47 events=rw " +
        "cmd=subscribe user=default redir=-1 resp=2 lib-name=ioredis lib-ver=\n",
    );
    expect((client.reply("CLIENT", "LIST") as string).split("\n")).toHaveLength(3);
    expect(client.reply("CLIENT", "ID")).toBe(1);
  });

  it("kills the connections that fit all filters, itself only when told so", () => {
    const { test, client } = connect();
    const other = test.connect();
    expect(client.reply("CLIENT", "KILL", "ID", "1", "ADDR", "127.0.0.1:50002")).toBe(0);
    expect(client.reply("CLIENT", "KILL", "ID", "2")).toBe(1);
    expect(other.ended).toBe(true);
    expect(client.reply("CLIENT", "KILL", "ADDR", "127.0.0.1:50001")).toBe(0);
    expect(client.reply("CLIENT", "KILL", "SKIPME", "no", "ID", "1")).toBe(1);
    expect(client.ended).toBe(true);
  });

  it.each([
    [["TYPE", "pubsub"], 1],
    [["TYPE", "PUBSUB", "ADDR", "127.0.0.1:50003"], 0],
    [["TYPE", "normal"], 1],
    [["TYPE", "normal", "SKIPME", "no"], 2],
    [["TYPE", "replica"], 0],
    [["USER", "default"], 2],
    [["LADDR", "127.0.0.1:26379", "SKIPME", "no"], 3],
    [["TYPE", "queue"], err("ERR Unknown client type 'queue'")],
    [["USER", "root"], err("ERR No such user 'root'")],
    [["ID", "0"], err("ERR client-id should be greater than 0")],
    [["MAXAGE", "1"], err("ERR syntax error")],
    [["ID", "1", "TYPE"], err("ERR syntax error")],
  ])("KILL %j is answered as Redis answers it", (filters, expected) => {
    const { test, client } = connect();
    test.connect().send(["SUBSCRIBE", "a"]);
    test.connect();
    expect(client.reply("CLIENT", "KILL", ...filters)).toEqual(expected);
  });

  it.each([
    [["TYPE", "normal"], ["1"]],
    [["TYPE", "pubsub"], ["2"]],
    [["TYPE", "master"], []],
    [
      ["ID", "2", "9", "1"],
      ["2", "1"],
    ],
  ])("LIST %j names %j", (filter, ids) => {
    const { test, client } = connect();
    test.connect().send(["SUBSCRIBE", "a"]);
    const listed = client.reply("CLIENT", "LIST", ...filter) as string;
    expect([...listed.matchAll(/^id=(\d+) /gm)].map(([, id]) => id)).toEqual(ids);
  });

  it.each([
    [["TYPE", "queue"], "ERR Unknown client type 'queue'"],
    [["ID", "9223372036854775808"], "ERR Invalid client ID"],
    [["ID"], "ERR syntax error"],
  ])("LIST %j is refused", (filter, text) => {
    expect(connect().client.reply("CLIENT", "LIST", ...filter)).toEqual(err(text));
  });

  it("keeps replies back with REPLY SKIP for one command, with OFF until ON", () => {
    const { client } = connect();
    client.send(["CLIENT", "REPLY", "SKIP"], ["PING", "a"], ["PING", "b"]);
    expect(client.take()).toEqual(["b"]);
    client.send(["CLIENT", "REPLY", "OFF"], ["PING", "a"], ["CLIENT", "REPLY", "ON"], ["PING", "c"]);
    expect(client.take()).toEqual(["OK", "c"]);
  });
});

describe("subscriber mode", () => {
  it("lets a RESP2 client do nothing but change its subscriptions", () => {
    const { client } = connect();
    client.send(
      ["SUBSCRIBE", "a"],
      ["SENTINEL", "MASTERS"],
      ["HELLO", "3"],
      ["PING"],
      ["UNSUBSCRIBE"],
      ["PING"],
    );
    const context =
      "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";
    expect(client.take()).toEqual([
      ["subscribe", "a", 1],
      err(`ERR Can't execute 'sentinel|masters': ${context}`),
      err(`ERR Can't execute 'hello': ${context}`),
      ["pong", ""],
      ["unsubscribe", "a", 0],
      "PONG",
    ]);
  });

  it("pushes confirmations to a RESP3 client, which may go on asking", () => {
    const { client } = connect();
    client.send(["HELLO", "3"], ["SUBSCRIBE", "a", "b"], ["PING"], ["UNSUBSCRIBE", "b"], ["PUNSUBSCRIBE"]);
    expect(client.take().slice(1)).toEqual([
      new Push(["subscribe", "a", 1]),
      new Push(["subscribe", "b", 2]),
      "PONG",
      new Push(["unsubscribe", "b", 1]),
      new Push(["punsubscribe", null, 1]),
    ]);
  });

  it("bounds the names of one connection", () => {
    const { client } = connect();
    const names = Array.from({ length: 1025 }, (_, index) => `channel-${index}`);
    expect(client.reply("SUBSCRIBE", ...names)).toEqual(err("ERR too many subscriptions on one connection"));
  });
});
