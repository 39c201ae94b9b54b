import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { type Expiry, ExpiryIndex } from "../../../src/core/keyspace/expiry-index.ts";
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
    harness.run("SELECT 0");
    expect(harness.run("PEXPIRETIME d")).toBe(":1700000001000\r\n");
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
    expect(harness.keyspace.database(0).expiring).toBe(0);
  });

  it("expires a key that was refreshed many times when its last time has come", () => {
    const harness = new Harness();
    for (let at = 0; at < 10_000; at += 1) harness.run(`SET a 1 PX ${1000 + at}`);
    expect(harness.run("PTTL a")).toBe(":10999\r\n");
    harness.keyspace.nowMs += 20_000;
    expect(harness.expire(10).effects).toBe("*2\r\n$3\r\nDEL\r\n$1\r\na\r\n");
  });
});

describe("the expiry index", () => {
  /** What happens to one of ten keys: it gets a time, another one, or none. */
  const changes = fc.array(
    fc.record({ key: fc.nat({ max: 9 }), atMs: fc.option(fc.nat({ max: 50 }), { nil: null }) }),
    { maxLength: 100 },
  );

  it("hands out what is left in order of time, whatever was changed and removed", () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const index = new ExpiryIndex();
        const known = new Map<string, Expiry>();
        const model = new Map<string, number>();
        for (const { key: number, atMs } of steps) {
          const key = `k${number}`;
          const expiry = known.get(key);
          if (atMs === null) {
            if (expiry !== undefined) index.remove(expiry);
            known.delete(key);
            model.delete(key);
          } else {
            if (expiry === undefined) known.set(key, index.add(key, atMs));
            else index.change(expiry, atMs);
            model.set(key, atMs);
          }
          expect(index.size).toBe(model.size);
        }
        const order: [string, number][] = [];
        for (let first = index.first(); first !== undefined; first = index.first()) {
          order.push([first.key, first.atMs]);
          index.remove(first);
        }
        expect(order.map(([, atMs]) => atMs)).toEqual([...model.values()].sort((one, other) => one - other));
        expect(new Map(order)).toEqual(model);
      }),
    );
  });

  it("draws each as likely as any other", () => {
    const index = new ExpiryIndex();
    for (let at = 0; at < 10; at += 1) index.add(`k${at}`, at);
    const random = new SeededRandomness(1);
    const drawn = new Map<string | undefined, number>();
    for (let draw = 0; draw < 10_000; draw += 1) {
      const key = index.any(random)?.key;
      drawn.set(key, (drawn.get(key) ?? 0) + 1);
    }
    expect(drawn.size).toBe(10);
    for (const times of drawn.values()) expect(Math.abs(times - 1000)).toBeLessThan(200);
    expect(new ExpiryIndex().any(random)).toBeUndefined();
  });
});
