import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { ExpiryIndex, NO_EXPIRY } from "../../../src/core/keyspace/expiry-index.ts";
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
    expect(harness.keyspace.database(0).expiries.size).toBe(0);
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
        const index = new ExpiryIndex<string>();
        const known = new Map<string, number>();
        const model = new Map<string, number>();
        for (const { key: number, atMs } of steps) {
          const key = `k${number}`;
          const slot = known.get(key);
          if (atMs === null) {
            if (slot !== undefined) index.remove(slot);
            known.delete(key);
            model.delete(key);
          } else {
            if (slot === undefined) known.set(key, index.add(key, atMs));
            else index.change(slot, atMs);
            model.set(key, atMs);
          }
          expect(index.size).toBe(model.size);
        }
        for (const [key, slot] of known) expect(index.atMs(slot)).toBe(model.get(key));
        const order: [string, number][] = [];
        for (let first = index.first(); first !== NO_EXPIRY; first = index.first()) {
          order.push([index.keyOf(first), index.atMs(first)]);
          index.remove(first);
        }
        expect(order.map(([, atMs]) => atMs)).toEqual([...model.values()].sort((one, other) => one - other));
        expect(new Map(order)).toEqual(model);
      }),
    );
  });

  it("is as new once thousands of keys have gone", () => {
    const index = new ExpiryIndex<string>();
    for (let round = 0; round < 2; round += 1) {
      const slots = Array.from({ length: 3000 }, (_, at) => index.add(`k${at}`, 3000 - at));
      for (const [at, slot] of slots.entries()) {
        expect(index.keyOf(slot)).toBe(`k${at}`);
        expect(index.atMs(slot)).toBe(3000 - at);
      }
      expect(index.keyOf(index.first())).toBe("k2999");
      for (const slot of slots) index.remove(slot);
      expect(index.size).toBe(0);
      expect(index.first()).toBe(NO_EXPIRY);
    }
  });

  it("draws each as likely as any other", () => {
    const index = new ExpiryIndex<string>();
    for (let at = 0; at < 10; at += 1) index.add(`k${at}`, at);
    const random = new SeededRandomness(1);
    const drawn = new Map<string | undefined, number>();
    for (let draw = 0; draw < 10_000; draw += 1) {
      const key = index.any(random);
      drawn.set(key, (drawn.get(key) ?? 0) + 1);
    }
    expect(drawn.size).toBe(10);
    for (const times of drawn.values()) expect(Math.abs(times - 1000)).toBeLessThan(200);
    expect(new ExpiryIndex<string>().any(random)).toBeUndefined();
  });
});
