import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatNotifyEvents, parseNotifyEvents } from "../../../src/core/keyspace/notifications.ts";
import { mayUse } from "../../may-use.ts";
import { Harness, replayed } from "./harness.ts";
import { FAMILIES } from "./random-families.ts";
import { RedisServer, type RedisSession } from "./redis-server.ts";

const comparing = mayUse("redis-server", "keyspace notifications are not compared with Redis");

/** A harness with this selection of events. */
function notifying(events: string): Harness {
  const harness = new Harness();
  harness.keyspace.notifyFlags = parseNotifyEvents(events) ?? 0;
  return harness;
}

describe("keyspace notifications", () => {
  it("are off at first, and need a class and a channel", () => {
    expect(new Harness().execute(["SET", "k", "v"]).publications).toEqual([]);
    expect(notifying("$").execute(["SET", "k", "v"]).publications).toEqual([]);
    expect(notifying("KE").execute(["SET", "k", "v"]).publications).toEqual([]);
    expect(notifying("Kl").execute(["SET", "k", "v"]).publications).toEqual([]);
    expect(notifying("KE$").execute(["SET", "k", "v"]).publications).toEqual([
      { channel: "__keyspace@0__:k", message: "set" },
      { channel: "__keyevent@0__:set", message: "k" },
    ]);
  });

  it("tell of keys that expire, when they are met and in the background", () => {
    const harness = notifying("Ex");
    for (const key of ["met", "due"]) harness.run(`SET ${key} v PX 5`);
    harness.keyspace.nowMs += 10;
    expect(harness.execute(["GET", "met"]).publications).toEqual([
      { channel: "__keyevent@0__:expired", message: "met" },
    ]);
    expect(harness.expire(10).publications).toEqual([{ channel: "__keyevent@0__:expired", message: "due" }]);
  });

  it.each([
    ["SET k v", "set"],
    ["SET k v EX 100", "set expire"],
    ["SETEX k 100 v", "set expire"],
    ["MSET k v", "set"],
    ["SINTERSTORE k s s", "sinterstore"],
    ["ZUNIONSTORE k 1 z", "zunionstore"],
    ["SORT l STORE k", "sortstore"],
    ["BITOP NOT k b", "set"],
    ["RENAME b k", "rename_from rename_to"],
    ["APPEND k v", "append"],
  ])("tell of an expired key that %s replaces, and then of a new one", (command, events) => {
    const harness = notifying("EAn");
    for (const made of ["SADD s 1", "ZADD z 1 a", "RPUSH l 1", "SET b v", "SET k old PX 5"])
      harness.run(made);
    harness.keyspace.nowMs += 10;
    const { publications } = harness.execute(command.split(" "));
    const told = publications.map(({ channel }) => channel.replace("__keyevent@0__:", ""));
    const rest = events.split(" ");
    expect(told.toSorted()).toEqual(["expired", "new", ...rest].toSorted());
    expect(told.indexOf("expired")).toBeLessThan(told.indexOf("new"));
    expect(harness.keyspace.expired).toBe(1);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("keep their place among what a transaction publishes itself", () => {
    const harness = notifying("E$");
    for (const command of ["MULTI", "SET a 1", "PUBLISH news hi", "SET b 1"]) harness.run(command);
    expect(harness.execute(["EXEC"]).publications.map(({ message }) => message)).toEqual(["a", "hi", "b"]);
  });

  it("are not repeated where the effects are replayed", () => {
    const replica = notifying("AKE");
    replica.dispatcher.replay("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n", 0, 1 as never);
    expect(replica.execute(["PING"]).publications).toEqual([]);
  });
});

describe.skipIf(!comparing)("keyspace notifications, compared with redis-server 7.0", () => {
  let redis: RedisServer;
  let subscriber: RedisSession;
  beforeAll(async () => {
    redis = await RedisServer.start();
    subscriber = await redis.connect();
    subscriber.send(["PSUBSCRIBE", "__key*__:*"]);
  });
  afterAll(async () => {
    subscriber?.close();
    await redis?.stop();
  });

  it("any selection is read and shown alike", async () => {
    const letters = fc.array(fc.constantFrom(..."AKEg$lshzxetdmnq"), { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(letters, async (chosen) => {
        const text = chosen.join("");
        const [, set, got] = await redis.ask([
          ["CONFIG", "SET", "notify-keyspace-events", ""],
          ["CONFIG", "SET", "notify-keyspace-events", text],
          ["CONFIG", "GET", "notify-keyspace-events"],
        ]);
        const flags = parseNotifyEvents(text);
        expect({ text, read: flags !== undefined }).toEqual({ text, read: set === "OK" });
        expect({ text, shown: formatNotifyEvents(flags ?? 0) }).toEqual({
          text,
          shown: (got as string[])[1],
        });
      }),
      { numRuns: 200 },
    );
  });

  for (const [family, command] of Object.entries(FAMILIES)) {
    it(`random ${family} commands tell of the same events`, async () => {
      await redis.ask([["CONFIG", "SET", "notify-keyspace-events", "AKEmn"]]);
      const sequence = fc.array(command, { minLength: 1, maxLength: 20, size: "max" });
      await fc.assert(
        fc.asyncProperty(sequence, async (commands) => {
          // SCAN clears errno, over which Redis's SORT stumbles.
          const whole = [["RESET"], ["FLUSHALL"], ["SCAN", "0"], ...commands, ["RESET"]];
          // A mark behind it, so that all of its events are known to have come.
          await redis.ask([...whole, ["PUBLISH", "__key__:end", ""]]);
          while (!subscriber.text.endsWith("$11\r\n__key__:end\r\n$0\r\n\r\n")) await redis.ask([]);
          const theirs = subscriber.received() as string[][];
          const harness = notifying("AKEmn");
          harness.keyspace.nowMs = Date.now();
          const ours = whole.flatMap((argv) => harness.execute(argv).publications);
          const expected = theirs
            .filter(([kind, , channel]) => kind === "pmessage" && channel !== "__key__:end")
            .map(([, , channel, message]) => `${channel} ${message}`);
          const events = ours.map(({ channel, message }) => `${channel} ${message}`);
          // Redis looks up weights in an order of its own.
          if (family === "sorts") for (const all of [events, expected]) all.sort();
          expect({ whole, events }).toEqual({ whole, events: expected });
        }),
        { numRuns: 150 },
      );
    });
  }
});
