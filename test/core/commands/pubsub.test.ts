import { describe, expect, it } from "vitest";
import { decodeAll, Harness } from "./harness.ts";

describe("pub/sub", () => {
  it("acknowledges each subscription with the number of all", () => {
    const harness = new Harness();
    expect(decodeAll(harness.run("SUBSCRIBE a b"))).toEqual([
      ["subscribe", "a", 1],
      ["subscribe", "b", 2],
    ]);
    expect(decodeAll(harness.run("PSUBSCRIBE n*"))).toEqual([["psubscribe", "n*", 3]]);
    expect(decodeAll(harness.run("UNSUBSCRIBE a"))).toEqual([["unsubscribe", "a", 2]]);
    expect(decodeAll(harness.run("UNSUBSCRIBE"))).toEqual([["unsubscribe", "b", 1]]);
    expect(decodeAll(harness.run("PUNSUBSCRIBE"))).toEqual([["punsubscribe", "n*", 0]]);
    expect(decodeAll(harness.run("PUNSUBSCRIBE"))).toEqual([["punsubscribe", null, 0]]);
  });

  it("PUBSUB CHANNELS lists a channel without a name, which no pattern matches", () => {
    const harness = new Harness();
    harness.execute(["SUBSCRIBE", ""], harness.connect());
    expect(harness.ask("PUBSUB CHANNELS")).toEqual([""]);
    expect(harness.ask("PUBSUB CHANNELS *")).toEqual([]);
  });

  it("uses push frames in RESP3", () => {
    const harness = new Harness();
    harness.run("HELLO 3");
    expect(harness.run("SUBSCRIBE a")).toBe(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
  });

  it("PUBLISH counts the receivers and leaves the sending to the commit", () => {
    const harness = new Harness();
    const one = harness.connect();
    const other = harness.connect();
    other.protocol = 3;
    harness.run("SUBSCRIBE news", one);
    harness.run("PSUBSCRIBE n?ws *", other);
    const execution = harness.execute(["PUBLISH", "news", "hi"]);
    expect(execution).toMatchObject({
      reply: ":3\r\n",
      effects: "",
      publications: [{ channel: "news", message: "hi" }],
    });
    const deliveries = [...harness.dispatcher.registry.subscriptions.deliver("news", "hi")];
    expect(deliveries.map(({ session, text }) => [session.id, text])).toEqual([
      [one.id, "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"],
      [other.id, ">4\r\n$8\r\npmessage\r\n$4\r\nn?ws\r\n$4\r\nnews\r\n$2\r\nhi\r\n"],
      [other.id, ">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$4\r\nnews\r\n$2\r\nhi\r\n"],
    ]);
    expect(harness.execute(["PING"]).publications).toEqual([]);
  });

  it("PUBSUB tells channels, subscribers and patterns", () => {
    const harness = new Harness();
    const other = harness.connect();
    harness.run("SUBSCRIBE news sport", other);
    harness.run("PSUBSCRIBE n* x*", other);
    expect(harness.ask("PUBSUB CHANNELS")).toEqual(["news", "sport"]);
    expect(harness.ask("PUBSUB CHANNELS s*")).toEqual(["sport"]);
    expect(harness.ask("PUBSUB NUMSUB news none")).toEqual(["news", 1, "none", 0]);
    expect(harness.ask("PUBSUB NUMPAT")).toBe(2);
    harness.dispatcher.disconnect(other);
    expect(harness.ask("PUBSUB CHANNELS")).toEqual([]);
    expect(harness.ask("PUBSUB NUMPAT")).toBe(0);
  });
});
