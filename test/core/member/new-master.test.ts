/** What becomes of logs, keyspaces, clients and replies when the master changes, or is chosen again. */
import { describe, expect, it } from "vitest";
import { TestGroup } from "./test-group.ts";

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
