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

const overIpv6: EventInstance = { kind: "slave", name: "n2", address: { host: "::1", port: 6380 } };

const switched: SentinelNotice = {
  channel: "+switch-master",
  group: "mymaster",
  from: master.address,
  to: slave.address,
  crashed: false,
};

describe("event payloads are those of a running redis-sentinel", () => {
  it.each([
    [about("+sdown", master), "master mymaster 127.0.0.1 6379"],
    [about("+odown", master, "#quorum 2/2"), "master mymaster 127.0.0.1 6379 #quorum 2/2"],
    [about("+monitor", master, "quorum 2"), "master mymaster 127.0.0.1 6379 quorum 2"],
    [about("+slave", slave), "slave 127.0.0.1:6380 127.0.0.1 6380 @ mymaster 127.0.0.1 6379"],
    [about("+slave", overIpv6), "slave [::1]:6380 ::1 6380 @ mymaster 127.0.0.1 6379"],
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

    test.clients.publish(switched, test.nowMs);

    const payload = "mymaster 127.0.0.1 6379 127.0.0.1 6380";
    expect(byName.take()).toEqual([["message", "+switch-master", payload]]);
    expect(byPattern.take()).toEqual([["pmessage", "*", "+switch-master", payload]]);
    expect(by3.take()).toEqual([
      new Push(["message", "+switch-master", payload]),
      new Push(["pmessage", "+switch-*", "+switch-master", payload]),
    ]);
    expect(bystander.take()).toEqual([]);
  });

  describe("after a crash", () => {
    const crashed = { ...switched, crashed: true };
    const payload = "mymaster 127.0.0.1 6379 127.0.0.1 6380";

    function subscribers(...libraries: readonly string[]) {
      const test = new ClientsUnderTest();
      const clients = libraries.map((library) => {
        const client = test.connect();
        client.send(["CLIENT", "SETINFO", "LIB-NAME", library], ["SUBSCRIBE", "+switch-master", "+sdown"]);
        client.take();
        return client;
      });
      return { test, clients };
    }

    it("ioredis is told a second later, in order, and everyone else at once", () => {
      const { test, clients } = subscribers("ioredis", "ioredis(tagged)", "jedis");
      test.clients.publish(crashed, test.nowMs);
      test.clients.publish(about("+sdown", master), test.nowMs);
      const messages = [
        ["message", "+switch-master", payload],
        ["message", "+sdown", "master mymaster 127.0.0.1 6379"],
      ];
      expect(clients.map((client) => client.take())).toEqual([[], [], messages]);
      expect(test.clients.deadlineMs()).toBe(test.nowMs + 1000);
      test.clients.settle(test.nowMs + 999);
      expect(clients.map((client) => client.take())).toEqual([[], [], []]);
      test.clients.settle(test.nowMs + 1000);
      expect(clients.map((client) => client.take())).toEqual([messages, messages, []]);
      expect(test.clients.deadlineMs()).toBeUndefined();
    });

    it("ioredis is not told when it has left, nor when it has come after the switch", () => {
      const { test, clients } = subscribers("ioredis", "ioredis", "ioredis");
      const [leaving, gone] = clients;
      test.clients.publish(crashed, test.nowMs);
      leaving?.send(["UNSUBSCRIBE"]);
      leaving?.take();
      test.clients.disconnected(gone?.id ?? 0);
      const late = test.connect();
      late.send(["CLIENT", "SETINFO", "LIB-NAME", "ioredis"], ["SUBSCRIBE", "+switch-master"]);
      late.take();
      test.clients.settle(test.nowMs + 1000);
      expect([...clients, late].map((client) => client.take().length)).toEqual([0, 0, 1, 0]);
    });

    it("ioredis is told at once of a master that is only silent", () => {
      const { test, clients } = subscribers("ioredis");
      test.clients.publish(switched, test.nowMs);
      expect(clients[0]?.take()).toEqual([["message", "+switch-master", payload]]);
    });
  });

  it("stops with the subscription and with the connection", () => {
    const test = new ClientsUnderTest();
    const [leaving, gone] = [test.connect(), test.connect()];
    leaving.send(["SUBSCRIBE", "+switch-master"], ["UNSUBSCRIBE"]);
    gone.send(["SUBSCRIBE", "+switch-master"]);
    leaving.take();
    gone.take();
    test.clients.disconnected(gone.id);
    test.clients.publish(switched, test.nowMs);
    expect(leaving.take()).toEqual([]);
    expect(gone.take()).toEqual([]);
    expect(test.clients.count).toBe(1);
  });

  it("reaches a client whose replies are off", () => {
    const test = new ClientsUnderTest();
    const client = test.connect();
    client.send(["CLIENT", "REPLY", "OFF"], ["SUBSCRIBE", "+switch-master"]);
    client.take();
    test.clients.publish(switched, test.nowMs);
    expect(client.take()).toHaveLength(1);
  });
});
