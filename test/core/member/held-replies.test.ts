/** What clients hear whose commands or replies must wait, when the wait ends badly. */
import { describe, expect, it } from "vitest";
import type { Client } from "../../../src/core/client.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

/** A master whose replicas don't answer: nothing that is written is confirmed. */
function withoutAcks(): { group: TestGroup; n1: TestMember } {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
  return { group, n1 };
}

it("an EXEC that is refused while it is on hold takes its transaction with it", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  group.seal(n1, 2);
  n1.run(client, "MULTI");
  n1.run(client, "SET", "a", "1");
  n1.run(client, "EXEC");
  group.pass(3000);
  expect(n1.read(client)).toMatch(/^-EXECABORT .*MASTERDOWN/);
  expect(n1.run(client, "PING")).toBe("+PONG\r\n");
});

it("a reply that only waits for its turn stays what it is when those before it fail", () => {
  const { group, n1 } = withoutAcks();
  const client = n1.connect();
  n1.run(client, "SET", "a", "1");
  n1.run(client, "SELECT", "1");
  n1.run(client, "SUBSCRIBE", "news");
  group.pass(3000);
  expect(n1.read(client)).toMatch(/^-UNCERTAIN [^\r]*\r\n\+OK\r\n\*3\r\n\$9\r\nsubscribe\r\n/);
});

it("a write that took longer than replies may wait has its copies waited for all the same", () => {
  const { group, n1 } = withoutAcks();
  const client = n1.connect();
  n1.run(client, "SET", "a", "1");
  // The command's own time: the clock is read once it has run.
  group.pass(1500, 1500);
  group.pass(500, 100);
  expect(n1.read(client)).toBe("");
  for (const id of ["n2", "n3"]) group.member(id).releaseDisk();
  group.pass(100);
  expect(n1.read(client)).toBe("+OK\r\n");
});

it("a message comes behind the replies that the subscriber still waits for", () => {
  const { group, n1 } = withoutAcks();
  const client = n1.connect();
  n1.run(client, "SET", "a", "1");
  n1.run(client, "SUBSCRIBE", "news");
  n1.run(n1.connect(), "PUBLISH", "news", "hello");
  group.pass(20);
  expect(n1.read(client)).toBe("");
  for (const id of ["n2", "n3"]) group.member(id).releaseDisk();
  group.pass(100);
  expect(n1.read(client)).toMatch(/^\+OK\r\n\*3\r\n\$9\r\nsubscribe\r\n.*\*3\r\n\$7\r\nmessage\r\n/s);
});

describe("a client of whom megabytes of replies are held", () => {
  const MEGABYTE = 1024 * 1024;
  const value = "x".repeat(MEGABYTE);
  const reply = `$${MEGABYTE}\r\n${value}\r\n`;

  /** Behind a write that is not confirmed, it has asked for more than is held for one client. */
  function backedUp(): { group: TestGroup; n1: TestMember; client: Client; ran: number } {
    const { group, n1 } = withoutAcks();
    const client = n1.connect();
    const gets = Array.from({ length: 50 }, () => ["GET", "big"]);
    const ran = n1.runWhileItMay(client, [["SET", "big", value], ...gets]);
    return { group, n1, client, ran };
  }

  it("has no more of its commands run until they are out", () => {
    const { group, n1, client, ran } = backedUp();
    expect(ran).toBeGreaterThan(2);
    expect(client.heldBytes).toBeGreaterThan(4 * MEGABYTE);
    expect(client.heldBytes).toBeLessThan(6 * MEGABYTE);
    expect([n1.read(client), [...n1.resumedClients]]).toEqual(["", []]);
    for (const id of ["n2", "n3"]) group.member(id).releaseDisk();
    group.pass(100);
    expect([...n1.resumedClients]).toEqual([client]);
    expect(n1.read(client) === `+OK\r\n${reply.repeat(ran - 1)}`).toBe(true);
    expect(client.heldBytes).toBe(0);
    expect(n1.runWhileItMay(client, [["GET", "big"], ["PING"]])).toBe(2);
  });

  it("goes on as well when they have failed", () => {
    const { group, n1, client } = backedUp();
    group.pass(3000);
    expect([...n1.resumedClients]).toEqual([client]);
    expect(n1.read(client)).toMatch(/^-UNCERTAIN /);
    expect(n1.run(client, "PING")).toBe("+PONG\r\n");
  });

  it("has what it is given all the same run when they are out", () => {
    const { group, n1, client } = backedUp();
    expect(n1.run(client, "PING")).toBe("");
    expect(client.pending).toEqual(["PING"]);
    for (const id of ["n2", "n3"]) group.member(id).releaseDisk();
    group.pass(100);
    expect(n1.read(client).endsWith(`${reply}+PONG\r\n`)).toBe(true);
  });
});
