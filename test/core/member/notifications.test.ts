import { describe, expect, it } from "vitest";
import { parseNotifyEvents } from "../../../src/core/keyspace/notifications.ts";
import { TestGroup } from "./test-group.ts";

describe("keyspace notifications", () => {
  it("go out once the change is committed, on the master and on its replicas", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    n1.keyspace.notifyFlags = parseNotifyEvents("Kl") ?? 0;
    const n3 = group.member("n3");
    const [here, there] = [n1.connect(), n3.connect()];
    n1.ask(here, "SUBSCRIBE", "__keyspace@0__:l");
    n3.ask(there, "SUBSCRIBE", "__keyspace@0__:l");
    for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
    n1.run(n1.connect(), "RPUSH", "l", "1");
    group.settle();
    expect([n1.read(here), n3.read(there)]).toEqual(["", ""]);
    group.member("n2").releaseDisk();
    group.settle();
    const event = "*3\r\n$7\r\nmessage\r\n$16\r\n__keyspace@0__:l\r\n$5\r\nrpush\r\n";
    expect([n1.read(here), n3.read(there)]).toEqual([event, event]);
  });

  it("tell of the pop that a blocked client was waiting for, and of keys that expire in the background", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    n1.keyspace.notifyFlags = parseNotifyEvents("KA") ?? 0;
    const [subscriber, popper, client] = [n1.connect(), n1.connect(), n1.connect()];
    n1.ask(subscriber, "PSUBSCRIBE", "__keyspace@0__:*");
    n1.run(popper, "BLPOP", "l", "0");
    n1.ask(client, "RPUSH", "l", "1");
    n1.ask(client, "SET", "k", "v", "PX", "30");
    group.pass(200);
    const events = [...n1.read(subscriber).matchAll(/__keyspace@0__:(\w+)\r\n\$\d+\r\n(\w+)/g)];
    expect(events.map(([, key, event]) => `${key} ${event}`)).toEqual([
      "l rpush",
      "l lpop",
      "l del",
      "k set",
      "k expire",
      "k expired",
    ]);
  });
});
