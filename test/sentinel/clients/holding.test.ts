import { describe, expect, it, vi } from "vitest";
import { ClientsUnderTest, groupView, memberView } from "./sentinel-fixture.ts";

const ASK = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"];

/** The link to the master has just closed: its process may be dead, and nobody has taken over. */
function lostMaster() {
  const test = new ClientsUnderTest();
  test.views.set("mymaster", groupView("n1", { holding: true }));
  return { test, client: test.connect() };
}

describe("while a master is being replaced", () => {
  it.each([
    [ASK],
    [["SENTINEL", "MASTER", "mymaster"]],
    [["SENTINEL", "MASTERS"]],
    [["SENTINEL", "REPLICAS", "mymaster"]],
    [["SENTINEL", "SLAVES", "mymaster"]],
    [["SENTINEL", "SENTINELS", "mymaster"]],
  ])("%j is held, and answered from the new record as soon as it stands", (argv) => {
    const { test, client } = lostMaster();
    client.send(argv);
    test.clients.settle(test.nowMs + 100);
    expect(client.takeRaw()).toBe("");
    test.views.set("mymaster", groupView("n2"));
    test.clients.settle(test.nowMs + 101);
    expect(client.take()).toHaveLength(1);
    expect(test.clients.deadlineMs()).toBeUndefined();
  });

  it("gives all clients that wait the new address at once", () => {
    const { test } = lostMaster();
    const waiting = [test.connect(), test.connect(), test.connect()];
    for (const client of waiting) client.send(ASK);
    test.views.set("mymaster", groupView("n2"));
    test.clients.settle(test.nowMs + 50);
    expect(waiting.map((client) => client.take())).toEqual(Array(3).fill([["127.0.0.1", "6380"]]));
  });

  it("answers with the flags when nobody has taken over after 500 ms", () => {
    const { test, client } = lostMaster();
    const dead = memberView("n1", "n1", { sdown: true, linkUp: false });
    test.views.set("mymaster", groupView("n1", { holding: true, master: dead }));
    client.reply("HELLO", "3");
    client.send(["SENTINEL", "MASTER", "mymaster"]);
    expect(test.clients.deadlineMs()).toBe(test.nowMs + 500);
    test.clients.settle(test.nowMs + 499);
    expect(client.take()).toEqual([]);
    test.clients.settle(test.nowMs + 500);
    const [reply] = client.take() as Map<string, string>[];
    expect(reply?.get("flags")).toBe("s_down,master,disconnected");
  });

  it("keeps the order of a pipeline: what follows a held query waits behind it", () => {
    const { test, client } = lostMaster();
    client.send(["PING", "before"], ASK, ["PING", "after"]);
    expect(client.take()).toEqual(["before"]);
    client.send(["PING", "later"]);
    expect(client.take()).toEqual([]);
    test.views.set("mymaster", groupView("n2"));
    test.clients.settle(test.nowMs + 10);
    expect(client.take()).toEqual([["127.0.0.1", "6380"], "after", "later"]);
  });

  it.each([
    [["PING"]],
    [["INFO", "sentinel"]],
    [["SENTINEL", "CKQUORUM", "mymaster"]],
    [["SENTINEL", "STATUS", "mymaster"]],
    [["SENTINEL", "MYID"]],
    [["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "nope"]],
  ])("%j tells nobody where the master is, so it is answered at once", (argv) => {
    const { client } = lostMaster();
    client.send(argv);
    expect(client.take()).toHaveLength(1);
  });

  it("holds nothing of another group, except the list of all", () => {
    const { test, client } = lostMaster();
    test.views.set("other", { ...groupView("n3"), name: "other" });
    expect(client.reply("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "other")).toEqual(["127.0.0.1", "6381"]);
    client.send(["SENTINEL", "MASTERS"]);
    expect(client.take()).toEqual([]);
  });

  it("the list of all waits for one group after the other, and no longer than it may", () => {
    const { test, client } = lostMaster();
    test.views.set("other", { ...groupView("n3", { holding: true }), name: "other" });
    client.send(["SENTINEL", "MASTERS"]);
    test.views.set("mymaster", groupView("n2"));
    test.clients.settle(test.nowMs + 100);
    expect(client.take()).toEqual([]);
    expect(test.clients.deadlineMs()).toBe(test.nowMs + 500);
    test.views.set("other", { ...groupView("n3"), name: "other" });
    test.clients.settle(test.nowMs + 200);
    expect(client.take()).toHaveLength(1);
    expect(test.clients.deadlineMs()).toBeUndefined();
  });

  it("looks at the group, not at each of the many that wait for it", () => {
    const { test } = lostMaster();
    const waiting = Array.from({ length: 100 }, () => test.connect());
    for (const client of waiting) client.send(ASK);
    const looks = vi.spyOn(test.views, "get");
    test.clients.settle(test.nowMs + 10);
    expect(looks.mock.calls).toHaveLength(1);
    test.views.set("mymaster", groupView("n2"));
    test.clients.settle(test.nowMs + 20);
    for (const client of waiting) expect(client.take()).toEqual([["127.0.0.1", "6380"]]);
  });

  it("ends each one's wait at its own time", () => {
    const { test, client } = lostMaster();
    client.send(ASK);
    test.nowMs += 100;
    const later = test.connect();
    later.send(ASK);
    expect(test.clients.deadlineMs()).toBe(test.nowMs + 400);
    test.clients.settle(test.nowMs + 400);
    expect([client.take().length, later.take().length]).toEqual([1, 0]);
    expect(test.clients.deadlineMs()).toBe(test.nowMs + 500);
    test.clients.settle(test.nowMs + 500);
    expect(later.take()).toHaveLength(1);
  });

  it("still delivers events to a client that waits", () => {
    const { test, client } = lostMaster();
    client.send(["HELLO", "3"], ["SUBSCRIBE", "+new-epoch"], ASK);
    client.take();
    test.clients.publish({ channel: "+new-epoch", epoch: 2 }, test.nowMs);
    expect(client.take()).toHaveLength(1);
  });

  it("forgets a client that has gone away", () => {
    const { test, client } = lostMaster();
    client.send(ASK);
    test.clients.disconnected(client.id);
    test.views.set("mymaster", groupView("n2"));
    test.clients.settle(test.nowMs + 10);
    expect(client.takeRaw()).toBe("");
    expect(test.clients.deadlineMs()).toBeUndefined();
  });

  it("lets a client that waits be killed", () => {
    const { test, client } = lostMaster();
    client.send(ASK);
    expect(test.connect().reply("CLIENT", "KILL", "ID", String(client.id))).toBe(1);
    expect(client.ended).toBe(true);
    expect(test.clients.deadlineMs()).toBeUndefined();
  });
});
