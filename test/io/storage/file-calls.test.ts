import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { nodeFileCalls, syncDirectory, syncDirectorySync } from "../../../src/io/storage/file-calls.ts";
import { LogSegment } from "../../../src/io/storage/log-segment.ts";
import { errno, offset, temporaryDirectory } from "./storage-kit.ts";

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
