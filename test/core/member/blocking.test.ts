import { describe, expect, it } from "vitest";
import type { Client } from "../../../src/core/client.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

const UNBLOCKED =
  "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n";

function scene(): { group: TestGroup; n1: TestMember; pusher: Client; popper: Client } {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  return { group, n1, pusher: n1.connect(), popper: n1.connect() };
}

/** The commands of a record's effects, one line each. */
function recordsAfter(member: TestMember, offset: number): string[] {
  const records = [...member.disk.records].filter(([at]) => at > offset);
  return records.map(([, { bytes }]) =>
    bytes
      .toString("latin1")
      .slice(bytes.toString("latin1").indexOf("*"))
      .replace(/[*$]\d+\r\n/g, "")
      .trim()
      .split("\r\n")
      .join(" "),
  );
}

describe("a client blocked on keys", () => {
  it("gets what is pushed, once the record of its pop is committed", () => {
    const { group, n1, pusher, popper } = scene();
    expect(n1.ask(popper, "BLPOP", "a", "b", "0")).toBe("");
    for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
    n1.run(pusher, "RPUSH", "b", "1", "2");
    group.settle();
    expect([n1.read(pusher), n1.read(popper)]).toEqual(["", ""]);
    group.member("n2").releaseDisk();
    group.settle();
    expect([n1.read(pusher), n1.read(popper)]).toEqual([":2\r\n", "*2\r\n$1\r\nb\r\n$1\r\n1\r\n"]);
  });

  it("takes behind the push, as a plain pop", () => {
    const { n1, pusher, popper } = scene();
    n1.run(popper, "BLPOP", "a", "0");
    const before = n1.member.log.tail.lastOffset;
    n1.ask(pusher, "RPUSH", "a", "1", "2");
    expect(recordsAfter(n1, before)).toEqual(["RPUSH a 1 2 LPOP a"]);
  });

  it("is served before any later command, in the order of blocking", () => {
    const { n1, pusher, popper } = scene();
    const others = [n1.connect(), n1.connect()];
    for (const client of [popper, ...others]) n1.run(client, "BRPOP", "a", "0");
    n1.ask(pusher, "RPUSH", "a", "1", "2");
    expect(n1.read(popper)).toBe("*2\r\n$1\r\na\r\n$1\r\n2\r\n");
    expect(others.map((client) => n1.read(client))).toEqual(["*2\r\n$1\r\na\r\n$1\r\n1\r\n", ""]);
    expect(n1.ask(pusher, "EXISTS", "a")).toBe(":0\r\n");
  });

  it("sees nothing of what an EXEC takes back, and gets of several keys the one that was pushed to first", () => {
    const { n1, pusher, popper } = scene();
    n1.run(popper, "BLPOP", "a", "b", "0");
    for (const command of ["MULTI", "LPUSH a 1", "DEL a", "EXEC"]) n1.ask(pusher, ...command.split(" "));
    expect(n1.read(popper)).toBe("");
    for (const command of ["MULTI", "LPUSH b 1", "LPUSH a 2", "EXEC"]) n1.ask(pusher, ...command.split(" "));
    expect(n1.read(popper)).toBe("*2\r\n$1\r\nb\r\n$1\r\n1\r\n");
    expect(n1.ask(pusher, "LLEN", "a")).toBe(":1\r\n");
  });

  it.each(["DEL a", "SET a 1", "EXPIRE a 100"])(
    "takes %s, which gives it nothing, for no sign that this key came first",
    (first) => {
      const { n1, pusher, popper } = scene();
      n1.run(popper, "BLPOP", "b", "a", "0");
      n1.ask(pusher, "SET", "a", "text");
      for (const command of ["MULTI", first, "RPUSH b 1", "DEL a", "RPUSH a 2", "EXEC"]) {
        n1.ask(pusher, ...command.split(" "));
      }
      expect(n1.read(popper)).toBe("*2\r\n$1\r\nb\r\n$1\r\n1\r\n");
    },
  );

  it.each([
    ["RENAME", ["RPUSH x 1", "RENAME x a"]],
    ["COPY", ["RPUSH x 1", "COPY x a"]],
    ["MOVE", ["SELECT 3", "RPUSH a 1", "MOVE a 0"]],
    ["SWAPDB", ["SELECT 3", "RPUSH a 1", "SWAPDB 0 3"]],
    ["LMOVE", ["RPUSH x 1", "LMOVE x a LEFT LEFT"]],
    ["another type that gives way", ["SET a 1", "DEL a", "RPUSH a 1"]],
  ])("is woken by %s", (_name, commands) => {
    const { n1, pusher, popper } = scene();
    n1.run(popper, "BLPOP", "a", "0");
    for (const command of commands.slice(0, -1)) n1.ask(pusher, ...command.split(" "));
    expect(n1.read(popper)).toBe("");
    n1.ask(pusher, ...(commands.at(-1) ?? "").split(" "));
    expect(n1.read(popper)).toBe("*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  });

  it("wakes the next one when its own move is a push", () => {
    const { n1, pusher, popper } = scene();
    const next = n1.connect();
    n1.run(next, "BLPOP", "b", "0");
    n1.run(popper, "BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
    const before = n1.member.log.tail.lastOffset;
    n1.ask(pusher, "RPUSH", "a", "1");
    expect([n1.read(popper), n1.read(next)]).toEqual(["$1\r\n1\r\n", "*2\r\n$1\r\nb\r\n$1\r\n1\r\n"]);
    expect(recordsAfter(n1, before)).toEqual(["RPUSH a 1 LMOVE a b LEFT RIGHT LPOP b"]);
  });

  it("whose target holds something else gets the error, and the element stays", () => {
    const { n1, pusher, popper } = scene();
    n1.run(popper, "BRPOPLPUSH", "a", "b", "0");
    n1.ask(pusher, "SET", "b", "1");
    n1.ask(pusher, "RPUSH", "a", "1");
    expect(n1.read(popper)).toMatch(/^-WRONGTYPE /);
    expect(n1.ask(pusher, "LLEN", "a")).toBe(":1\r\n");
  });

  it("gets nil when its time is up, not earlier, and goes on with what it sent meanwhile", () => {
    const { group, n1, popper } = scene();
    n1.run(popper, "BLPOP", "a", "0.25");
    n1.run(popper, "PING");
    group.pass(240);
    expect(n1.read(popper)).toBe("");
    group.pass(20);
    expect(n1.read(popper)).toBe("*-1\r\n+PONG\r\n");
  });

  it("waits for what made the key empty before it says so", () => {
    const { group, n1, pusher, popper } = scene();
    n1.ask(pusher, "RPUSH", "a", "1");
    for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
    n1.run(pusher, "DEL", "a");
    n1.run(popper, "BLPOP", "a", "0.05");
    group.pass(100);
    expect(n1.read(popper)).toBe("");
    group.member("n2").releaseDisk();
    group.settle();
    expect(n1.read(popper)).toBe("*-1\r\n");
  });

  it("does not block inside MULTI", () => {
    const { n1, popper } = scene();
    n1.ask(popper, "MULTI");
    n1.ask(popper, "BLPOP", "a", "0");
    n1.ask(popper, "BLMOVE", "a", "b", "LEFT", "LEFT", "0");
    expect(n1.ask(popper, "EXEC")).toBe("*2\r\n*-1\r\n$-1\r\n");
    expect(popper.blocked).toBeNull();
  });

  it("that is gone takes nothing", () => {
    const { n1, pusher, popper } = scene();
    n1.run(popper, "BLPOP", "a", "0");
    n1.step({ type: "clientClosed", client: popper });
    n1.ask(pusher, "RPUSH", "a", "1");
    expect(n1.ask(pusher, "LLEN", "a")).toBe(":1\r\n");
  });

  it("may be let go by another one, with nil or with an error", () => {
    const { n1, pusher, popper } = scene();
    const id = String(popper.session.id);
    expect(n1.ask(pusher, "CLIENT", "UNBLOCK", id)).toBe(":0\r\n");
    n1.run(popper, "BLPOP", "a", "0");
    expect(n1.ask(pusher, "CLIENT", "UNBLOCK", id)).toBe(":1\r\n");
    expect(n1.read(popper)).toBe("*-1\r\n");
    n1.run(popper, "BLPOP", "a", "0");
    expect(n1.ask(pusher, "CLIENT", "UNBLOCK", id, "ERROR")).toBe(":1\r\n");
    expect(n1.read(popper)).toBe("-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
  });

  it("that wants no replies gets none, and the next command is answered", () => {
    const { n1, pusher, popper } = scene();
    n1.run(popper, "CLIENT", "REPLY", "SKIP");
    n1.run(popper, "BLPOP", "a", "0");
    n1.ask(pusher, "RPUSH", "a", "1");
    expect(n1.ask(popper, "PING")).toBe("+PONG\r\n");
  });

  it("is refused on a replica", () => {
    const { group } = scene();
    const n2 = group.member("n2");
    const client = n2.connect();
    expect(n2.run(client, "BLPOP", "a", "0")).toMatch(/^-READONLY /);
    expect(n2.run(client, "LPUSH", "a", "1")).toMatch(/^-READONLY /);
  });
});

describe("a master's blocked clients", () => {
  it("are released when it is demoted, with the error that Redis gives", () => {
    const { group, n1, popper } = scene();
    const waiter = n1.connect();
    n1.ask(waiter, "SET", "a", "1");
    n1.run(popper, "BLPOP", "list", "0");
    n1.run(waiter, "WAIT", "5", "0");
    group.reign(2, "n2", ["n1", "n3"]);
    group.pass(20);
    expect([n1.read(popper), n1.read(waiter)]).toEqual([UNBLOCKED, UNBLOCKED]);
    expect(popper.session.blocked).toBe(false);
  });

  it("are kept when it is chosen again in place", () => {
    const { group, n1, pusher, popper } = scene();
    n1.run(popper, "BLPOP", "a", "0");
    group.reign(2, "n1", ["n2", "n3"]);
    n1.ask(pusher, "RPUSH", "a", "1");
    expect(n1.read(popper)).toBe("*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  });

  it("are neither served nor timed out while it is sealed, and released when nobody says what comes next", () => {
    const { group, n1, pusher, popper } = scene();
    n1.run(popper, "BLPOP", "a", "0.1");
    group.seal(n1, 2);
    group.pass(500);
    n1.run(pusher, "RPUSH", "a", "1");
    expect([n1.read(popper), n1.read(pusher)]).toEqual(["", ""]);
    group.pass(1000, 50);
    expect(n1.read(popper)).toBe(UNBLOCKED);
    expect(n1.read(pusher)).toMatch(/^-MASTERDOWN /);
  });

  it("are let go when it is cut off from everybody for long", () => {
    const { group, n1, popper } = scene();
    n1.run(popper, "BLPOP", "a", "0");
    group.partition(["n1"]);
    group.pass(1000, 50);
    expect(n1.read(popper)).toBe("");
    group.pass(1000, 50);
    expect(n1.read(popper)).toBe(UNBLOCKED);
    expect(n1.closedClients.has(popper)).toBe(true);
  });
});
