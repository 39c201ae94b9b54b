/** What a full sync does not destroy: records that the master does not have. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SEGMENT_HEADER_BYTES } from "../../../src/io/storage/log-segment.ts";
import type { MemberStorage, ReplacedTail, StorageEvents } from "../../../src/io/storage/member-storage.ts";
import { MemoryDisk, MemoryStorage } from "../../../src/io/storage/memory-storage.ts";
import {
  append,
  at,
  BreakableCalls,
  contentOf,
  damage,
  EventLog,
  errno,
  filesIn,
  logFiles,
  names,
  namesIn,
  openDisk,
  putSnapshot,
  replayed,
  temporaryDirectory,
} from "./storage-kit.ts";

const PIECE_BYTES = 1024 * 1024;

/** A full sync at 2/20. */
async function fullSync(
  storage: MemberStorage,
  keepAfter: ReturnType<typeof at>,
): Promise<ReplacedTail | null> {
  const writer = await storage.writeSnapshot(at(2, 20), []);
  await writer.write(Buffer.from("the master's"));
  return writer.commit({ keepLog: false, keepAfter });
}

const rollbacks = (directory: string): string[] => filesIn(path.join(directory, "rollback"));

describe("a full sync keeps of the log that it replaces", () => {
  it("what lies after the position named, across segments, in a rollback file", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory, { segmentBytesMax: 100 });
    for (let next = 1; next <= 9; next++) append(storage, next, next);
    await putSnapshot(storage, at(1, 7), ["own"], true);
    const kept = await fullSync(storage, at(1, 5));
    expect(rollbacks(directory)).toEqual([kept?.file]);
    const bytes = fs.readFileSync(kept?.file ?? "");
    expect(namesIn(bytes)).toEqual(names(6, 9));
    expect(kept).toMatchObject({ bytes: bytes.length, firstOffset: 1 });
    storage.crash();
    const { recovered } = await openDisk(directory);
    expect(await contentOf(recovered.snapshot)).toBe("the master's");
    expect(await replayed(recovered)).toEqual([]);
  });

  it("all of it where it is more than one piece of the copy", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    for (let next = 1; next <= 9; next++) append(storage, next, next, 1, PIECE_BYTES / 3);
    const kept = await fullSync(storage, at(1, 2));
    expect(namesIn(fs.readFileSync(kept?.file ?? ""))).toEqual(names(3, 9));
  });

  it("what there is, though somebody has removed the directory for it", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 9);
    fs.rmSync(path.join(directory, "rollback"), { recursive: true });
    const kept = await fullSync(storage, at(1, 5));
    expect(namesIn(fs.readFileSync(kept?.file ?? ""))).toEqual(names(6, 9));
  });

  it("nothing where the disk is full and its file system has no links: the sync goes on all the same", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(directory, { calls });
    append(storage, 1, 9);
    const write = calls.write.bind(calls);
    calls.write = (fd, bytes, ...rest) =>
      bytes.includes("1:8") ? Promise.reject(errno("ENOSPC")) : write(fd, bytes, ...rest);
    const link = vi.spyOn(fs, "linkSync").mockImplementation(() => {
      throw errno("EPERM");
    });
    onTestFinished(() => link.mockRestore());
    expect(await fullSync(storage, at(1, 5))).toMatchObject({ file: null });
    expect(events.seen).not.toContain("failed");
  });

  it("nothing once it has crashed: the directory may be another life's", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 9);
    const { open } = fs.promises;
    const spy = vi.spyOn(fs.promises, "open").mockImplementation(async (file, ...rest) => {
      const handle = await open(file, ...rest);
      // The names of the new log are about to be synced.
      if (String(file).endsWith("/log")) storage.crash();
      return handle;
    });
    onTestFinished(() => spy.mockRestore());
    await expect(fullSync(storage, at(0, 0))).rejects.toThrow();
    expect(rollbacks(directory)).toEqual([]);
  });

  it("what there is, before anything of the old state goes", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 9);
    const { renameSync } = fs;
    let whenReplaced: string[] | undefined;
    const rename = vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
      if (String(to).endsWith(".snap")) {
        whenReplaced = rollbacks(directory).flatMap((file) => namesIn(fs.readFileSync(file)));
      }
      renameSync(from, to);
    });
    onTestFinished(() => rename.mockRestore());
    await fullSync(storage, at(1, 5));
    expect(whenReplaced).toEqual(names(6, 9));
  });

  it("on a full disk the log's own files, which takes no room", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(directory, { calls, segmentBytesMax: 100 });
    for (let next = 1; next <= 9; next++) append(storage, next, next, 1, 40);
    const { write } = calls;
    calls.write = async (...args) => {
      if (args[1].includes("1:8")) throw errno("ENOSPC");
      return write.apply(calls, args);
    };
    const kept = await fullSync(storage, at(1, 5));
    const files = rollbacks(directory);
    expect(files).toContain(kept?.file);
    const found = files.flatMap((file) => namesIn(fs.readFileSync(file).subarray(SEGMENT_HEADER_BYTES)));
    expect(found.sort()).toEqual(expect.arrayContaining(names(6, 9)));
    expect(events.seen).toEqual([]);
    storage.crash();
    expect(await contentOf((await openDisk(directory)).recovered.snapshot)).toBe("the master's");
    expect(rollbacks(directory)).toEqual(files);
  });

  it("nothing where not even a name can be had, and says how much is lost", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 9);
    const recordBytes = storage.logBytes() / 9;
    const { openSync } = fs;
    const isRollback = (file: unknown): boolean => String(file).startsWith(path.join(directory, "rollback"));
    const open = vi.spyOn(fs, "openSync").mockImplementation((...args) => {
      if (isRollback(args[0]) && args[1] === "wx") throw errno("EDQUOT");
      return openSync(...args);
    });
    const link = vi.spyOn(fs, "linkSync").mockImplementation(() => {
      throw errno("ENOSPC");
    });
    onTestFinished(() => {
      open.mockRestore();
      link.mockRestore();
    });
    const kept = await fullSync(storage, at(1, 5));
    expect(kept).toMatchObject({ file: null, bytes: 4 * recordBytes });
    expect(rollbacks(directory)).toEqual([]);
    expect(await contentOf(storage.readSnapshot())).toBe("the master's");
  });

  it("nothing where the log had none of it, and says what the log still had", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    await putSnapshot(storage, at(1, 9), ["an earlier full sync"], false);
    expect(await fullSync(storage, at(1, 5))).toMatchObject({ file: null, bytes: 0, firstOffset: 10 });
    expect(rollbacks(directory)).toEqual([]);
  });

  it("no file for each try, when it can't take the log's place", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 9);
    const { renameSync } = fs;
    const rename = vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
      if (String(to).endsWith(".snap")) throw errno("ENOSPC");
      renameSync(from, to);
    });
    onTestFinished(() => rename.mockRestore());
    for (let tries = 0; tries < 2; tries++) {
      await expect(fullSync(storage, at(1, 5))).rejects.toThrow("ENOSPC");
      expect(rollbacks(directory)).toEqual([]);
    }
    rename.mockRestore();
    expect(namesIn(fs.readFileSync((await fullSync(storage, at(1, 5)))?.file ?? ""))).toEqual(names(6, 9));
  });

  it("the bytes of a damaged log as they are: it gives way all the same", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 9);
    const [log = ""] = logFiles(directory);
    for (const position of [10, 60, 130, 200]) damage(log, SEGMENT_HEADER_BYTES + position);
    const kept = await fullSync(storage, at(1, 5));
    expect(fs.readFileSync(kept?.file ?? "").toString("latin1")).toContain("1:9");
    expect(await contentOf(storage.readSnapshot())).toBe("the master's");
  });

  it("in memory, too", async () => {
    const disk = new MemoryDisk();
    const storage = new MemoryStorage(disk);
    const events: StorageEvents = new EventLog();
    await storage.open(events);
    append(storage, 1, 4);
    append(storage, 5, 9);
    const kept = await fullSync(storage, at(1, 6));
    expect(namesIn(disk.rollbacks.get(kept?.file ?? "") ?? Buffer.alloc(0))).toEqual(names(7, 9));
    expect(kept?.firstOffset).toBe(1);
  });
});
