import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { DirectoryLock } from "../../../src/io/storage/directory-lock.ts";
import { errno, temporaryDirectory } from "./storage-kit.ts";

const acquire = (directory: string) => DirectoryLock.acquire(directory, { bootId: "boot-1" });

function lockFor(
  directory: string,
  holder: { pid: number; startedAt: string | null; bootId?: string },
): void {
  fs.writeFileSync(path.join(directory, "lock"), JSON.stringify({ ...holder, token: "somebody" }));
}

describe("the lock of a data directory", () => {
  it("is held until it is released, and leaves no file behind", () => {
    const directory = temporaryDirectory();
    const lock = acquire(directory);
    expect(() => acquire(directory)).toThrow(
      expect.objectContaining({
        code: "DATA_DIR_IN_USE",
        message: expect.stringMatching(`process ${process.pid} .*remove ${path.join(directory, "lock")}$`),
      }),
    );
    lock.release();
    expect(fs.readdirSync(directory)).toEqual([]);
    acquire(directory).release();
  });

  it("is let go of on a disk that has become read-only, and is free within this process", () => {
    const directory = temporaryDirectory();
    const lock = acquire(directory);
    const unlink = vi.spyOn(fs, "unlinkSync").mockImplementation(() => {
      throw errno("EROFS");
    });
    onTestFinished(() => unlink.mockRestore());
    lock.release();
    unlink.mockRestore();
    acquire(directory).release();
  });

  it("of another living process is respected; that of a dead one is taken over", async () => {
    const directory = temporaryDirectory();
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    lockFor(directory, { pid, startedAt: null });
    expect(() => acquire(directory)).toThrow(new RegExp(`process ${pid} `));
    child.kill("SIGKILL");
    await once(child, "exit");
    acquire(directory).release();
  });

  it.each([0, -1, 1.5])("that names %d, which is no process, is taken over", (pid) => {
    const directory = temporaryDirectory();
    lockFor(directory, { pid, startedAt: null });
    acquire(directory).release();
  });

  it("of a process whose pid now belongs to another is taken over", () => {
    const directory = temporaryDirectory();
    lockFor(directory, { pid: process.pid, startedAt: "1" });
    acquire(directory).release();
    lockFor(directory, { pid: process.ppid, startedAt: "before the boot" });
    acquire(directory).release();
  });

  it("of an earlier boot is taken over, even where a process has its pid and none tells when it began", () => {
    const directory = temporaryDirectory();
    lockFor(directory, { pid: process.ppid, startedAt: null, bootId: "boot-1" });
    expect(() => acquire(directory)).toThrow(`process ${process.ppid} `);
    expect(() => DirectoryLock.acquire(directory, { bootId: null })).toThrow(`process ${process.ppid} `);
    DirectoryLock.acquire(directory, { bootId: "boot-2" }).release();
  });

  it("that is unreadable was left by nobody alive", () => {
    const directory = temporaryDirectory();
    fs.writeFileSync(path.join(directory, "lock"), "\0\0\0");
    const lock = acquire(directory);
    expect(fs.readdirSync(directory)).toEqual(["lock"]);
    lock.release();
  });

  it("is not removed by a holder that has lost it", () => {
    const directory = temporaryDirectory();
    const lock = acquire(directory);
    lockFor(directory, { pid: 1, startedAt: null });
    lock.release();
    expect(fs.readdirSync(directory)).toEqual(["lock"]);
  });
});
