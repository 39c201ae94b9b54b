import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExpiryIndex } from "../../../src/core/keyspace/expiry-index.ts";
import { Harness } from "../commands/harness.ts";

describe("expiry in the background", () => {
  it("deletes no more keys than its budget, in order of time, in all databases", () => {
    const harness = new Harness();
    for (const command of [
      "SET a 1 PX 30",
      "SET b 1 PX 10",
      "SET c 1 PX 20",
      "SET d 1 PX 1000",
      "SELECT 9",
      "SET e 1 PX 5",
    ]) {
      harness.run(command);
    }
    harness.keyspace.nowMs += 100;
    expect(harness.expire(2).effects).toBe("*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n*2\r\n$3\r\nDEL\r\n$1\r\nc\r\n");
    expect(harness.expire(10).effects).toContain("e");
    expect(harness.expire(10).effects).toBe("");
    expect(harness.keyspace.database(0).size).toBe(1);
    expect(harness.keyspace.nextExpiryMs()).toBe(1_700_000_001_000);
  });

  it("does nothing where keys may not expire, nor when DEBUG turned it off", () => {
    const harness = new Harness();
    harness.run("SET a 1 PX 5");
    harness.keyspace.nowMs += 10;
    harness.keyspace.mayExpire = false;
    expect(harness.expire(10).effects).toBe("");
    harness.keyspace.mayExpire = true;
    harness.run("DEBUG SET-ACTIVE-EXPIRE 0");
    expect(harness.expire(10).effects).toBe("");
    harness.run("DEBUG SET-ACTIVE-EXPIRE 1");
    expect(harness.expire(10).effects).not.toBe("");
  });

  it("leaves alone what was refreshed, persisted, deleted or flushed", () => {
    const harness = new Harness();
    for (const key of ["a", "b", "c", "d"]) harness.run(`SET ${key} 1 PX 5`);
    for (const command of ["PEXPIRE a 1000", "PERSIST b", "DEL c", "SET d 1"]) harness.run(command);
    harness.keyspace.nowMs += 10;
    expect(harness.expire(10).effects).toBe("");
    harness.run("FLUSHALL");
    expect(harness.keyspace.nextExpiryMs()).toBeUndefined();
  });

  it("costs bounded memory for a key that is refreshed for ever", () => {
    const harness = new Harness();
    for (let at = 0; at < 10_000; at += 1) harness.run(`SET a 1 PX ${1000 + at}`);
    harness.keyspace.nowMs += 20_000;
    expect(harness.expire(10).effects).toBe("*2\r\n$3\r\nDEL\r\n$1\r\na\r\n");
    const index = new ExpiryIndex();
    for (let at = 0; at < 3000; at += 1) index.add(at, "a");
    expect(index.isBloated(1)).toBe(true);
    index.rebuild([{ atMs: 3000, key: "a" }]);
    expect(index.size).toBe(1);
  });
});

describe("the expiry index", () => {
  it("hands out hints in order of time", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 })), (times) => {
        const index = new ExpiryIndex();
        for (const time of times) index.add(time, `k${time}`);
        const order: number[] = [];
        for (let hint = index.first(); hint !== undefined; hint = index.first()) {
          order.push(hint.atMs);
          index.removeFirst();
        }
        expect(order).toEqual(times.toSorted((one, other) => one - other));
      }),
    );
  });
});
