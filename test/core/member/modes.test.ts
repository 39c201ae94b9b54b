/** When a client is answered, in each mode, and when it is refused. */
import { describe, expect, it } from "vitest";
import type { Epoch, SentinelId, StartId } from "../../../src/base/ids.ts";
import { TestGroup } from "./test-group.ts";

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

  it.each([
    { unheardMs: 600, stepMs: 600, refused: false },
    { unheardMs: 600, stepMs: 50, refused: true },
    { unheardMs: 1200, stepMs: 1200, refused: true },
  ])(
    "takes its own standstill for no silence of theirs, below down-after: $unheardMs ms in steps of $stepMs",
    ({ unheardMs, stepMs, refused }) => {
      const group = new TestGroup();
      const n1 = group.reign(1, "n1", ["n2", "n3"]);
      const client = n1.connect();
      group.pass(200);
      expect(n1.ask(client, "SET", "a", "1")).toBe("+OK\r\n");
      group.partition(["n1"]);
      group.pass(unheardMs, stepMs);
      const reply = n1.run(client, "SET", "a", "2");
      if (refused) expect(reply).toMatch(/^-NOREPLICAS /);
      else expect(reply).toBe("");
    },
  );

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

  it("tells the sentinels for how long it has refused writes: every record commits, so nothing else shows it", () => {
    const group = new TestGroup({ mode: "async", copies: 1 });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    group.pass(50);
    expect(n1.member.status().oldestUncommittedMs).toBe(0);
    group.partition(["n1", "n3"]);
    group.pass(3000);
    expect(n1.member.status().oldestUncommittedMs).toBeGreaterThan(2000);
    group.heal();
    group.pass(2000);
    expect(n1.member.status().oldestUncommittedMs).toBe(0);
  });

  it("goes on by acks no longer than the sentinel with the shortest down-after takes it to, whoever pings last", () => {
    const group = new TestGroup({ mode: "async", copies: 1 });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const link = 900;
    const other = { kind: "sentinel", id: "s2" as SentinelId, startId: "s2-start" as StartId } as const;
    n1.step({ type: "linkUp", link, peer: other, dialled: false });
    const ping = {
      type: "ping",
      group: "mymaster",
      seq: 1,
      sawPong: 0,
      sentinels: 3,
      leaseEpoch: 0 as Epoch,
    } as const;
    n1.step({ type: "message", link, message: { ...ping, downAfterMs: 400, stallAfterMs: 800 } });
    group.order(n1, { ...ping, downAfterMs: 4000, stallAfterMs: 8000 });
    const client = n1.connect();
    group.pass(200);
    expect(n1.ask(client, "SET", "a", "1")).toBe("+OK\r\n");
    group.partition(["n1", "n2"]);
    group.pass(250);
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
