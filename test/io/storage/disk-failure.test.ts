import fs from "node:fs";
import { describe, expect, it } from "vitest";
import {
  append,
  BreakableCalls,
  damage,
  deferred,
  errno,
  logFiles,
  names,
  openDisk,
  replayed,
  temporaryDirectory,
} from "./storage-kit.ts";

describe("a write or sync error", () => {
  it("stops the storage, and ends the incarnation even if that can't be written down", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const first = await openDisk(directory, { appendfsync: "always", calls });
    append(first.storage, 1, 1);
    await first.events.persistedUpTo(1);
    calls.syncError = errno("EIO");
    append(first.storage, 2, 2);
    await first.events.until(() => first.events.error !== null);
    calls.syncError = null;
    expect(first.events.seen).toEqual(["failed"]);
    expect(first.events.error).toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringContaining(directory),
    });
    append(first.storage, 3, 3);
    expect(first.events.persistedOffsets).toEqual([1]);
    first.storage.crash();
    expect((await openDisk(directory)).recovered.incarnation).not.toBe(first.recovered.incarnation);
  });

  it("is remembered: the next start is a new incarnation that is not doubtful for a reboot", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const first = await openDisk(directory, { appendfsync: "always", calls });
    calls.fdatasync = async () => {
      throw errno("EIO");
    };
    append(first.storage, 1, 1);
    await first.events.until(() => first.events.error !== null);
    // No clean stop any more, and it says so.
    await expect(first.storage.close()).rejects.toMatchObject({ code: "STORAGE_FAILED" });

    const { recovered } = await openDisk(directory);
    expect(recovered.incarnation).not.toBe(first.recovered.incarnation);
    expect(recovered.incarnationIsNew).toContain("EIO");
    expect(recovered.doubts).toEqual([]);
  });

  it("of the state ends what was under way for the log, too", async () => {
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(temporaryDirectory(), { appendfsync: "always", calls });
    const gate = deferred();
    calls.gate = gate.promise;
    append(storage, 1, 1);
    calls.write = async () => {
      throw errno("EIO");
    };
    await expect(storage.saveState(Buffer.from("a promise"))).rejects.toThrow("EIO");
    calls.gate = null;
    gate.resolve();
    await events.until(() => events.error !== null);
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(events.persistedOffsets).toEqual([]);
  });

  it("leaves a log that is trusted no further than it was synced", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(directory, { appendfsync: "always", calls });
    append(storage, 1, 4);
    await events.persistedUpTo(4);
    calls.fdatasync = async () => {
      throw errno("EIO");
    };
    append(storage, 5, 9);
    await events.until(() => events.error !== null);
    storage.crash();
    // What the page cache had of it was never written back.
    const [log = ""] = logFiles(directory);
    damage(log, fs.readFileSync(log).indexOf("1:6"));
    const { recovered } = await openDisk(directory);
    expect(await replayed(recovered)).toEqual(names(1, 5));
    expect(recovered.repairs).toHaveLength(1);
  });
});
