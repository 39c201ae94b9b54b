import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  nodeFileCalls,
  replaceFileSync,
  syncDirectory,
  syncDirectorySync,
} from "../../../src/io/storage/file-calls.ts";
import { LogSegment } from "../../../src/io/storage/log-segment.ts";
import { BreakableCalls, errno, offset, temporaryDirectory } from "./storage-kit.ts";

/** Both ways to sync answer `code` until the test ends. */
async function refuseSyncs(code: string): Promise<void> {
  const handle = await fs.promises.open(path.join(temporaryDirectory(), "file"), "w");
  const prototype = Object.getPrototypeOf(handle) as fs.promises.FileHandle;
  await handle.close();
  const spies = [
    vi.spyOn(prototype, "sync").mockRejectedValue(errno(code)),
    vi.spyOn(fs, "fsyncSync").mockImplementation(() => {
      throw errno(code);
    }),
  ];
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
}

describe("the sync of a directory", () => {
  it.each(["EINVAL", "ENOTSUP"])("does what it can where the file system answers %s", async (code) => {
    await refuseSyncs(code);
    const directory = temporaryDirectory();
    syncDirectorySync(directory);
    await syncDirectory(directory);
  });

  it("fails for any other reason", async () => {
    await refuseSyncs("EIO");
    const directory = temporaryDirectory();
    expect(() => syncDirectorySync(directory)).toThrow("EIO");
    await expect(syncDirectory(directory)).rejects.toThrow("EIO");
  });
});

describe("the sync of a file", () => {
  it("is not forgiven for what a directory's is", async () => {
    await refuseSyncs("EINVAL");
    const segment = LogSegment.create(temporaryDirectory(), 0, offset(1), nodeFileCalls);
    onTestFinished(() => segment.file.close());
    expect(() => segment.truncate({ offset: offset(1), position: segment.size })).toThrow("EINVAL");
  });
});

describe("a file that is replaced as a whole", () => {
  it("stays what it was, and alone, when the new one can't be made durable", () => {
    const file = path.join(temporaryDirectory(), "file");
    fs.writeFileSync(file, "old");
    const calls = new BreakableCalls();
    calls.syncError = errno("EIO");
    expect(() => replaceFileSync(calls, file, Buffer.from("new"))).toThrow("EIO");
    expect(fs.readFileSync(file, "utf8")).toBe("old");
    expect(fs.readdirSync(path.dirname(file))).toEqual(["file"]);
  });

  it("is durable by name when that is done", () => {
    const directory = temporaryDirectory();
    const file = path.join(directory, "file");
    const done: string[] = [];
    const { openSync, renameSync } = fs;
    const spies = [
      vi.spyOn(fs, "openSync").mockImplementation((opened, ...how) => {
        if (opened === directory) done.push("sync");
        return openSync(opened, ...how);
      }),
      vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
        done.push("rename");
        renameSync(from, to);
      }),
    ];
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore();
    });
    replaceFileSync(nodeFileCalls, file, Buffer.from("new"));
    expect(done).toEqual(["rename", "sync"]);
    expect(fs.readFileSync(file, "utf8")).toBe("new");
  });
});
