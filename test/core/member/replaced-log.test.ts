/** A member whose whole log gives way to the master's, by a full sync or from the first record on. */
import { describe, expect, it } from "vitest";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

function rollbacksLogged(member: TestMember): unknown[] {
  return member.logFields.filter(({ event }) => event.startsWith("rollback")).map(({ fields }) => fields);
}

/** In async: n1 is cut off with records up to `shared`, and acknowledges three more that n2, the next master, lacks. */
function parted(): { group: TestGroup; n1: TestMember; n2: TestMember; shared: number } {
  const group = new TestGroup({ mode: "async", copies: 1 });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  expect(n1.ask(client, "SET", "a", "shared")).toBe("+OK\r\n");
  group.pass(50);
  const shared = n1.member.log.tail.lastOffset;
  group.partition(["n1"]);
  for (const key of ["b", "c", "d"]) n1.ask(client, "SET", key, "lost");
  return { group, n1, n2: group.member("n2"), shared };
}

function snapshot(group: TestGroup, member: TestMember): void {
  member.member.wantSnapshot();
  group.pass(200);
  expect(member.disk.snapshot).not.toBeNull();
}

/** Of a member that holds nothing in memory that its disk has: as after a restart. */
function forget(member: TestMember): void {
  member.member.log.tail.bytesMax = 1;
}

function follow(group: TestGroup, member: TestMember, epoch: number, master: TestMember): void {
  group.heal();
  group.order(member, { type: "standing", record: group.record(epoch, master.id) });
  group.pass(500);
  expect(member.keyspace.digest()).toBe(master.keyspace.digest());
}

describe("a log that gives way to the master's", () => {
  it("is kept from where they part, though that is below the snapshot and the master sends its first record", () => {
    const { group, n1, n2, shared } = parted();
    snapshot(group, n1);
    n1.ask(n1.connect(), "SET", "e", "lost too");
    group.reign(2, "n2", ["n3"]);
    follow(group, n1, 2, n2);
    expect(n1.disk.rollbacks).toEqual([{ epoch: 1, offset: shared }]);
    // The test's disk drops what is behind a snapshot: three of the four were in that alone.
    expect(rollbacksLogged(n1)).toEqual([
      { file: "kept", bytes: 1, epoch: 1, offset: shared, inSnapshot: 3 },
    ]);
  });

  it("is kept from where they part, though that is below the snapshot and the master sends one", () => {
    const { group, n1, n2, shared } = parted();
    snapshot(group, n1);
    group.reign(2, "n2", ["n3"]);
    n2.ask(n2.connect(), "SET", "f", "new");
    snapshot(group, n2);
    forget(n2);
    n2.ask(n2.connect(), "SET", "g", "new");
    group.pass(50);
    follow(group, n1, 2, n2);
    expect(n1.disk.snapshot?.position).toEqual(n2.disk.snapshot?.position);
    expect(n1.disk.rollbacks).toEqual([{ epoch: 1, offset: shared }]);
  });

  it("is kept from where they part, though the master's log begins only later", () => {
    const { group, n1, n2, shared } = parted();
    group.reign(2, "n2", ["n3"]);
    for (const key of ["f", "g", "h", "i"]) n2.ask(n2.connect(), "SET", key, "new");
    snapshot(group, n2);
    forget(n2);
    n2.ask(n2.connect(), "SET", "j", "new");
    group.pass(50);
    follow(group, n1, 2, n2);
    expect(n1.disk.snapshot?.position).toEqual(n2.disk.snapshot?.position);
    expect(n1.disk.rollbacks).toEqual([{ epoch: 1, offset: shared }]);
  });

  it("leaves nothing behind when it is the beginning of the master's", () => {
    const group = new TestGroup({ mode: "async", copies: 1 });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const n2 = group.member("n2");
    n1.ask(n1.connect(), "SET", "a", "shared");
    group.pass(50);
    snapshot(group, n2);
    group.partition(["n2"]);
    group.reign(2, "n1", ["n3"]);
    for (const key of ["b", "c", "d"]) n1.ask(n1.connect(), "SET", key, "new");
    snapshot(group, n1);
    forget(n1);
    n1.ask(n1.connect(), "SET", "e", "new");
    group.pass(50);
    follow(group, n2, 2, n1);
    expect(n2.disk.snapshot?.position).toEqual(n1.disk.snapshot?.position);
    expect(n2.disk.rollbacks).toEqual([]);
    expect(rollbacksLogged(n2)).toEqual([]);
  });
});
