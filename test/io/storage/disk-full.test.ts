import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  append,
  at,
  BreakableCalls,
  EventLog,
  errno,
  filesIn,
  logFiles,
  names,
  namesIn,
  newDisk,
  openDisk,
  putSnapshot,
  replayed,
  temporaryDirectory,
} from "./storage-kit.ts";

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
    // Its failure is told; that something still comes meanwhile is none.
    append(storage, 51, 51);
    expect(events.persistedOffsets).toEqual([]);
    calls.roomBytes = null;
    storage.crash();
    expect((await openDisk(directory)).recovered.incarnationIsNew).not.toBeNull();
  });

  it("fails a snapshot that would take the last of the disk, while the log still has room", async () => {
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(temporaryDirectory(), { calls });
    append(storage, 1, 4);
    const writer = await storage.writeSnapshot(at(1, 4), []);
    await writer.write(Buffer.from("x".repeat(1000)));
    calls.free = 8 * 1024 * 1024;
    const rest = Buffer.alloc(2 * 1024 * 1024);
    await expect(writer.write(rest)).rejects.toMatchObject({ code: "DISK_FULL" });
    await writer.abort();
    append(storage, 5, 6);
    expect(events.seen).toEqual([]);
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
