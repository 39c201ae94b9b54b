import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  append,
  at,
  BreakableCalls,
  contentOf,
  deferred,
  filesIn,
  logFiles,
  names,
  namesIn,
  offset,
  openDisk,
  putSnapshot,
  replayed,
  temporaryDirectory,
} from "./storage-kit.ts";

describe("the log", () => {
  it("gives back after a crash all that was appended, with position and history", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 3, 1);
    append(first.storage, 4, 5, 2);
    first.storage.crash();

    const { recovered } = await openDisk(directory);
    expect(await replayed(recovered)).toEqual([...names(1, 3, 1), ...names(4, 5, 2)]);
    expect(recovered.position).toEqual(at(2, 5));
    expect(recovered.history).toEqual([
      { epoch: 1, firstOffset: 1 },
      { epoch: 2, firstOffset: 4 },
    ]);
    expect(recovered.repairs).toEqual([]);
  });

  it("goes on where it ended, across segments", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { segmentBytesMax: 1000 });
    for (let next = 1; next <= 50; next++) append(first.storage, next, next, 1, 100);
    first.storage.crash();
    const second = await openDisk(directory, { segmentBytesMax: 1000 });
    for (let next = 51; next <= 60; next++) append(second.storage, next, next, 1, 100);
    second.storage.crash();

    expect(logFiles(directory).length).toBeGreaterThan(5);
    expect(await replayed((await openDisk(directory)).recovered)).toEqual(names(1, 60));
  });

  it("is read from any offset, across segments, at least one record and about what is asked for", async () => {
    const { storage } = await openDisk(temporaryDirectory(), { segmentBytesMax: 2000 });
    for (let next = 1; next <= 40; next++) append(storage, next, next, 1, 100);
    for (let from = 1; from <= 40; from++) {
      const bytes = (await storage.readLog(offset(from), 300)) ?? Buffer.alloc(0);
      const found = namesIn(bytes);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThanOrEqual(3);
      expect(found).toEqual(names(from, from + found.length - 1));
    }
    expect(namesIn((await storage.readLog(offset(7), 1)) ?? Buffer.alloc(0))).toEqual(names(7, 7));
    expect(await storage.readLog(offset(41), 1000)).toHaveLength(0);
  });

  it("is read from the middle of a batch that is larger than a slice, and a record larger than one comes whole", async () => {
    const { storage } = await openDisk(temporaryDirectory());
    append(storage, 1, 3000, 1, 100);
    append(storage, 3001, 3001, 1, 500_000);
    append(storage, 3002, 3002);
    expect(namesIn((await storage.readLog(offset(2500), 1000)) ?? Buffer.alloc(0))[0]).toBe("1:2500");
    expect(namesIn((await storage.readLog(offset(3001), 10)) ?? Buffer.alloc(0))).toEqual(names(3001, 3001));
    expect(namesIn((await storage.readLog(offset(3002), 10)) ?? Buffer.alloc(0))).toEqual(names(3002, 3002));
  });

  it("takes no records with a gap before them", async () => {
    const { storage } = await openDisk(temporaryDirectory());
    append(storage, 1, 2);
    expect(() => append(storage, 4, 4)).toThrow(/S3/);
  });

  it("completes writes that the system cuts short", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    calls.writeBytesMax = 7;
    const first = await openDisk(directory, { calls });
    append(first.storage, 1, 20);
    first.storage.crash();
    expect(await replayed((await openDisk(directory)).recovered)).toEqual(names(1, 20));
  });
});

it("a log that someone has cut short under it is found out by who reads it", async () => {
  const directory = temporaryDirectory();
  const { storage } = await openDisk(directory);
  append(storage, 1, 9);
  const [file = ""] = logFiles(directory);
  fs.truncateSync(file, fs.statSync(file).size - 1);
  await expect(storage.readLog(offset(9), 1000)).rejects.toMatchObject({ code: "CORRUPT_LOG" });
});

describe("persisted", () => {
  it.each(["everysec", "no"] as const)(
    "comes under %s once a turn, after append has returned",
    async (appendfsync) => {
      const { storage, events } = await openDisk(temporaryDirectory(), { appendfsync });
      append(storage, 1, 2);
      append(storage, 3, 4);
      expect(events.persistedOffsets).toEqual([]);
      await events.persistedUpTo(4);
      expect(events.persistedOffsets).toEqual([4]);
    },
  );

  it("comes under always only when the sync has ended, and one sync serves all that waited", async () => {
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(temporaryDirectory(), { appendfsync: "always", calls });
    const gate = deferred();
    calls.gate = gate.promise;
    append(storage, 1, 1);
    for (let next = 2; next <= 10; next++) append(storage, next, next);
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.persistedOffsets).toEqual([]);
    calls.syncs = 0;
    calls.gate = null;
    gate.resolve();
    await events.persistedUpTo(10);
    expect(events.persistedOffsets).toEqual([1, 10]);
    expect(calls.syncs).toBe(2);
  });

  it("says nothing of records that were cut while their sync was under way", async () => {
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(temporaryDirectory(), { appendfsync: "always", calls });
    const gate = deferred();
    calls.gate = gate.promise;
    append(storage, 1, 10);
    storage.cut(at(1, 4));
    append(storage, 5, 6, 2);
    calls.gate = null;
    gate.resolve();
    await events.persistedUpTo(6);
    expect(Math.max(...events.persistedOffsets)).toBe(6);
  });

  it("nor does the log itself, which a later start would take for what is lost", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage } = await openDisk(directory, { appendfsync: "always", calls });
    const gate = deferred();
    calls.gate = gate.promise;
    append(storage, 1, 10);
    storage.cut(at(1, 4));
    calls.syncs = 0;
    calls.gate = null;
    gate.resolve();
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    storage.crash();
    expect(await replayed((await openDisk(directory)).recovered)).toEqual(names(1, 4));
  });

  it("under everysec the log is synced after the interval without another write", async () => {
    const calls = new BreakableCalls();
    const { storage } = await openDisk(temporaryDirectory(), { syncEveryMs: 1, calls });
    const synced = deferred();
    const { fdatasync } = calls;
    calls.fdatasync = async (fd) => {
      await fdatasync.call(calls, fd);
      synced.resolve();
    };
    append(storage, 1, 1);
    await synced.promise;
    expect(calls.syncs).toBeGreaterThan(0);
  });
});

describe("a cut", () => {
  it("keeps what was cut in a rollback file and lets the log go on from there", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { segmentBytesMax: 300 });
    for (let next = 1; next <= 12; next++) append(first.storage, next, next, 1, 50);
    const file = first.storage.cut(at(1, 5))?.file;
    append(first.storage, 6, 7, 2);
    first.storage.crash();

    expect(path.dirname(file ?? "")).toBe(path.join(directory, "rollback"));
    expect(path.basename(file ?? "")).toMatch(/^1-6-/);
    expect(namesIn(fs.readFileSync(file ?? ""))).toEqual(names(6, 12));
    const { recovered } = await openDisk(directory);
    expect(await replayed(recovered)).toEqual([...names(1, 5), ...names(6, 7, 2)]);
    expect(recovered.position).toEqual(at(2, 7));
  });

  it("is not passed over by a read that is under way", async () => {
    const { storage } = await openDisk(temporaryDirectory());
    append(storage, 1, 10);
    const read = storage.readLog(offset(1), 10_000);
    storage.cut(at(1, 4));
    expect(namesIn((await read) ?? Buffer.alloc(0))).toEqual(names(1, 4));
  });

  it("leaves no trace of where the records were that it took away", async () => {
    const { storage } = await openDisk(temporaryDirectory());
    append(storage, 1, 3000, 1, 100);
    storage.cut(at(1, 10));
    append(storage, 11, 6000, 2, 37);
    for (const from of [1, 10, 11, 500, 1500, 2500, 5999]) {
      const [first] = namesIn((await storage.readLog(offset(from), 100)) ?? Buffer.alloc(0));
      expect(first).toBe(`${from > 10 ? 2 : 1}:${from}`);
    }
  });

  it("of several segments is durable with their names", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory, { segmentBytesMax: 300 });
    for (let next = 1; next <= 12; next++) append(storage, next, next, 1, 50);
    const done: string[] = [];
    const { openSync, unlinkSync } = fs;
    const opened = vi.spyOn(fs, "openSync").mockImplementation((file, ...how) => {
      if (file === path.join(directory, "log")) done.push("sync");
      return openSync(file, ...how);
    });
    const removed = vi.spyOn(fs, "unlinkSync").mockImplementation((file) => {
      done.push("remove");
      unlinkSync(file);
    });
    onTestFinished(() => {
      opened.mockRestore();
      removed.mockRestore();
    });
    storage.cut(at(1, 5));
    expect(done).toEqual(["remove", "remove", "sync"]);
  });

  it("of nothing makes no file", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 3);
    expect(storage.cut(at(1, 3))).toBeNull();
    expect(filesIn(path.join(directory, "rollback"))).toEqual([]);
  });

  it("of all that follows a snapshot leaves the snapshot", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 5);
    await putSnapshot(first.storage, at(1, 3), ["state"], true);
    first.storage.cut(at(1, 3));
    expect(first.storage.logBytes()).toBe(0);
    first.storage.crash();
    expect((await openDisk(directory)).recovered.position).toEqual(at(1, 3));
  });

  it("below the snapshot drops it and goes on from a log that reaches back to record 1", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 9);
    await putSnapshot(first.storage, at(1, 6), ["state"], true);
    first.storage.cut(at(1, 4));
    expect(first.storage.readSnapshot()).toBeNull();
    first.storage.crash();
    const { recovered } = await openDisk(directory);
    expect(recovered.position).toEqual(at(1, 4));
    expect(await replayed(recovered)).toEqual(names(1, 4));
  });

  it("below a snapshot leaves nothing of a log that once began anew, since no start would take it for its own", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    await putSnapshot(first.storage, at(0, 0), [], false);
    append(first.storage, 1, 9);
    await putSnapshot(first.storage, at(1, 6), ["state"], true);
    first.storage.cut(at(1, 4));
    const left = namesIn((await first.storage.readLog(offset(1), 1000)) ?? Buffer.alloc(0));
    first.storage.crash();
    expect(await replayed((await openDisk(directory)).recovered)).toEqual(left);
  });

  it("below the snapshot of a full sync leaves an empty storage, which takes a full sync next", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    await putSnapshot(first.storage, at(3, 100), ["far ahead"], false);
    append(first.storage, 101, 105, 3);
    const file = first.storage.cut(at(2, 90))?.file;
    expect(namesIn(fs.readFileSync(file ?? ""))).toEqual(names(101, 105, 3));
    await putSnapshot(first.storage, at(2, 80), ["again"], false);
    append(first.storage, 81, 82, 4);
    first.storage.crash();
    const { recovered } = await openDisk(directory);
    expect(await contentOf(recovered.snapshot)).toBe("again");
    expect(await replayed(recovered)).toEqual(names(81, 82, 4));
  });
});

describe("the saved state", () => {
  it("is the last one saved, and none on a fresh directory", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    expect(first.recovered.state).toBeNull();
    const saves = [1, 2, 3].map((value) => first.storage.saveState(Buffer.from(`state ${value}`)));
    await Promise.all(saves);
    first.storage.crash();
    expect((await openDisk(directory)).recovered.state?.toString()).toBe("state 3");
  });
});
