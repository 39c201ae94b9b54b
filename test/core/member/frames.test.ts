/** When records go to which replica: at once to those that replies wait for, to the others a little later with what came meanwhile. */
import { describe, expect, it } from "vitest";
import type { Epoch, MemberId, Millis } from "../../../src/base/ids.ts";
import type { Client } from "../../../src/core/client.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { NodeMessage, Records } from "../../../src/protocol/peer/node-messages.ts";
import { type GroupOptions, TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

class WatchedGroup extends TestGroup {
  readonly frames: Records[] = [];
  /** Those without records. */
  readonly empty: Records[] = [];
  /** How often each replica has acknowledged. */
  readonly acks = new Map<string, number>();

  override send(from: TestMember, link: LinkId, message: NodeMessage): void {
    if (message.type === "records") (message.bytes.length > 0 ? this.frames : this.empty).push(message);
    if (message.type === "ack") this.acks.set(from.id, (this.acks.get(from.id) ?? 0) + 1);
    super.send(from, link, message);
  }

  /** Time goes on, and nobody has noticed yet. */
  advance(ms: number): void {
    this.now = { monoMs: this.now.monoMs + ms, wallMs: this.now.wallMs + ms };
  }

  /** Which of the two replicas hold the master's whole log. */
  upToDate(master: TestMember): string[] {
    const last = master.member.log.tail.lastOffset;
    return this.members
      .filter((member) => member !== master && member.member.log.tail.lastOffset === last)
      .map(({ id }) => id);
  }
}

/** A master whose memory holds its newest record alone, and n2, which is many behind that. */
function withLaggard(options: GroupOptions): {
  group: WatchedGroup;
  n1: TestMember;
  n2: TestMember;
  client: Client;
} {
  const group = new WatchedGroup(options);
  const others = group.members.slice(1).map(({ id }) => id);
  const n1 = group.reign(1, "n1", others);
  const n2 = group.member("n2");
  n1.member.log.tail.bytesMax = 1;
  group.partition(["n2"]);
  const client = n1.connect();
  for (let i = 0; i < 20; i++) {
    n1.run(client, "SET", `k${i}`, "v");
    group.pass(5, 1);
  }
  n1.read(client);
  expect(n1.member.log.tail.firstInMemory).toBeGreaterThan(n2.member.log.tail.lastOffset + 1);
  // The first ones begin its sync; then it is a replica that is read for.
  n1.readsLeft = 3;
  group.restart(n2);
  group.order(n2, { type: "standing", record: group.record(1, "n1") });
  group.pass(200);
  group.frames.length = 0;
  return { group, n1, n2, client };
}

describe("a replica that is behind", () => {
  it("gets what is not in memory from disk, in order and once, though writes go on meanwhile", () => {
    const { group, n1, n2, client } = withLaggard({ members: 2, mode: "async", copies: 1 });
    for (const value of ["1", "2", "3"]) {
      n1.run(client, "SET", "late", value);
      group.pass(10, 1);
    }
    expect(group.frames).toEqual([]);
    expect(n1.heldInputs.length).toBe(1);
    n1.releaseDisk();
    group.pass(50, 1);
    expect(group.upToDate(n1)).toEqual(["n2"]);
    const behind = group.frames.map(({ previous }) => previous.offset);
    expect(behind).toEqual([...new Set(behind)].sort((a, b) => a - b));
    expect(n2.disk.snapshot).toBeNull();
    expect(n2.keyspace.digest()).toBe(n1.keyspace.digest());
  });

  it("is not the one that writes wait for", () => {
    const { n1, n2, client } = withLaggard({});
    for (const value of ["1", "2"]) expect(n1.ask(client, "SET", "late", value)).toBe("+OK\r\n");
    expect(n2.member.log.tail.lastOffset).toBeLessThan(n1.member.log.committed);
  });

  it("is sent no more than 8 MB ahead of its acks, and the rest when they come", () => {
    const group = new WatchedGroup({ mode: "async", copies: 1 });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const n2 = group.member("n2");
    n2.diskIsSlow = true;
    const client = n1.connect();
    const before = n2.member.log.tail.lastOffset;
    for (let i = 0; i < 12; i++) {
      n1.run(client, "SET", `k${i}`, "v".repeat(1024 * 1024));
      group.pass(5, 1);
    }
    expect(n2.member.log.tail.lastOffset - before).toBe(8);
    expect(group.upToDate(n1)).toEqual(["n3"]);
    n2.releaseDisk();
    group.pass(50, 1);
    expect(group.upToDate(n1)).toEqual(["n2", "n3"]);
  });
});

describe("in async", () => {
  it("sends the records of several turns as one frame, though acks of earlier ones come in between", () => {
    const group = new WatchedGroup({ mode: "async", copies: 1 });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    group.pass(200);
    group.frames.length = 0;
    group.advance(5);
    n1.run(client, "SET", "a", "1");
    expect(group.frames.length).toBe(2);
    for (const value of ["2", "3"]) n1.run(client, "SET", "a", value);
    // The acks of the first frame arrive.
    group.settle();
    expect(group.frames.length).toBe(2);
    group.pass(5, 1);
    expect(group.frames.length).toBe(4);
    // One message for both replicas, so that it is encoded once.
    expect(group.frames[2]).toBe(group.frames[3]);
    expect(group.upToDate(n1)).toEqual(["n2", "n3"]);
  });
});

describe("acks in async, for which no reply waits", () => {
  function asyncGroup(): { group: WatchedGroup; n1: TestMember; client: Client } {
    const group = new WatchedGroup({ mode: "async", copies: 1 });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    group.pass(200);
    group.frames.length = 0;
    return { group, n1, client: n1.connect() };
  }

  /** The sizes of the values of a client that writes one each 2 ms. */
  function write(group: WatchedGroup, n1: TestMember, client: Client, sizes: readonly number[]): void {
    for (const size of sizes) {
      n1.run(client, "SET", "a", "v".repeat(size));
      group.pass(2, 1);
      expect(n1.read(client)).toBe("+OK\r\n");
    }
  }

  it("are asked for once in 10 ms, and tell of all that came before", () => {
    const { group, n1, client } = asyncGroup();
    write(group, n1, client, Array(40).fill(1));
    const asked = group.frames.filter(({ wantsAck }) => wantsAck).length;
    expect(group.frames.length).toBe(80);
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(20);
    expect(group.acks.get("n2")).toBeLessThan(20);
    group.pass(100);
    const { lastOffset } = n1.member.log.tail;
    expect(n1.member.view.replicas().map(({ received }) => received)).toEqual([lastOffset, lastOffset]);
  });

  it("are asked for by each MB, however soon", () => {
    const { group, n1, client } = asyncGroup();
    write(group, n1, client, [1]);
    group.frames.length = 0;
    write(group, n1, client, [600_000, 600_000]);
    expect(group.frames.map(({ wantsAck }) => wantsAck)).toEqual([false, false, true, true]);
  });

  it("come at once for a WAIT and for a switchover", () => {
    const { group, n1, client } = asyncGroup();
    write(group, n1, client, [1, 1]);
    expect(n1.ask(client, "WAIT", "2", "0")).toBe(":2\r\n");
    write(group, n1, client, [1, 1]);
    const { lastOffset } = n1.member.log.tail;
    expect(n1.member.view.replicas().map(({ received }) => received)).not.toContain(lastOffset);
    group.order(n1, {
      type: "prepareHandover",
      group: "g",
      epoch: 1 as Epoch,
      target: "n2" as MemberId,
      timeoutMs: 1000 as Millis,
    });
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: true });
  });
});

describe("in semi-sync", () => {
  it("every frame asks for an ack", () => {
    const group = new WatchedGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    for (const value of ["1", "2", "3"]) n1.ask(client, "SET", "a", value);
    group.pass(20, 1);
    expect(group.frames.every(({ wantsAck }) => wantsAck)).toBe(true);
  });

  it("sends each turn's records to one replica at once, and to the other those of several turns as one frame", () => {
    const group = new WatchedGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    n1.ask(client, "SET", "a", "0");
    group.frames.length = 0;
    for (const value of ["1", "2", "3"]) {
      expect(n1.ask(client, "SET", "a", value)).toBe("+OK\r\n");
    }
    expect(group.frames.length).toBe(3);
    expect(group.upToDate(n1)).toEqual(["n2"]);
    group.pass(2, 1);
    expect(group.frames.length).toBe(4);
    expect(group.upToDate(n1)).toEqual(["n2", "n3"]);
  });

  it("a replica that is late holds a write up only until the other gets it, and the next one not at all", () => {
    const group = new WatchedGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    for (const value of ["1", "2"]) n1.ask(client, "SET", "a", value);
    const [awaited] = group.upToDate(n1) as [string];
    group.member(awaited).diskIsSlow = true;
    expect(n1.ask(client, "SET", "a", "3")).toBe("");
    group.pass(2, 1);
    expect(n1.read(client)).toBe("+OK\r\n");
    expect(n1.ask(client, "SET", "a", "4")).toBe("+OK\r\n");
    expect(group.member(awaited).member.log.persisted).toBeLessThan(n1.member.log.committed);
  });

  it("waits for the replica that answers sooner, once it has seen which that is", () => {
    const group = new WatchedGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    const n2 = group.member("n2");
    for (const value of ["1", "2"]) {
      n2.diskIsSlow = true;
      n1.run(client, "SET", "a", value);
      group.pass(10, 1);
      n2.releaseDisk();
      group.settle();
    }
    group.pass(20);
    n1.read(client);
    for (const value of ["3", "4"]) expect(n1.ask(client, "SET", "a", value)).toBe("+OK\r\n");
    expect(group.upToDate(n1)).toEqual(["n3"]);
  });

  it("WAIT for more replicas than a write needs does not wait for the others' next frame", () => {
    const group = new WatchedGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    n1.ask(client, "SET", "a", "0");
    n1.ask(client, "SET", "a", "1");
    expect(group.upToDate(n1)).toEqual(["n2"]);
    expect(n1.ask(client, "WAIT", "2", "0")).toBe(":2\r\n");
  });
});

it("in sync, one replica applies a write at once, and the other gets it a little later", () => {
  const group = new WatchedGroup({ mode: "sync" });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  n1.ask(client, "SET", "a", "0");
  expect(n1.ask(client, "SET", "a", "1")).toBe("+OK\r\n");
  expect(group.member("n2").member.log.applied).toBe(n1.member.log.applied);
  expect(group.upToDate(n1)).toEqual(["n2"]);
  group.pass(10, 1);
  expect(group.member("n3").member.log.applied).toBe(n1.member.log.applied);
});

it("in sync, who holds a write hears of its commit at once, though the other one acknowledges sooner by now", () => {
  const group = new WatchedGroup({ mode: "sync" });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const replicas = [group.member("n2"), group.member("n3")];
  const client = n1.connect();
  n1.ask(client, "SET", "a", "0");
  for (const replica of replicas) replica.diskIsSlow = true;
  n1.run(client, "SET", "a", "1");
  group.settle();
  const holders = group.upToDate(n1);
  expect(holders.length).toBe(1);
  group.advance(1);
  for (const replica of replicas) replica.releaseDisk();
  group.settle();
  expect(n1.read(client)).toBe("+OK\r\n");
  expect(group.upToDate(n1)).toEqual(holders);
});

it("tells nobody by an empty frame of a commit that records have told of, and the others within 5 ms", () => {
  const group = new WatchedGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  group.pass(50, 1);
  group.empty.length = 0;
  for (const value of ["1", "2", "3", "4"]) {
    n1.ask(client, "SET", "a", value);
    group.pass(2, 1);
  }
  expect(group.empty).toEqual([]);
  const { committed } = n1.member.log;
  group.pass(5, 1);
  for (const id of ["n2", "n3"]) expect(group.member(id).member.log.committed).toBe(committed);
  expect(group.empty.length).toBe(2);
});

it("has no time to wake up for when everybody has everything", () => {
  const group = new WatchedGroup({ copies: 3 });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  group.pass(50, 1);
  n1.ask(n1.connect(), "SET", "a", "1");
  expect(n1.member.deadlineMs() - group.now.monoMs).toBeGreaterThan(2);
});

it("with as many copies as members, every replica gets each turn's records at once", () => {
  const group = new WatchedGroup({ copies: 3 });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  for (const value of ["0", "1"]) {
    expect(n1.ask(client, "SET", "a", value)).toBe("+OK\r\n");
  }
  expect(group.upToDate(n1)).toEqual(["n2", "n3"]);
});
