import { describe, expect, it } from "vitest";
import { MemoryDisk, MemoryStorage } from "../../../src/io/storage/memory-storage.ts";
import {
  append,
  at,
  contentOf,
  EventLog,
  names,
  namesIn,
  offset,
  putSnapshot,
  replayed,
} from "./storage-kit.ts";

async function open(disk: MemoryDisk, options: { logKeepBytes?: number } = {}) {
  const storage = new MemoryStorage(disk, options);
  const events = new EventLog();
  return { storage, events, recovered: await storage.open(events) };
}

describe("memory storage", () => {
  it("gives a killed and restarted member back all that was appended and saved", async () => {
    const disk = new MemoryDisk();
    const first = await open(disk);
    append(first.storage, 1, 3);
    await putSnapshot(first.storage, at(1, 2), ["state at 2"], true);
    append(first.storage, 4, 5, 2);
    await first.storage.saveState(Buffer.from("promise"));
    first.storage.crash();

    const { recovered } = await open(disk);
    expect(recovered.incarnation).toBe(first.recovered.incarnation);
    expect(recovered.incarnationIsNew).toBeNull();
    expect(recovered.state?.toString()).toBe("promise");
    expect(recovered.position).toEqual(at(2, 5));
    expect(recovered.history).toEqual([
      { epoch: 1, firstOffset: 1 },
      { epoch: 2, firstOffset: 4 },
    ]);
    expect(await contentOf(recovered.snapshot)).toBe("state at 2");
    expect(await replayed(recovered)).toEqual(["1:3", "2:4", "2:5"]);
  });

  it("that was wiped is a new incarnation without anything", async () => {
    const disk = new MemoryDisk();
    const first = await open(disk);
    append(first.storage, 1, 3);
    first.storage.crash();
    disk.wipe();
    const { recovered } = await open(disk);
    expect(recovered.incarnation).not.toBe(first.recovered.incarnation);
    expect(recovered.incarnationIsNew).toContain("empty");
    expect(recovered.position).toEqual(at(0, 0));
  });

  it("reports persisted once a turn, after append, and never after a crash", async () => {
    const disk = new MemoryDisk();
    const { storage, events } = await open(disk);
    append(storage, 1, 1);
    append(storage, 2, 3);
    expect(events.persistedOffsets).toEqual([]);
    await events.persistedUpTo(3);
    expect(events.persistedOffsets).toEqual([3]);
    append(storage, 4, 4);
    storage.crash();
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.persistedOffsets).toEqual([3]);
  });

  it("is used by one member process at a time; a killed one touches it no more", async () => {
    const disk = new MemoryDisk();
    const first = await open(disk);
    await expect(open(disk)).rejects.toMatchObject({ code: "DATA_DIR_IN_USE" });
    first.storage.crash();
    await open(disk);
    expect(() => append(first.storage, 1, 1)).toThrow(/between open and close/);
  });

  it("keeps what a cut takes away, within a batch and across batches", async () => {
    const disk = new MemoryDisk();
    const { storage } = await open(disk);
    append(storage, 1, 5);
    append(storage, 6, 9);
    const file = storage.cut(at(1, 3))?.file;
    expect(namesIn(disk.rollbacks.get(file ?? "") ?? Buffer.alloc(0))).toEqual(names(4, 9));
    expect(storage.cut(at(1, 3))).toBeNull();
    append(storage, 4, 4, 2);
    storage.crash();
    expect(await replayed((await open(disk)).recovered)).toEqual([...names(1, 3), "2:4"]);
  });

  it("is empty after a cut below the snapshot of a full sync", async () => {
    const disk = new MemoryDisk();
    const { storage } = await open(disk);
    await putSnapshot(storage, at(3, 100), ["far ahead"], false);
    append(storage, 101, 102, 3);
    storage.cut(at(2, 90));
    expect(storage.readSnapshot()).toBeNull();
    expect(storage.firstOffset()).toBe(1);
    append(storage, 1, 1);
  });

  it("reads the log from any offset, about what is asked for", async () => {
    const { storage } = await open(new MemoryDisk());
    append(storage, 1, 10);
    append(storage, 11, 12);
    append(storage, 13, 20);
    for (let from = 1; from <= 20; from++) {
      const found = namesIn((await storage.readLog(offset(from), 100)) ?? Buffer.alloc(0));
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThanOrEqual(5);
      expect(found).toEqual(names(from, from + found.length - 1));
    }
    expect(await storage.readLog(offset(21), 100)).toHaveLength(0);
  });

  it("drops log behind a snapshot down to what it keeps for partial syncs", async () => {
    const { storage } = await open(new MemoryDisk(), { logKeepBytes: 1000 });
    for (let next = 1; next <= 100; next++) append(storage, next, next, 1, 72);
    await putSnapshot(storage, at(1, 95), ["state"], true);
    expect(storage.firstOffset()).toBe(91);
    expect(storage.logBytes()).toBe(500);
    expect(await storage.readLog(offset(90), 100)).toBeNull();
  });

  it("takes the snapshot of a full sync in place of its log", async () => {
    const disk = new MemoryDisk();
    const { storage } = await open(disk);
    append(storage, 1, 5);
    await putSnapshot(storage, at(4, 70), ["x"], false);
    expect(storage.firstOffset()).toBe(71);
    append(storage, 71, 71, 4);
    storage.crash();
    const { recovered } = await open(disk);
    expect(recovered.position).toEqual(at(4, 71));
    expect(await replayed(recovered)).toEqual(names(71, 71, 4));
  });

  it("refuses a snapshot when the log was cut below it since it was begun", async () => {
    const { storage } = await open(new MemoryDisk());
    append(storage, 1, 5);
    const writer = await storage.writeSnapshot(at(1, 5), []);
    storage.cut(at(1, 4));
    await expect(writer.commit({ keepLog: true })).rejects.toMatchObject({ code: "SNAPSHOT_STALE" });
  });

  it("begins a new incarnation on request", async () => {
    const disk = new MemoryDisk();
    const { storage, recovered } = await open(disk);
    const begun = await storage.startIncarnation("a test");
    expect(begun).not.toBe(recovered.incarnation);
    await storage.close();
    expect((await open(disk)).recovered.incarnation).toBe(begun);
  });
});
