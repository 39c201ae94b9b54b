import { describe, expect, it } from "vitest";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

const KEYS = 12_500;

/** A master with many keys whose time has come all at once. */
function scene(): { group: TestGroup; n1: TestMember } {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  for (let at = 0; at < KEYS; at += 1) n1.run(client, "SET", `k${at}`, "v", "PX", "500");
  n1.flush();
  group.settle();
  for (let waited = 0; waited < 500; waited += 100) group.pass(100, 100);
  expect(n1.keyspace.expired).toBe(0);
  return { group, n1 };
}

function firstSlice(group: TestGroup, member: TestMember): void {
  while (member.keyspace.expired === 0) group.pass(1, 1);
}

/** Time passes, and nobody is served. */
function advance(group: TestGroup, ms: number): void {
  group.now = { monoMs: group.now.monoMs + ms, wallMs: group.now.wallMs + ms };
}

describe("keys that expire together", () => {
  it("go in slices, a few milliseconds apart, until the master has caught up", () => {
    const { group, n1 } = scene();
    const client = n1.connect();
    firstSlice(group, n1);
    expect(n1.keyspace.expired).toBe(1000);
    expect(n1.member.deadlineMs()).toBe(group.now.monoMs + 4);
    group.pass(3, 1);
    expect(n1.keyspace.expired).toBe(1000);
    // Commands are taken meanwhile, and put nothing off.
    expect(n1.ask(client, "SET", "new", "v")).toBe("+OK\r\n");
    group.pass(1, 1);
    expect(n1.keyspace.expired).toBe(2000);
    group.pass(44, 1);
    expect(n1.keyspace.expired).toBe(KEYS);
    group.pass(100);
    expect(new Set(group.members.map(({ keyspace }) => keyspace.digest())).size).toBe(1);
  });

  it("leave the others their time where a slice takes long, counted from its end", () => {
    const { group, n1 } = scene();
    while (n1.keyspace.expired === 0) {
      advance(group, 1);
      n1.step({ type: "tick" });
    }
    advance(group, 20);
    n1.flush();
    expect(n1.member.deadlineMs()).toBeGreaterThan(group.now.monoMs);
    const sliceEndMs = group.now.monoMs;
    while (n1.keyspace.expired === 1000) {
      advance(group, 1);
      n1.step({ type: "tick" });
    }
    expect(group.now.monoMs - sliceEndMs).toBe(60);
    expect(n1.keyspace.expired).toBe(1100);
  });

  it("wait without waking the master up while it may not write", () => {
    const { group, n1 } = scene();
    const client = n1.connect();
    firstSlice(group, n1);
    n1.ask(client, "CLIENT", "PAUSE", "300", "WRITE");
    group.pass(10, 1);
    expect(n1.keyspace.expired).toBe(1000);
    expect(n1.member.deadlineMs()).toBeGreaterThan(group.now.monoMs + 1);
    group.pass(600, 1);
    expect(n1.keyspace.expired).toBe(KEYS);
  });

  it("wake nobody up where the master is none any more", () => {
    const { group, n1 } = scene();
    firstSlice(group, n1);
    group.reign(2, "n2", ["n1", "n3"]);
    group.pass(20, 1);
    expect(n1.member.deadlineMs()).toBeGreaterThan(group.now.monoMs + 1);
  });
});

it("expiry is decided by the master and replicated as DEL", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  n1.run(n1.connect(), "SET", "a", "1", "PX", "50");
  group.pass(400, 50);
  for (const member of group.members) expect(member.keyspace.database(0).size).toBe(0);
  expect(group.member("n2").keyspace.digest()).toBe(n1.keyspace.digest());
});
