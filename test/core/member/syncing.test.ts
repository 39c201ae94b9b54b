/** How a member that lacks something catches up, and when it counts. */
import { describe, expect, it } from "vitest";
import type { Epoch } from "../../../src/base/ids.ts";
import { LEADER, TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

describe("syncing", () => {
  it("gives a restarted replica the records it lacks", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const n3 = group.member("n3");
    const client = n1.connect();
    for (let i = 0; i < 20; i++) n1.run(client, "SET", `k${i}`, String(i));
    group.settle();
    group.restart(n3);
    n1.run(client, "SET", "late", "1");
    group.order(n3, { type: "standing", record: group.record(1, "n1") });
    group.pass(200);
    expect(n3.keyspace.digest()).toBe(n1.keyspace.digest());
    expect(n3.starts).toBe(2);
  });

  it("gives a member whose records are gone from the log a snapshot, then the rest", () => {
    const group = new TestGroup({ members: 3 });
    const n3 = group.member("n3");
    group.partition(["n3"]);
    const n1 = group.reign(1, "n1", ["n2"]);
    const client = n1.connect();
    for (let i = 0; i < 50; i++) {
      n1.run(client, "HSET", "hash", `field${i}`, "v".repeat(50));
      group.settle();
    }
    n1.member.wantSnapshot();
    group.pass(200);
    expect(n1.disk.snapshot).not.toBeNull();
    group.restart(n1);
    const again = group.reign(2, "n1", ["n2"]);
    again.run(again.connect(), "SET", "after", "snapshot");
    group.settle();
    group.heal();
    group.order(n3, { type: "standing", record: group.record(2, "n1") });
    group.pass(300);
    expect(n3.disk.snapshot?.position).toEqual(n1.disk.snapshot?.position);
    expect(n3.keyspace.digest()).toBe(again.keyspace.digest());
    expect(n3.member.status().position).toEqual(again.member.status().position);

    const fullSyncs = (member: TestMember) =>
      member.logFields.filter(({ event }) => event.startsWith("full-sync"));
    const { position, chunks } = n1.disk.snapshot ?? { position: null, chunks: [] };
    const what = { epoch: 2, snapshotEpoch: position?.epoch, offset: position?.offset };
    const cost = { bytes: Buffer.concat(chunks).length, ms: expect.any(Number) };
    expect(fullSyncs(n1)).toEqual([
      { event: "full-sync-begun", fields: { replica: "n3", ...what } },
      { event: "full-sync-done", fields: { replica: "n3", ...what, ...cost } },
    ]);
    expect(fullSyncs(n3)).toEqual([
      { event: "full-sync-begun", fields: { master: "n1", ...what } },
      { event: "full-sync-done", fields: { master: "n1", ...what, ...cost } },
    ]);
  });

  it("counts a new incarnation only after it caught up and was admitted", () => {
    const group = new TestGroup({ members: 2, copies: 2 });
    const n1 = group.member("n1");
    const n2 = group.member("n2");
    n2.disk.incarnation = "n2-wiped" as never;
    group.restart(n2);
    const record = group.record(1, "n1");
    const stale = {
      ...record,
      members: record.members.map((member) =>
        member.id === "n2" ? { ...member, incarnation: "n2-i1" as never } : member,
      ),
    };
    for (const member of group.members) group.seal(member, 1);
    const order = { group: "mymaster", epoch: 1 as Epoch, leader: LEADER, record: stale };
    group.order(n1, { type: "promote", position: n1.lastAnswer("sealed").status.position, ...order });
    group.order(n2, { type: "follow", ...order });
    group.order(n1, { type: "standing", record: stale });
    group.pass(100);
    expect(n2.member.status().position.offset).toBe(1);
    expect(n1.member.status()).toMatchObject({
      established: false,
      waiting: [{ id: "n2", incarnation: "n2-wiped" }],
    });
    group.order(n1, { type: "standing", record: { ...record, number: { epoch: 1 as Epoch, seq: 2 } } });
    expect(n1.member.status()).toMatchObject({ established: true, waiting: [] });
  });
});

describe("a refused sync request", () => {
  const refusal = { type: "syncRefused", epoch: 0 as Epoch, reason: "not master of that epoch" } as const;

  it("of an earlier epoch does not disturb the one that is under way", () => {
    const group = new TestGroup();
    const n1 = group.member("n1");
    const n2 = group.member("n2");
    for (const member of group.members) group.seal(member, 2);
    const record = group.record(2, "n1");
    const order = { group: "mymaster", epoch: 2 as Epoch, leader: LEADER, record };
    group.order(n2, { type: "follow", ...order });
    group.tell(n2, n1, { ...refusal, requested: 1 as Epoch });
    group.order(n1, { type: "promote", position: n1.lastAnswer("sealed").status.position, ...order });
    expect(n2.member.status().following).toEqual({ master: "n1", linkUp: true });
  });
});

describe("after a reboot", () => {
  const rebootedAs = (before: string): boolean => {
    const group = new TestGroup({ members: 2, copies: 2 });
    group.reign(1, "n1", ["n2"]);
    const n2 = group.member("n2");
    n2.disk.doubts = [before as never];
    n2.disk.incarnation = "n2-after" as never;
    group.restart(n2);
    return n2.member.status().doubtfulByReboot;
  };

  it("a member is in doubt by that alone where it had been admitted", () => {
    expect(rebootedAs("n2-i1")).toBe(true);
  });

  it("a member that had been wiped before, and not been admitted again, has lost more than that", () => {
    expect(rebootedAs("n2-wiped")).toBe(false);
  });
});
