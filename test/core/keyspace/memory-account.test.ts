import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { bytesOf } from "../../../src/core/keyspace/memory-account.ts";
import { heapUsed } from "../../heap-used.ts";
import { Harness, replayed } from "../commands/harness.ts";
import { FAMILIES } from "../commands/random-families.ts";

const anyCommand = fc.oneof(...Object.values(FAMILIES));
const commands = fc.array(anyCommand, { minLength: 1, maxLength: 60, size: "max" });

/** A small set keeps its index for a while, and may have come to it by another way. */
const INDEX_DIFFERENCE_BYTES = 16 * 18;

/** What the account comes to when every key is looked at anew. */
function recounted({ keyspace }: Harness): number {
  let bytes = 0;
  for (const database of keyspace.databases) {
    for (const address of database.table.walk()) bytes += bytesOf(database.table, address);
  }
  return bytes;
}

describe("the account of memory", () => {
  it("is the sum over all keys, whatever commands have run, and on a member that replays them", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const harness = new Harness();
        for (const argv of all) {
          harness.execute(argv);
          expect(harness.keyspace.usedBytes).toBe(recounted(harness));
        }
        const replica = replayed(harness);
        expect(replica.keyspace.usedBytes).toBe(recounted(replica));
      }),
      { numRuns: 300 },
    );
  });

  it("says of each value what it says of one that was built anew", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const harness = new Harness();
        for (const argv of all) harness.execute(argv);
        for (const [key, entry] of harness.keyspace.database(0).entries()) {
          // A stream's nodes end elsewhere when it is built anew.
          if (typeof entry.value === "string" || entry.value.type === "stream") continue;
          const rebuilt = new Harness();
          for (const piece of entry.value.rebuild(key)) rebuilt.dispatcher.replay(piece, 0, 1 as Offset);
          const { value } = rebuilt.keyspace.database(0).entryOf(key) ?? {};
          if (value === undefined || typeof value === "string") throw new Error("it was not rebuilt");
          if (value.encoding !== entry.value.encoding) continue;
          expect(Math.abs(value.bytes - entry.value.bytes)).toBeLessThanOrEqual(
            entry.value.encoding === "hashtable" && entry.value.type === "set" ? INDEX_DIFFERENCE_BYTES : 0,
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("leaves nothing out that is kept of a string's form", () => {
    const keys = 20_000;
    const database = new Harness().keyspace.database(0);
    for (let at = 0; at < keys; at += 1) database.set(`key:${at}`, "1.5", 0);
    const before = heapUsed();
    for (let at = 0; at < keys; at += 1) database.noteForm(`key:${at}`, "raw");
    expect((heapUsed() - before) / keys).toBeLessThan(20);
    for (let at = 0; at < keys; at += 1000) expect(database.formOf(`key:${at}`)).toBe("raw");
  });

  it("is empty again when the keys are gone, one by one or all at once, and after a collection has changed databases", () => {
    const harness = new Harness();
    const fill = (): void => {
      for (const command of ["SET a 1 EX 100", "HSET h f v", "RPUSH l 1 2 3", "SADD s x y", "ZADD z 1 m"]) {
        harness.run(command);
      }
    };
    fill();
    for (const command of ["MULTI", "HSET h g w", "MOVE h 1", "RENAME s t", "SADD t z", "EXEC"])
      harness.run(command);
    expect(harness.keyspace.usedBytes).toBe(recounted(harness));
    harness.run("SWAPDB 0 1");
    harness.run("DEL h");
    harness.run("SELECT 1");
    harness.run("DEL a l t z");
    expect(harness.keyspace.usedBytes).toBe(0);
    fill();
    for (const command of ["MULTI", "RPUSH l 4", "FLUSHALL", "RPUSH l 5", "EXEC"]) harness.run(command);
    expect(harness.keyspace.usedBytes).toBe(recounted(harness));
    harness.keyspace.clear();
    expect(harness.keyspace.usedBytes).toBe(0);
    expect(harness.keyspace.peakBytes).toBeGreaterThan(1000);
  });
});
