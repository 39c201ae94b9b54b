/** A member whose records are gone from the master's log gets a snapshot, at its own pace, and everything that comes meanwhile. */
import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { NodeMessage } from "../../../src/protocol/peer/node-messages.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

const MEGABYTE = 1024 * 1024;

class SnapshotGroup extends TestGroup {
  chunks: number | undefined;
  /** Its disk becomes slow with the first piece that is on its way to it. */
  slow: TestMember | undefined;

  override send(from: TestMember, link: LinkId, message: NodeMessage): void {
    if (message.type === "snapshotChunk") {
      this.chunks = (this.chunks ?? 0) + 1;
      if (this.slow !== undefined) this.slow.diskIsSlow = true;
    }
    super.send(from, link, message);
  }
}

function write(group: TestGroup, master: TestMember, prefix: string, bytes: number): void {
  const client = master.connect();
  const value = "v".repeat(1000);
  for (let written = 0; written < bytes; written += value.length) {
    master.run(client, "SET", `${prefix}${written}`, value);
    group.settle();
  }
}

/** n1 reigns over n2; n3 has nothing, its disk is slow, and it is being sent a snapshot, of a megabyte unless said otherwise. */
function withSlowSync(fill = (group: TestGroup, n1: TestMember) => write(group, n1, "k", MEGABYTE)): {
  group: SnapshotGroup;
  n1: TestMember;
  n3: TestMember;
} {
  const group = new SnapshotGroup();
  const n3 = group.member("n3");
  group.partition(["n3"]);
  const n1 = group.reign(1, "n1", ["n2"]);
  fill(group, n1);
  n1.member.wantSnapshot();
  group.pass(300);
  expect(n1.disk.snapshot).not.toBeNull();
  n1.member.log.tail.bytesMax = 1;
  write(group, n1, "more", 1000);
  group.slow = n3;
  group.heal();
  group.order(n3, { type: "standing", record: group.record(1, "n1") });
  group.pass(100);
  expect(group.chunks).toBeGreaterThan(0);
  return { group, n1, n3 };
}

function release(group: SnapshotGroup, member: TestMember): void {
  group.slow = undefined;
  member.releaseDisk();
  group.pass(500);
}

describe("a full sync", () => {
  it("goes no faster than the replica's disk takes it", () => {
    const { group, n1, n3 } = withSlowSync();
    group.pass(500);
    expect(group.chunks).toBe(4);
    release(group, n3);
    expect(group.chunks).toBeGreaterThan(10);
    expect(n3.keyspace.digest()).toBe(n1.keyspace.digest());
  });

  it("has no more bytes under way than one piece beyond what a replica is sent, however large the pieces are", () => {
    const { group, n1, n3 } = withSlowSync((filled, master) => {
      const client = master.connect();
      for (const key of ["a", "b", "c", "d"]) {
        master.run(client, "SET", key, "v".repeat(6 * MEGABYTE));
        filled.settle();
      }
    });
    group.pass(500);
    expect(group.chunks).toBe(2);
    release(group, n3);
    expect(n3.keyspace.digest()).toBe(n1.keyspace.digest());
  });

  it("keeps the log that the replica will need, whatever is written meanwhile", () => {
    const { group, n1, n3 } = withSlowSync();
    const { position } = n1.disk.snapshot ?? { position: null };
    write(group, n1, "k", 3 * MEGABYTE);
    group.pass(500);
    expect(n1.disk.snapshot?.position).toEqual(position);
    release(group, n3);
    expect(n1.logged.filter((event) => event === "full-sync-begun")).toHaveLength(1);
    expect(n3.keyspace.digest()).toBe(n1.keyspace.digest());
    // Nobody needs it any more.
    group.pass(500);
    expect(n1.disk.snapshot?.position.offset).toBeGreaterThan(position?.offset ?? Number.NaN);
  });

  it("keeps that log also behind a snapshot that is taken meanwhile, and lets go of it some time after", () => {
    const { group, n1, n3 } = withSlowSync();
    const offset = n1.disk.snapshot?.position.offset ?? 0;
    write(group, n1, "k", MEGABYTE);
    n1.member.wantSnapshot();
    group.pass(500);
    expect(n1.disk.snapshot?.position.offset).toBeGreaterThan(offset);
    expect(n1.disk.retainedAfter).toBe(offset);
    release(group, n3);
    expect(n1.logged.filter((event) => event === "full-sync-begun")).toHaveLength(1);
    expect(n3.keyspace.digest()).toBe(n1.keyspace.digest());
    group.pass(10_000, 100);
    expect(n1.disk.retainedAfter).toBeNull();
  });

  it("begins anew when that log could not be kept, and says so", () => {
    const { group, n1, n3 } = withSlowSync();
    write(group, n1, "k", MEGABYTE);
    n1.disk.retainedAfter = null;
    n1.member.wantSnapshot();
    group.pass(500);
    const first = ((n1.disk.snapshot?.position.offset ?? 0) + 1) as Offset;
    n1.step({ type: "logDropped", firstOffset: first, bytes: 1000, why: "limit" });
    group.settle();
    const given = n1.logFields.filter(({ event }) => event === "sync-given-up");
    expect(given).toMatchObject([{ fields: { replica: "n3", why: "limit", bytes: 1000, first } }]);
    expect(n1.openStreams).toBe(0);
    group.slow = undefined;
    n3.releaseDisk();
    group.link(n3, n1);
    group.pass(500);
    expect(n1.logged.filter((event) => event === "full-sync-begun")).toHaveLength(2);
    expect(n3.keyspace.digest()).toBe(n1.keyspace.digest());
  });

  it("is let go of with the reign", () => {
    const { group, n1 } = withSlowSync();
    expect(n1.openStreams).toBe(1);
    group.reign(2, "n2", ["n1"]);
    expect(n1.openStreams).toBe(0);
  });
});

it("a replica keeps no more of the log in memory than it must, also of what it may not apply yet", () => {
  const group = new TestGroup({ mode: "semi-sync", copies: 3 });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const n3 = group.member("n3");
  n3.member.log.tail.bytesMax = 1;
  const client = n1.connect();
  n1.run(client, "SET", "before", "1");
  group.settle();
  const n2 = group.member("n2");
  n2.diskIsSlow = true;
  for (let i = 0; i < 10; i++) {
    n1.run(client, "SET", `k${i}`, "v");
    group.pass(5, 1);
  }
  const { log } = n3.member;
  expect(log.persisted).toBe(log.tail.lastOffset);
  expect(log.tail.firstInMemory).toBeGreaterThan(log.applied + 1);
  n2.releaseDisk();
  group.pass(200);
  expect(n3.keyspace.digest()).toBe(n1.keyspace.digest());
});

it("a replica that must begin with nothing does so as a new incarnation, which counts for nothing yet", () => {
  const group = new TestGroup({ mode: "async", copies: 1 });
  const n3 = group.member("n3");
  group.partition(["n3"]);
  group.reign(1, "n3", []);
  n3.run(n3.connect(), "SET", "lost", "1");
  group.settle();
  n3.member.wantSnapshot();
  group.pass(300);
  expect(n3.disk.snapshot).not.toBeNull();
  const n1 = group.reign(2, "n1", ["n2"]);
  n1.run(n1.connect(), "SET", "kept", "1");
  group.settle();
  const { incarnation } = n3.disk;
  group.heal();
  group.order(n3, { type: "standing", record: group.record(2, "n1") });
  group.pass(500);
  expect(n3.keyspace.digest()).toBe(n1.keyspace.digest());
  expect(n3.disk.incarnation).not.toBe(incarnation);
});

it("a master whose first record can't be committed says how long it has waited", () => {
  const group = new TestGroup();
  group.partition(["n1"]);
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  expect(n1.member.status().established).toBe(false);
  group.pass(3000);
  expect(n1.member.status().oldestUncommittedMs).toBeGreaterThanOrEqual(3000);
});

it("a member on hold does not wake for a blocked client whose time is up", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  n1.run(n1.connect(), "BLPOP", "list", "0.1");
  group.settle();
  group.seal(n1, 2);
  group.pass(500);
  expect(n1.member.deadlineMs()).toBeGreaterThan(group.now.monoMs + 5);
});
