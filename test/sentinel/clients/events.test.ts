import { describe, expect, it } from "vitest";
import { messageOf } from "../../../sentinel/clients/event-payload.ts";
import type { EventInstance, SentinelNotice } from "../../../sentinel/core/sentinel-event.ts";
import { Push } from "./resp-decode.ts";
import { ClientsUnderTest } from "./sentinel-fixture.ts";

const master: EventInstance = {
  kind: "master",
  name: "mymaster",
  address: { host: "127.0.0.1", port: 6379 },
};
const slave: EventInstance = { kind: "slave", name: "n2", address: { host: "127.0.0.1", port: 6380 } };
const sentinel: EventInstance = {
  kind: "sentinel",
  name: "s2",
  address: { host: "127.0.0.1", port: 26_380 },
};

const about = (
  channel: "+sdown" | "-sdown" | "+odown" | "+slave" | "+promoted-slave" | "+monitor",
  instance: EventInstance,
  extra: string | null = null,
): SentinelNotice => ({ channel, group: "mymaster", instance, extra, master });

const switched: SentinelNotice = {
  channel: "+switch-master",
  group: "mymaster",
  from: master.address,
  to: slave.address,
};

describe("event payloads are those of a running redis-sentinel", () => {
  it.each([
    [about("+sdown", master), "master mymaster 127.0.0.1 6379"],
    [about("+odown", master, "#quorum 2/2"), "master mymaster 127.0.0.1 6379 #quorum 2/2"],
    [about("+monitor", master, "quorum 2"), "master mymaster 127.0.0.1 6379 quorum 2"],
    [about("+slave", slave), "slave 127.0.0.1:6380 127.0.0.1 6380 @ mymaster 127.0.0.1 6379"],
    [about("+sdown", sentinel), "sentinel s2 127.0.0.1 26380 @ mymaster 127.0.0.1 6379"],
    [switched, "mymaster 127.0.0.1 6379 127.0.0.1 6380"],
    [{ channel: "+new-epoch", epoch: 3 } as const, "3"],
    [{ channel: "+vote-for-leader", leader: "s2", epoch: 3 } as const, "s2 3"],
  ])("%j", (notice, payload) => {
    expect(messageOf(notice)).toEqual({ channel: notice.channel, payload });
  });
});

describe("delivery", () => {
  it("goes to those who subscribed to the channel or to a pattern of it, to nobody else", () => {
    const test = new ClientsUnderTest();
    const [byName, byPattern, by3, bystander] = [
      test.connect(),
      test.connect(),
      test.connect(),
      test.connect(),
    ];
    byName.send(["SUBSCRIBE", "+switch-master"]);
    byPattern.send(["PSUBSCRIBE", "*", "-*"]);
    by3.send(["HELLO", "3"], ["SUBSCRIBE", "+switch-master"], ["PSUBSCRIBE", "+switch-*"]);
    for (const client of [byName, byPattern, by3]) client.take();

    test.clients.publish(switched);

    const payload = "mymaster 127.0.0.1 6379 127.0.0.1 6380";
    expect(byName.take()).toEqual([["message", "+switch-master", payload]]);
    expect(byPattern.take()).toEqual([["pmessage", "*", "+switch-master", payload]]);
    expect(by3.take()).toEqual([
      new Push(["message", "+switch-master", payload]),
      new Push(["pmessage", "+switch-*", "+switch-master", payload]),
    ]);
    expect(bystander.take()).toEqual([]);
  });

  it("stops with the subscription and with the connection", () => {
    const test = new ClientsUnderTest();
    const [leaving, gone] = [test.connect(), test.connect()];
    leaving.send(["SUBSCRIBE", "+switch-master"], ["UNSUBSCRIBE"]);
    gone.send(["SUBSCRIBE", "+switch-master"]);
    leaving.take();
    gone.take();
    test.clients.disconnected(gone.id);
    test.clients.publish(switched);
    expect(leaving.take()).toEqual([]);
    expect(gone.take()).toEqual([]);
    expect(test.clients.count).toBe(1);
  });

  it("reaches a client whose replies are off", () => {
    const test = new ClientsUnderTest();
    const client = test.connect();
    client.send(["CLIENT", "REPLY", "OFF"], ["SUBSCRIBE", "+switch-master"]);
    client.take();
    test.clients.publish(switched);
    expect(client.take()).toHaveLength(1);
  });
});
