import { describe, expect, it } from "vitest";
import type { Epoch, SentinelId, StartId } from "../../../src/base/ids.ts";
import type { GroupRecord } from "../../../src/rules/group-record.ts";
import { LEADER, TestGroup, type TestMember } from "./test-group.ts";

const OTHER_LEADER = { id: "s2" as SentinelId, startId: "s2-start" as StartId };

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

describe("promises", () => {
  it("does not answer a seal before the promise is durable", () => {
    const group = new TestGroup();
    const n1 = group.member("n1");
    n1.diskIsSlow = true;
    group.seal(n1, 1);
    expect(n1.answers.some(({ type }) => type === "sealed")).toBe(false);
    n1.releaseDisk();
    expect(n1.lastAnswer("sealed").epoch).toBe(1);
  });

  it("refuses a second leader of the same epoch, and an older epoch", () => {
    const group = new TestGroup();
    const n1 = group.member("n1");
    group.seal(n1, 2);
    group.seal(n1, 2, OTHER_LEADER);
    expect(n1.lastAnswer("refused")).toMatchObject({ what: "seal", epoch: 2, promise: { epoch: 2 } });
    group.seal(n1, 1);
    expect(n1.lastAnswer("refused")).toMatchObject({ what: "seal", epoch: 1 });
  });

  it("keeps its promise over a restart", () => {
    const group = new TestGroup();
    const n1 = group.member("n1");
    group.seal(n1, 5);
    group.restart(n1);
    group.seal(n1, 4);
    expect(n1.lastAnswer("refused")).toMatchObject({ epoch: 4, promise: { epoch: 5, leader: LEADER } });
  });

  it("acknowledges nothing of an older epoch once it is sealed", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    group.seal(group.member("n2"), 2);
    group.seal(group.member("n3"), 2);
    expect(n1.run(client, "SET", "a", "1")).toBe("");
    group.settle();
    expect(n1.read(client)).toBe("");
    expect(n1.member.log.committed).toBeLessThan(n1.member.log.tail.lastOffset);
  });
});

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

describe("semi-sync", () => {
  it("answers a write only when a replica has it, and reads that saw it wait as well", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const [writer, reader, bystander] = [n1.connect(), n1.connect(), n1.connect()];
    for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
    group.pass(10);
    expect(n1.run(writer, "SET", "a", "1")).toBe("");
    expect(n1.run(reader, "GET", "a")).toBe("");
    expect(n1.run(bystander, "PING")).toBe("+PONG\r\n");
    group.settle();
    expect(n1.read(writer)).toBe("");
    group.member("n2").releaseDisk();
    group.settle();
    expect(n1.read(writer)).toBe("+OK\r\n");
    expect(n1.read(reader)).toBe("$1\r\n1\r\n");
  });

  it("answers a script as its commands: what it wrote or saw must be committed", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const [writer, reader] = [n1.connect(), n1.connect()];
    for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
    group.pass(10);
    const before = n1.member.log.tail.lastOffset;
    const script = "redis.call('set', 'a', 1) redis.call('incr', 'a') return redis.pcall('nosuch')";
    expect(n1.run(writer, "EVAL", script, "0")).toBe("");
    expect(n1.run(reader, "EVAL", "return redis.call('get', KEYS[1])", "1", "a")).toBe("");
    group.settle();
    expect(n1.read(writer) + n1.read(reader)).toBe("");
    group.member("n2").releaseDisk();
    group.settle();
    expect(n1.read(writer)).toBe("-ERR Unknown Redis command called from script\r\n");
    expect(n1.read(reader)).toBe("$1\r\n2\r\n");
    expect(n1.member.log.tail.lastOffset - before).toBe(1);
    const n3 = group.member("n3");
    n3.releaseDisk();
    group.pass(100, 50);
    expect(n3.run(n3.connect(), "EVAL", "return redis.call('get', 'a')", "0")).toBe("$1\r\n2\r\n");
    expect(n3.run(n3.connect(), "EVAL", "return redis.call('set', 'a', 3)", "0")).toMatch(/^-READONLY /);
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

  it("applies on a replica only what is committed", () => {
    const group = new TestGroup({ copies: 3 });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    group.member("n3").diskIsSlow = true;
    n1.run(n1.connect(), "SET", "a", "1");
    group.settle();
    const n2 = group.member("n2");
    expect(n2.member.log.tail.lastOffset).toBe(n1.member.log.tail.lastOffset);
    expect(n2.run(n2.connect(), "GET", "a")).toBe("$-1\r\n");
    group.member("n3").releaseDisk();
    group.settle();
    group.pass(20);
    expect(n2.run(n2.connect(), "GET", "a")).toBe("$1\r\n1\r\n");
  });

  it("answers UNCERTAIN when the copies do not come in time, then refuses what it knows it cannot keep", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    group.partition(["n1"]);
    const client = n1.connect();
    expect(n1.run(client, "SET", "a", "1")).toBe("");
    group.pass(1200, 100);
    expect(n1.read(client)).toMatch(/^-UNCERTAIN /);
    expect(n1.run(n1.connect(), "SET", "a", "2")).toBe("-NOREPLICAS Not enough good replicas to write.\r\n");
  });

  it("closes the clients that it must refuse once it is cut off from everybody", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    group.partition(["n1"]);
    group.pass(1200, 100);
    const [writer, other] = [n1.connect(), n1.connect()];
    expect(n1.run(writer, "SET", "a", "1")).toMatch(/^-NOREPLICAS /);
    expect(n1.run(other, "PING")).toBe("+PONG\r\n");
    expect([...n1.closedClients]).toEqual([writer]);
  });

  it("refuses reads without a lease and without replicas that confirm the reign", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    expect(n1.run(client, "GET", "a")).toBe("");
    group.settle();
    expect(n1.read(client)).toBe("$-1\r\n");
    group.partition(["n1"]);
    group.pass(1200, 100);
    expect(n1.run(client, "GET", "a")).toMatch(/^-MASTERDOWN /);
  });
});

describe("sync", () => {
  it("answers a write only when a replica has applied it", () => {
    const group = new TestGroup({ mode: "sync" });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    expect(n1.run(client, "SET", "a", "1")).toBe("");
    group.settle();
    group.pass(10);
    expect(n1.read(client)).toBe("+OK\r\n");
    const applied = ["n2", "n3"].filter((id) => {
      const replica = group.member(id);
      return replica.run(replica.connect(), "GET", "a") === "$1\r\n1\r\n";
    });
    expect(applied.length).toBeGreaterThanOrEqual(1);
  });
});

describe("async", () => {
  it("refuses writes without a lease unless every member confirms the reign", () => {
    const group = new TestGroup({ mode: "async", copies: 1 });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    group.pass(200);
    expect(n1.ask(client, "SET", "a", "1")).toBe("+OK\r\n");
    group.partition(["n1", "n2"]);
    group.pass(600);
    expect(n1.run(client, "SET", "a", "2")).toMatch(/^-NOREPLICAS /);
  });

  it("takes writes with a lease, and stops when it ends", () => {
    const group = new TestGroup({ mode: "async", copies: 1 });
    const n1 = group.reign(1, "n1", []);
    const ping = {
      type: "ping",
      group: "mymaster",
      downAfterMs: 1000,
      stallAfterMs: 2000,
      sentinels: 1,
    } as const;
    const client = n1.connect();
    group.order(n1, { ...ping, seq: 1, sawPong: 0, leaseEpoch: 1 as Epoch });
    expect(n1.ask(client, "SET", "a", "1")).toBe("");
    group.order(n1, { ...ping, seq: 2, sawPong: 1, leaseEpoch: 1 as Epoch });
    group.settle();
    expect(n1.read(client)).toBe("+OK\r\n");
    group.pass(990);
    expect(n1.ask(client, "SET", "a", "2")).toMatch(/^-NOREPLICAS /);
  });
});

describe("a new master", () => {
  it("cuts a diverging tail from the old one, keeps it in a rollback file, and rebuilds its keyspace", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    n1.run(n1.connect(), "SET", "a", "kept");
    group.settle();
    group.partition(["n1"]);
    n1.run(n1.connect(), "SET", "a", "lost");
    n1.run(n1.connect(), "SET", "b", "lost");
    const n2 = group.reign(2, "n2", ["n3"]);
    n2.run(n2.connect(), "SET", "c", "new");
    group.settle();
    group.heal();
    group.order(n1, { type: "standing", record: group.record(2, "n2") });
    group.pass(300);
    expect(n1.disk.rollbacks).toEqual([{ epoch: 1, offset: 2 }]);
    expect(n1.member.status().position).toEqual(n2.member.status().position);
    expect(n1.keyspace.digest()).toBe(n2.keyspace.digest());
    expect(n1.run(n1.connect(), "GET", "a")).toBe("$4\r\nkept\r\n");
    expect(n1.run(n1.connect(), "GET", "b")).toBe("$-1\r\n");
  });

  it("keeps what was acknowledged: the tail of the old epoch commits with the epoch-start record", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    n1.run(client, "SET", "a", "1");
    group.settle();
    expect(n1.read(client)).toBe("+OK\r\n");
    group.partition(["n1"]);
    // The one of the two that acknowledged it first, and so has it.
    const n2 = group.reign(2, "n2", ["n3"]);
    const reader = n2.connect();
    n2.run(reader, "GET", "a");
    group.settle();
    expect(n2.read(reader)).toBe("$1\r\n1\r\n");
  });

  it("chosen again in place keeps its keyspace, its sockets and the replies that wait", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    for (const id of ["n2", "n3"]) group.seal(group.member(id), 2);
    expect(n1.run(client, "SET", "a", "1")).toBe("");
    group.reign(2, "n1", ["n2", "n3"]);
    group.settle();
    expect(n1.read(client)).toBe("+OK\r\n");
    expect(n1.closedClients.size).toBe(0);
  });

  it("demoted, answers what it executed with UNCERTAIN, refuses what it held, and closes its clients", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const [writer, late] = [n1.connect(), n1.connect()];
    group.partition(["n1"]);
    n1.run(writer, "SET", "a", "1");
    group.reign(2, "n2", ["n3"]);
    group.seal(n1, 2);
    n1.run(late, "SET", "b", "1");
    group.order(n1, { type: "standing", record: group.record(2, "n2") });
    expect(n1.read(writer)).toMatch(/^-UNCERTAIN /);
    expect(n1.read(late)).toMatch(/^-READONLY /);
    expect(n1.closedClients.size).toBe(2);
  });
});

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

describe("a switchover", () => {
  it("holds commands until the target has everything, then refuses them unexecuted", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    n1.run(client, "SET", "a", "1");
    group.settle();
    n1.read(client);
    group.order(n1, {
      type: "prepareHandover",
      group: "mymaster",
      epoch: 1 as Epoch,
      target: "n2" as never,
      timeoutMs: 5000,
    });
    group.pass(20);
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: true });
    expect(n1.run(client, "SET", "a", "2")).toBe("");
    const n2 = group.reign(2, "n2", ["n1", "n3"]);
    group.order(n1, { type: "published", group: "mymaster", epoch: 2 as Epoch });
    expect(n1.read(client)).toBe("-READONLY You can't write against a read only replica.\r\n");
    const reader = n2.connect();
    n2.run(reader, "GET", "a");
    group.settle();
    expect(n2.read(reader)).toBe("$1\r\n1\r\n");
  });

  it("confirms what was executed before it, and is ready only then", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
    const client = n1.connect();
    expect(n1.ask(client, "SET", "a", "1")).toBe("");
    group.order(n1, {
      type: "prepareHandover",
      group: "mymaster",
      epoch: 1 as Epoch,
      target: "n2" as never,
      timeoutMs: 5000,
    });
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: false });
    for (const id of ["n2", "n3"]) group.member(id).releaseDisk();
    group.settle();
    expect(n1.read(client)).toBe("+OK\r\n");
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: true });
  });

  it("resumes by itself when nobody seals it in time", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    group.order(n1, {
      type: "prepareHandover",
      group: "mymaster",
      epoch: 1 as Epoch,
      target: "n2" as never,
      timeoutMs: 500,
    });
    const client = n1.connect();
    expect(n1.run(client, "SET", "a", "1")).toBe("");
    group.pass(700, 50);
    expect(n1.read(client)).toBe("+OK\r\n");
  });
});

describe("expiry and pub/sub", () => {
  it("is decided by the master and replicated as DEL", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    n1.run(n1.connect(), "SET", "a", "1", "PX", "50");
    group.pass(400, 50);
    for (const member of group.members) expect(member.keyspace.database(0).size).toBe(0);
    expect(group.member("n2").keyspace.digest()).toBe(n1.keyspace.digest());
  });

  it("PUBLISH on the master reaches the subscribers of a replica", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const n2 = group.member("n2");
    const subscriber = n2.connect();
    n2.run(subscriber, "SUBSCRIBE", "news");
    n1.run(n1.connect(), "PUBLISH", "news", "hello");
    group.settle();
    expect(n2.read(subscriber)).toBe("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
  });
});
