/** How a reign begins, and what its master does when nobody asks for anything. */
import { describe, expect, it } from "vitest";
import type { Epoch } from "../../../src/base/ids.ts";
import type { GroupRecord } from "../../../src/rules/group-record.ts";
import { LEADER, TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

/** A master that has its role, and whose record does not stand yet. */
function promotedNotRecorded(): { group: TestGroup; n1: TestMember; record: GroupRecord } {
  const group = new TestGroup();
  const record = group.record(1, "n1");
  const n1 = group.member("n1");
  for (const member of group.members) group.seal(member, 1);
  const order = { group: "mymaster", epoch: 1 as Epoch, leader: LEADER, record };
  const { position } = n1.lastAnswer("sealed").status;
  group.order(n1, { type: "promote", position, ...order });
  for (const id of ["n2", "n3"]) group.order(group.member(id), { type: "follow", ...order });
  return { group, n1, record };
}

describe("a reign", () => {
  it("acknowledges nothing before it is recorded, and then runs what it held", () => {
    const { group, n1, record } = promotedNotRecorded();
    const client = n1.connect();
    expect(n1.run(client, "SET", "a", "1")).toBe("");
    group.settle();
    expect(n1.read(client)).toBe("");
    group.order(n1, { type: "standing", record });
    expect(n1.read(client)).toBe("+OK\r\n");
  });

  it("holds a script while the master is not yet established, and then runs it", () => {
    const { group, n1, record } = promotedNotRecorded();
    const client = n1.connect();
    expect(n1.run(client, "EVAL", "return redis.call('set', 'a', 1)", "0")).toBe("");
    group.settle();
    expect(n1.read(client)).toBe("");
    group.order(n1, { type: "standing", record });
    expect(n1.read(client)).toBe("+OK\r\n");
  });

  it("refuses the promotion when the log is not what was reported", () => {
    const group = new TestGroup();
    const n1 = group.member("n1");
    group.seal(n1, 1);
    const record = group.record(1, "n1");
    const position = { epoch: 1 as Epoch, offset: 7 as never };
    group.order(n1, {
      type: "promote",
      group: "mymaster",
      epoch: 1 as Epoch,
      leader: LEADER,
      position,
      record,
    });
    expect(n1.lastAnswer("refused").what).toBe("promote");
  });

  it("begins with an epoch-start record, which its replicas hold before anything is acknowledged", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    expect(n1.member.status().established).toBe(true);
    for (const member of group.members)
      expect(member.member.status().position).toEqual({ epoch: 1, offset: 1 });
  });

  it("closes its clients when a replica is promoted, so that they ask the sentinels", () => {
    const group = new TestGroup();
    group.reign(1, "n1", ["n2", "n3"]);
    const n2 = group.member("n2");
    const client = n2.connect();
    group.reign(2, "n2", ["n1", "n3"]);
    expect(n2.closedClients.has(client)).toBe(true);
  });
});

describe("an idle master", () => {
  it("appends a probe now and then, not at every tick", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const before = n1.member.log.tail.lastOffset;
    group.pass(5000, 50);
    const probes = n1.member.log.tail.lastOffset - before;
    expect(probes).toBeGreaterThan(2);
    expect(probes).toBeLessThan(7);
  });

  it("tells how long its probe has been uncommitted", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    group.partition(["n1"]);
    group.pass(4000, 50);
    expect(n1.member.status().oldestUncommittedMs).toBeGreaterThan(2000);
  });
});
