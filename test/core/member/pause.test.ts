import { describe, expect, it } from "vitest";
import type { Client } from "../../../src/core/client.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

function scene(): { group: TestGroup; n1: TestMember; admin: Client; other: Client } {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  return { group, n1, admin: n1.connect(), other: n1.connect() };
}

describe("CLIENT PAUSE WRITE", () => {
  it("has writes wait, in order, until CLIENT UNPAUSE; the log does not move meanwhile", () => {
    const { group, n1, admin, other } = scene();
    const third = n1.connect();
    expect(n1.ask(admin, "CLIENT", "PAUSE", "60000", "WRITE")).toBe("+OK\r\n");
    const before = n1.member.log.assigned;
    expect(n1.ask(other, "RPUSH", "l", "first")).toBe("");
    expect(n1.ask(third, "RPUSH", "l", "second")).toBe("");
    expect([n1.member.log.assigned, other.session.postponed]).toEqual([before, true]);
    expect(n1.ask(admin, "INFO", "clients")).toContain("blocked_clients:2\r\n");
    n1.ask(admin, "CLIENT", "UNPAUSE");
    group.pass(100);
    expect([n1.read(other), n1.read(third)]).toEqual([":1\r\n", ":2\r\n"]);
    expect(other.session.postponed).toBe(false);
  });

  it("ends by itself at its time, which the core names as its deadline", () => {
    const { group, n1, admin, other } = scene();
    n1.ask(admin, "CLIENT", "PAUSE", "35", "WRITE");
    n1.ask(other, "SET", "k", "1");
    expect(n1.member.deadlineMs()).toBeLessThanOrEqual(group.now.monoMs + 35);
    group.pass(30);
    expect(n1.read(other)).toBe("");
    group.pass(100);
    expect(n1.read(other)).toBe("+OK\r\n");
  });

  it.each([
    ["PUBLISH", ["PUBLISH c m"], ":0\r\n"],
    ["EVAL", ["EVAL return~1 0"], ":1\r\n"],
    ["EXEC of a write", ["MULTI", "SET k 1", "EXEC"], "*1\r\n+OK\r\n"],
    ["EXEC of a script", ["MULTI", "EVAL return~1 0", "EXEC"], "*1\r\n:1\r\n"],
  ])("holds %s as well", (_name, commands, reply) => {
    const { group, n1, admin, other } = scene();
    const send = (command = ""): string =>
      n1.ask(other, ...command.split(" ").map((word) => word.replace("~", " ")));
    for (const command of commands.slice(0, -1)) send(command);
    n1.ask(admin, "CLIENT", "PAUSE", "60000", "WRITE");
    expect(send(commands.at(-1))).toBe("");
    n1.ask(admin, "CLIENT", "UNPAUSE");
    group.pass(100);
    expect(n1.read(other)).toBe(reply);
  });

  it.each([
    ["reads", "GET k", "$-1\r\n"],
    ["what is wrong in its form", "SET k", "-ERR wrong number of arguments for 'set' command\r\n"],
    ["what nobody knows", "NOSUCH", "-ERR unknown command 'NOSUCH', with args beginning with: \r\n"],
    ["read-only scripts", "EVAL #!lua~flags=no-writes\nreturn~1 0", ":1\r\n"],
  ])("lets %s through", (_name, command, reply) => {
    const { n1, admin, other } = scene();
    n1.ask(admin, "CLIENT", "PAUSE", "60000", "WRITE");
    expect(n1.ask(other, ...command.split(" ").map((word) => word.replaceAll("~", " ")))).toBe(reply);
  });

  it("takes effect after the EXEC that asks for it", () => {
    const { n1, admin, other } = scene();
    for (const command of ["MULTI", "SET a 1", "CLIENT PAUSE 60000 WRITE", "SET b 2"]) {
      n1.ask(admin, ...command.split(" "));
    }
    expect(n1.ask(admin, "EXEC")).toBe("*3\r\n+OK\r\n+OK\r\n+OK\r\n");
    expect(n1.ask(other, "SET", "c", "3")).toBe("");
    expect(n1.ask(admin, "GET", "b")).toBe("$1\r\n2\r\n");
  });

  it("lets no key be deleted for its age, though it reads as absent", () => {
    const { group, n1, admin } = scene();
    n1.ask(admin, "SET", "k", "1", "PX", "50");
    n1.ask(admin, "CLIENT", "PAUSE", "60000", "WRITE");
    const before = n1.member.log.assigned;
    group.pass(300);
    expect(n1.ask(admin, "GET", "k")).toBe("$-1\r\n");
    expect(n1.member.log.assigned).toBe(before);
    n1.ask(admin, "CLIENT", "UNPAUSE");
    group.pass(100);
    expect(n1.member.log.assigned).toBe(before + 1);
    expect(n1.ask(admin, "DBSIZE")).toBe(":0\r\n");
  });

  it("answers at once with what would be refused anyway", () => {
    const { group, n1 } = scene();
    const n2 = group.member("n2");
    const [admin, other] = [n2.connect(), n2.connect()];
    n2.ask(admin, "CLIENT", "PAUSE", "60000", "WRITE");
    expect(n2.ask(other, "SET", "k", "1")).toMatch(/^-READONLY /);
    expect(n1.ask(n1.connect(), "SET", "k", "1")).toBe("+OK\r\n");
  });

  it("does not keep a member from being replaced, nor its clients from being closed", () => {
    const { group, n1, admin, other } = scene();
    n1.ask(admin, "CLIENT", "PAUSE", "60000", "WRITE");
    n1.ask(other, "SET", "k", "1");
    const n2 = group.reign(2, "n2", ["n1", "n3"]);
    expect(n2.ask(n2.connect(), "SET", "k", "2")).toBe("+OK\r\n");
    group.order(n1, { type: "published", group: "mymaster", epoch: 2 as never });
    group.pass(50);
    expect(n1.closedClients).toContain(other);
    expect(n1.read(other)).toBe("");
  });
});

describe("CLIENT PAUSE", () => {
  it("holds everything of everybody, CLIENT UNPAUSE too, but for clients in MONITOR", () => {
    const { group, n1, admin, other } = scene();
    const monitor = n1.connect();
    n1.ask(monitor, "MONITOR");
    n1.ask(admin, "CLIENT", "PAUSE", "100");
    expect([n1.ask(other, "PING"), n1.ask(admin, "CLIENT", "UNPAUSE")]).toEqual(["", ""]);
    expect(n1.ask(monitor, "PING")).toContain("+PONG\r\n");
    group.pass(150);
    expect([n1.read(other), n1.read(admin)]).toEqual(["+PONG\r\n", "+OK\r\n"]);
  });

  it("is made neither shorter nor milder by a second one", () => {
    const { group, n1, admin, other } = scene();
    const monitor = n1.connect();
    n1.ask(monitor, "MONITOR");
    n1.ask(admin, "CLIENT", "PAUSE", "200", "ALL");
    n1.ask(monitor, "CLIENT", "PAUSE", "50", "WRITE");
    n1.ask(other, "PING");
    group.pass(150);
    expect(n1.read(other)).toBe("");
    group.pass(100);
    expect(n1.read(other)).toBe("+PONG\r\n");
  });

  it("forgets who has gone", () => {
    const { group, n1, admin, other } = scene();
    n1.ask(admin, "CLIENT", "PAUSE", "50", "WRITE");
    n1.ask(other, "SET", "k", "1");
    n1.step({ type: "clientClosed", client: other });
    group.pass(100);
    expect(n1.ask(admin, "EXISTS", "k")).toBe(":0\r\n");
  });
});

describe("an idle client", () => {
  it("is closed after CONFIG's timeout, unless it waits or listens", () => {
    const { group, n1, admin, other } = scene();
    const [blocked, listener, monitor] = [n1.connect(), n1.connect(), n1.connect()];
    n1.ask(blocked, "BLPOP", "l", "0");
    n1.ask(listener, "SUBSCRIBE", "c");
    n1.ask(monitor, "MONITOR");
    n1.member.desk.idle.timeoutMs = 2000;
    for (let second = 0; second < 4; second += 1) {
      group.pass(1000, 100);
      n1.ask(admin, "PING");
    }
    expect([...n1.closedClients]).toEqual([other]);
  });
});

describe("SAVE", () => {
  it("is answered once a snapshot stands that holds what was there, while others are served", () => {
    const { group, n1, admin, other } = scene();
    n1.ask(other, "SET", "k", "1");
    const offset = n1.member.log.assigned;
    expect(n1.run(admin, "SAVE")).toBe("");
    expect(n1.ask(other, "SET", "k", "2")).toBe("+OK\r\n");
    group.pass(500);
    expect(n1.read(admin)).toBe("+OK\r\n");
    expect(n1.member.desk.snapshotOffset).toBeGreaterThanOrEqual(offset);
    n1.ask(other, "GET", "k");
    const before = n1.member.desk.snapshotOffset;
    n1.ask(other, "SET", "k", "3");
    expect(n1.ask(admin, "SAVE")).toBe("");
    group.pass(500);
    expect(n1.read(admin)).toBe("+OK\r\n");
    expect(n1.member.desk.snapshotOffset).toBeGreaterThan(before);
    // What it holds needs no other.
    expect(n1.ask(admin, "SAVE")).toBe("+OK\r\n");
  });

  it("is answered with an error when the snapshot can't be written", () => {
    const { n1, admin } = scene();
    n1.ask(admin, "SET", "k", "1");
    n1.ask(admin, "SAVE");
    n1.step({ type: "snapshotFailed", kind: "own" });
    n1.flush();
    expect(n1.read(admin)).toBe("-ERR the snapshot could not be written\r\n");
  });
});
