import { describe, expect, it } from "vitest";
import type { GroupView } from "../../../sentinel/core/view.ts";
import type { Epoch, MemberId } from "../../../src/base/ids.ts";
import { ReplyError } from "./resp-decode.ts";
import { ClientsUnderTest, groupView, memberView, peerView, recordWith } from "./sentinel-fixture.ts";

/** Redis 7.0.15's order, taken from a running redis-sentinel. */
const MASTER_FIELDS =
  "name ip port runid flags link-pending-commands link-refcount last-ping-sent last-ok-ping-reply last-ping-reply " +
  "down-after-milliseconds info-refresh role-reported role-reported-time config-epoch num-slaves " +
  "num-other-sentinels quorum failover-timeout parallel-syncs";
const REPLICA_FIELDS =
  "name ip port runid flags link-pending-commands link-refcount last-ping-sent last-ok-ping-reply last-ping-reply " +
  "down-after-milliseconds info-refresh role-reported role-reported-time master-link-down-time master-link-status " +
  "master-host master-port slave-priority slave-repl-offset replica-announced";
const SENTINEL_FIELDS =
  "name ip port runid flags link-pending-commands link-refcount last-ping-sent last-ok-ping-reply last-ping-reply " +
  "down-after-milliseconds last-hello-message voted-leader voted-leader-epoch";

function setUp(view?: GroupView, protocol: "2" | "3" = "3") {
  const test = new ClientsUnderTest();
  if (view !== undefined) test.views.set("mymaster", view);
  const client = test.connect();
  client.reply("HELLO", protocol);
  return { test, client };
}

function master(view: GroupView): Record<string, string> {
  return Object.fromEntries(
    setUp(view).client.reply("SENTINEL", "MASTER", "mymaster") as Map<string, string>,
  );
}

describe("SENTINEL MASTER", () => {
  it("has Redis's fields in Redis's order, as a flat array in RESP2", () => {
    const reply = setUp(undefined, "2").client.reply("SENTINEL", "MASTER", "mymaster") as string[];
    expect(reply.filter((_, index) => index % 2 === 0).join(" ")).toBe(MASTER_FIELDS);
    expect(reply.slice(0, 10)).toEqual([
      ..."name mymaster ip 127.0.0.1 port 6379 runid n1-start flags master".split(" "),
    ]);
  });

  it("is a map in RESP3 with the same order", () => {
    const reply = setUp().client.reply("SENTINEL", "MASTER", "mymaster") as Map<string, string>;
    expect([...reply.keys()].join(" ")).toBe(MASTER_FIELDS);
    expect(Object.fromEntries(reply)).toMatchObject({
      "config-epoch": "1",
      "num-slaves": "2",
      "num-other-sentinels": "2",
      quorum: "2",
      "failover-timeout": "5000",
      "role-reported": "master",
      "last-ping-sent": "0",
      "last-ok-ping-reply": "39",
    });
  });

  it("shows since when a silent master owes a pong, and how many", () => {
    const silent = memberView("n1", "n1", { unansweredPings: 7, unansweredForMs: 660, sinceLastPongMs: 702 });
    const fields = {
      "link-pending-commands": "7",
      "last-ping-sent": "660",
      "last-ok-ping-reply": "702",
      "last-ping-reply": "702",
    };
    expect(master(groupView("n1", { master: silent }))).toMatchObject(fields);
    const cut = { ...silent, unansweredPings: 0, linkUp: false };
    expect(master(groupView("n1", { master: cut }))).toMatchObject({
      ...fields,
      "link-pending-commands": "1",
    });
  });

  it("shows a dead master's flags in Redis's order, with how long it has been down", () => {
    const dead = memberView("n1", "n1", { sdown: true, sdownForMs: 235, linkUp: false });
    const failover = {
      epoch: 2 as Epoch,
      step: "promote",
      reason: "down",
      target: "n2" as MemberId,
    } as const;
    const fields = master(groupView("n1", { master: dead, odown: true, failover }));
    expect(fields).toMatchObject({
      flags: "s_down,o_down,master,disconnected,failover_in_progress",
      "failover-state": "wait_promotion",
      "s-down-time": "235",
      "o-down-time": "235",
    });
  });

  it.each([
    ["seal", "select_slave"],
    ["promote", "wait_promotion"],
    ["record", "update_config"],
  ] as const)("calls the step %s of a failover %s, as Redis does", (step, state) => {
    const failover = { epoch: 2 as Epoch, step, reason: "down", target: null };
    expect(master(groupView("n1", { failover }))["failover-state"]).toBe(state);
  });

  it("shows no flag of the failover once the new record stands, though the old state has not been cleared", () => {
    const dead = memberView("n1", "n2", { sdown: true, linkUp: false });
    const fields = master({
      ...groupView("n1"),
      standing: recordWith("n2", 2),
      master: memberView("n2", "n2"),
      replicas: [dead, memberView("n3", "n2")],
      odown: true,
      failover: { epoch: 2 as Epoch, step: "record", reason: "down", target: "n2" as MemberId },
    });
    expect(fields.flags).toBe("master");
    expect(fields.port).toBe("6380");
    expect(fields["config-epoch"]).toBe("2");
  });

  it("tells the standing record's master even while the view already follows a newer one", () => {
    const fields = master({
      ...groupView("n2"),
      standing: recordWith("n1", 1),
      stored: recordWith("n2", 2),
    });
    expect(fields.port).toBe("6379");
  });

  it.each(["planned", "reconfigure"])("hides a %s election: the master goes on", (reason) => {
    const failover = { epoch: 2 as Epoch, step: "seal", reason, target: null } as const;
    expect(master(groupView("n1", { failover })).flags).toBe("master");
  });

  it("shows maintenance with a flag of our own", () => {
    expect(master(groupView("n1", { standing: { ...recordWith("n1"), paused: true } })).flags).toBe(
      "master,paused",
    );
  });

  it.each([
    ["no record stands yet", groupView("n1", { standing: null })],
    ["the record names no master yet", groupView(null)],
  ])("knows no master while %s", (_, view) => {
    const { client } = setUp(view, "2");
    expect(client.reply("SENTINEL", "MASTER", "mymaster")).toEqual(
      new ReplyError("ERR No such master with that name"),
    );
    expect(client.reply("SENTINEL", "MASTERS")).toEqual([]);
    expect(client.rawReply("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")).toBe("*-1\r\n");
    expect(client.reply("INFO", "sentinel")).toContain("sentinel_masters:0\r\n");
  });
});

describe("SENTINEL MASTERS", () => {
  it("lists every group that has a master", () => {
    const { test, client } = setUp();
    const second = groupView("n2");
    test.views.set("other", { ...second, name: "other", standing: { ...recordWith("n2"), name: "other" } });
    const reply = client.reply("SENTINEL", "MASTERS") as Map<string, string>[];
    expect(reply.map((fields) => fields.get("name"))).toEqual(["mymaster", "other"]);
  });
});

describe("SENTINEL REPLICAS", () => {
  it.each(["REPLICAS", "SLAVES"])("%s has Redis's fields in Redis's order", (name) => {
    const reply = setUp().client.reply("SENTINEL", name, "mymaster") as Map<string, string>[];
    expect(reply.map((fields) => [...fields.keys()].join(" "))).toEqual([REPLICA_FIELDS, REPLICA_FIELDS]);
    expect(Object.fromEntries(reply[0] ?? [])).toMatchObject({
      name: "127.0.0.1:6380",
      flags: "slave",
      "master-link-status": "ok",
      "master-host": "127.0.0.1",
      "master-port": "6379",
      "slave-priority": "100",
      "slave-repl-offset": "76",
    });
  });

  it("shows a replica that was never heard as disconnected, with its recorded address", () => {
    const silent = memberView("n3", "n1", { linkUp: false, status: null, sdown: true, sdownForMs: 10 });
    const view = groupView("n1", { replicas: [memberView("n2", "n1"), silent] });
    const reply = setUp(view).client.reply("SENTINEL", "REPLICAS", "mymaster") as Map<string, string>[];
    expect(Object.fromEntries(reply[1] ?? [])).toMatchObject({
      port: "6381",
      runid: "",
      flags: "s_down,slave,disconnected",
      "s-down-time": "10",
      "master-link-status": "err",
      "master-host": "?",
      "master-port": "0",
    });
  });

  it("names a replica by its address, an IPv6 one in brackets, and gives the address itself without", () => {
    const standing = recordWith("n1");
    const members = standing.members.map((member) =>
      member.id === "n2" ? { ...member, client: { host: "::1", port: 6380 } } : member,
    );
    const { client } = setUp(groupView("n1", { standing: { ...standing, members } }));
    const [reply] = client.reply("SENTINEL", "REPLICAS", "mymaster") as Map<string, string>[];
    expect(Object.fromEntries(reply ?? [])).toMatchObject({ name: "[::1]:6380", ip: "::1", port: "6380" });
  });

  it("leaves out a replica whose address nobody knows yet", () => {
    const standing = recordWith("n1");
    const members = standing.members.map((member) =>
      member.id === "n3" ? { ...member, client: { host: "", port: 0 } } : member,
    );
    const { client } = setUp(groupView("n1", { standing: { ...standing, members } }));
    expect(client.reply("SENTINEL", "REPLICAS", "mymaster")).toHaveLength(1);
  });

  it("gives an observer the priority of one that is never promoted", () => {
    const standing = recordWith("n1");
    const members = standing.members.map((member) =>
      member.id === "n3" ? { ...member, voting: false } : member,
    );
    const view = groupView("n1", { standing: { ...standing, members } });
    const reply = setUp(view).client.reply("SENTINEL", "REPLICAS", "mymaster") as Map<string, string>[];
    expect(reply.map((fields) => fields.get("slave-priority"))).toEqual(["100", "0"]);
  });
});

describe("SENTINEL SENTINELS", () => {
  it("lists the others with Redis's fields, never itself", () => {
    const view = groupView("n1", {
      sentinels: [
        peerView("s1"),
        peerView("s2"),
        peerView("s3", { sdown: true, linkUp: false, sinceLastHeardMs: 2500 }),
      ],
    });
    const reply = setUp(view).client.reply("SENTINEL", "SENTINELS", "mymaster") as Map<string, string>[];
    expect(reply.map((fields) => fields.get("name"))).toEqual(["s2", "s3"]);
    expect([...(reply[0]?.keys() ?? [])].join(" ")).toBe(SENTINEL_FIELDS);
    expect(reply[1]?.get("flags")).toBe("s_down,sentinel,disconnected");
    expect(reply[1]?.get("s-down-time")).toBe("1500");
  });
});

describe("a sentinel whose address is not known yet", () => {
  it("is counted but not listed: clients would dial it", () => {
    const sentinels = [peerView("s2"), peerView("s3", { host: "", port: 0, linkUp: false })];
    const { client } = setUp(groupView("n1", { sentinels }));
    expect(client.reply("SENTINEL", "SENTINELS", "mymaster")).toHaveLength(1);
    const fields = client.reply("SENTINEL", "MASTER", "mymaster") as Map<string, string>;
    expect(fields.get("num-other-sentinels")).toBe("2");
  });
});

describe("SENTINEL GET-MASTER-ADDR-BY-NAME", () => {
  it("gives host and port as texts", () => {
    const { client } = setUp(undefined, "2");
    expect(client.rawReply("sentinel", "get-master-addr-by-name", "mymaster")).toBe(
      "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n",
    );
  });

  it.each([
    ["2", "*-1\r\n"],
    ["3", "_\r\n"],
  ] as const)("gives the null array of RESP%s for an unknown name", (protocol, expected) => {
    const { client } = setUp(undefined, protocol);
    expect(client.rawReply("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "nope")).toBe(expected);
  });

  it("finds a group whose name is not ASCII by its UTF-8 bytes", () => {
    const { test, client } = setUp();
    test.views.set("größe", { ...groupView(), name: "größe" });
    const bytes = Buffer.from("größe", "utf8").toString("latin1");
    expect(client.reply("SENTINEL", "GET-MASTER-ADDR-BY-NAME", bytes)).toEqual(["127.0.0.1", "6379"]);
  });
});
