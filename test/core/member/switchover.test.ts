import { describe, expect, it } from "vitest";
import type { Epoch, MemberId } from "../../../src/base/ids.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

/** As a sentinel does that is asked to make n2 the master. */
function prepareHandover(group: TestGroup, master: TestMember, timeoutMs: number): void {
  group.order(master, {
    type: "prepareHandover",
    group: "mymaster",
    epoch: 1 as Epoch,
    target: "n2" as MemberId,
    timeoutMs,
  });
}

describe("a switchover", () => {
  it("holds commands until the target has everything, then refuses them unexecuted", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    n1.run(client, "SET", "a", "1");
    group.settle();
    n1.read(client);
    prepareHandover(group, n1, 5000);
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

  it("a client that a late sentinel sent to the old master is closed once that sentinel has published too, a reader is not", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const published = { type: "published", group: "mymaster", epoch: 2 as Epoch } as const;
    group.reign(2, "n2", ["n1", "n3"]);
    group.order(n1, published);
    const [writer, reader] = [n1.connect(), n1.connect()];
    expect(n1.run(writer, "SET", "a", "1")).toMatch(/^-READONLY /);
    n1.run(reader, "GET", "a");
    expect(writer.closing).toBe(false);
    group.order(n1, published);
    expect([writer.closing, reader.closing]).toEqual([true, false]);
  });

  it("serves clients while the target lags, and holds them once it has caught up quickly", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    const n2 = group.member("n2");
    n2.diskIsSlow = true;
    n1.run(client, "SET", "a", "1");
    group.pass(20);
    expect(n1.read(client)).toBe("+OK\r\n");
    prepareHandover(group, n1, 5000);
    group.pass(1000);
    n1.run(client, "SET", "a", "2");
    group.pass(20);
    expect(n1.read(client)).toBe("+OK\r\n");
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: false });
    n2.releaseDisk();
    n2.diskIsSlow = false;
    group.pass(20);
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: true });
    expect(n1.run(client, "SET", "a", "3")).toBe("");
  });

  it("serves clients while the target has yet to replay its log", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    for (let batch = 0; batch < 11; batch++) {
      n1.runAll(
        client,
        Array.from({ length: 100 }, (_, i) => ["SET", `k${i}`, "v".repeat(4096)]),
      );
      group.settle();
    }
    n1.read(client);
    const n2 = group.member("n2");
    n2.readsLeft = 0;
    group.restart(n2);
    group.order(n2, { type: "standing", record: group.record(1, "n1") });
    group.pass(500);
    expect(n2.member.status()).toMatchObject({ position: n1.member.status().position, applied: 0 });
    prepareHandover(group, n1, 5000);
    group.pass(1000);
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: false });
    expect(n1.ask(client, "SET", "a", "1")).toBe("+OK\r\n");
    n2.releaseDisk();
    group.pass(500);
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: true });
  });

  it("confirms what was executed before it, and is ready only then", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    for (const id of ["n2", "n3"]) group.member(id).diskIsSlow = true;
    const client = n1.connect();
    expect(n1.ask(client, "SET", "a", "1")).toBe("");
    prepareHandover(group, n1, 5000);
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: false });
    for (const id of ["n2", "n3"]) group.member(id).releaseDisk();
    group.settle();
    expect(n1.read(client)).toBe("+OK\r\n");
    expect(n1.member.status().handover).toEqual({ target: "n2", ready: true });
  });

  it("resumes by itself when nobody seals it in time", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    prepareHandover(group, n1, 500);
    const client = n1.connect();
    expect(n1.run(client, "SET", "a", "1")).toBe("");
    group.pass(700, 50);
    expect(n1.read(client)).toBe("+OK\r\n");
  });
});
