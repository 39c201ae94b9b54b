import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  append,
  at,
  BreakableCalls,
  contentOf,
  deferred,
  EventLog,
  errno,
  filesIn,
  logFiles,
  names,
  namesIn,
  newDisk,
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

describe("a data directory", () => {
  it("is used by one storage at a time; the error names the process", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "DATA_DIR_IN_USE",
      message: expect.stringContaining(String(process.pid)),
    });
    await storage.close();
    await openDisk(directory);
  });

  it.each(["", "data"])("that is a file is refused in one line", async (inside) => {
    const file = path.join(temporaryDirectory(), "file");
    fs.writeFileSync(file, "");
    const directory = path.join(file, inside);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringMatching(
        new RegExp(`^Cannot use the data directory ${directory}: .*a directory must be`),
      ),
    });
  });

  it.each([
    ["mkdirSync", "EACCES", "mkdir", "Let this user write there"],
    ["mkdirSync", "EROFS", "mkdir", "Mount it for writing"],
    ["writeFileSync", "ENOSPC", "write", "Free some space"],
    ["linkSync", "EPERM", "link", "hard links"],
    ["linkSync", "ENOTSUP", "link", "hard links"],
  ] as const)("where %s answers %s is refused with a way out", async (name, code, syscall, way) => {
    const directory = temporaryDirectory();
    const call = vi.spyOn(fs, name).mockImplementation(() => {
      throw Object.assign(errno(code), { syscall });
    });
    onTestFinished(() => call.mockRestore());
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringMatching(new RegExp(`${directory}: ${code}: .*${way}`)),
    });
    expect(fs.readdirSync(directory).filter((file) => file.startsWith("lock"))).toEqual([]);
  });

  it("is free again when an open has failed", async () => {
    const directory = temporaryDirectory();
    await (await openDisk(directory)).storage.close();
    const state = path.join(directory, "state");
    const good = fs.readFileSync(state);
    fs.writeFileSync(state, Buffer.alloc(good.length));
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({ code: "CORRUPT_STATE" });
    fs.writeFileSync(state, good);
    await openDisk(directory);
  });
});

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
});

describe("a full disk", () => {
  it("still takes what was executed, says so, and says when there is space again", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events, recovered } = await openDisk(directory, { calls, ballastRetryMs: 1 });
    calls.fill(100, path.join(directory, "ballast"), 4096);
    append(storage, 1, 10);
    expect(events.seen).toEqual([]);
    await events.persistedUpTo(10);
    await events.until(() => events.seen.length > 0);
    expect(events.seen).toEqual(["diskFull"]);
    calls.roomBytes = null;
    await events.until(() => events.seen.length > 1);
    expect(events.seen).toEqual(["diskFull", "diskOk"]);
    expect(fs.statSync(path.join(directory, "ballast")).size).toBe(4096);
    await storage.close();

    const again = await openDisk(directory);
    expect(again.recovered.incarnation).toBe(recovered.incarnation);
    expect(await replayed(again.recovered)).toEqual(names(1, 10));
  });

  it("that is full again before there was space is a write error", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(directory, { calls, ballastRetryMs: 60_000 });
    calls.fill(100, path.join(directory, "ballast"), 200);
    append(storage, 1, 50);
    await events.until(() => events.error !== null);
    expect(events.persistedOffsets).toEqual([]);
    calls.roomBytes = null;
    storage.crash();
    expect((await openDisk(directory)).recovered.incarnationIsNew).not.toBeNull();
  });

  it("fails a snapshot and leaves the log, the standing snapshot and the ballast alone", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(directory, { calls });
    append(storage, 1, 4);
    await putSnapshot(storage, at(1, 2), ["standing"], true);
    calls.roomBytes = 200;
    const large = "x".repeat(1000);
    const writer = await storage.writeSnapshot(at(1, 4), []);
    await expect(writer.write(Buffer.from(large))).rejects.toMatchObject({ code: "DISK_FULL" });
    await writer.abort();
    calls.roomBytes = null;
    expect(filesIn(path.join(directory, "snapshot"))).toHaveLength(1);
    expect(storage.readSnapshot()?.position).toEqual(at(1, 2));
    expect(fs.existsSync(path.join(directory, "ballast"))).toBe(true);
    expect(events.seen).toEqual([]);
  });

  it("at the start is reported, and the storage opens", async () => {
    const directory = temporaryDirectory();
    await (await openDisk(directory)).storage.close();
    fs.rmSync(path.join(directory, "ballast"));
    const calls = new BreakableCalls();
    calls.write = async () => {
      throw errno("ENOSPC");
    };
    const { events } = await openDisk(directory, { calls });
    await events.until(() => events.seen.length > 0);
    expect(events.seen).toEqual(["diskFull"]);
  });

  it("keeps what is cut in the room that the cut makes", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(directory, { calls, ballastRetryMs: 60_000 });
    append(storage, 1, 9);
    const [log = ""] = logFiles(directory);
    const fullBytes = fs.statSync(log).size;
    const { writeSync } = calls;
    calls.writeSync = (...args) => {
      if (fs.statSync(log).size === fullBytes) throw errno("ENOSPC");
      return writeSync.apply(calls, args);
    };
    const rollback = storage.cut(at(1, 5));
    expect(namesIn(fs.readFileSync(rollback?.file ?? ""))).toEqual(names(6, 9));
    expect(filesIn(path.join(directory, "rollback"))).toEqual([rollback?.file]);
    append(storage, 6, 6, 2);
    await events.persistedUpTo(6);
    expect(events.seen).toEqual(["diskFull"]);
  });

  it("loses what is cut rather than die of it, and says how much that was", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(directory, { calls, ballastRetryMs: 60_000 });
    append(storage, 1, 9);
    const recordBytes = storage.logBytes() / 9;
    calls.roomBytes = 0;
    expect(storage.cut(at(1, 5))).toEqual({ file: null, bytes: 4 * recordBytes });
    expect(filesIn(path.join(directory, "rollback"))).toEqual([]);
    calls.roomBytes = null;
    append(storage, 6, 6, 2);
    await events.persistedUpTo(6);
    storage.crash();
    expect(events.error).toBeNull();
    expect(await replayed((await openDisk(directory)).recovered)).toEqual([...names(1, 5), "2:6"]);
  });

  it("without room for the lock gives up the ballast that was left, and is reported", async () => {
    const directory = temporaryDirectory();
    await (await openDisk(directory)).storage.close();
    const calls = fullWhile(() => fs.existsSync(path.join(directory, "ballast")));
    const { events } = await openDisk(directory, { calls });
    await events.until(() => events.seen.length > 0);
    expect(events.seen).toEqual(["diskFull"]);
    expect(filesIn(directory).filter((file) => file.includes("lock."))).toEqual([]);
  });

  it("leaves the ballast to the process that uses the directory", async () => {
    const directory = temporaryDirectory();
    await openDisk(directory);
    fullWhile(() => true);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({ code: "DATA_DIR_IN_USE" });
    expect(fs.existsSync(path.join(directory, "ballast"))).toBe(true);
  });

  it("without a ballast either is said in one line", async () => {
    const directory = temporaryDirectory();
    fullWhile(() => true);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringContaining("Free some space"),
    });
  });
});

/** No whole file can be written while it is so, as for a lock; and no ballast can be made. */
function fullWhile(full: () => boolean): BreakableCalls {
  const { writeFileSync } = fs;
  const write = vi.spyOn(fs, "writeFileSync").mockImplementation((...args) => {
    if (full()) throw Object.assign(errno("ENOSPC"), { syscall: "write" });
    writeFileSync(...args);
  });
  onTestFinished(() => write.mockRestore());
  const calls = new BreakableCalls();
  calls.write = async () => {
    throw errno("ENOSPC");
  };
  return calls;
}
