import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { DirectoryLock } from "../../../src/io/storage/directory-lock.ts";
import { temporaryDirectory } from "./storage-kit.ts";

function lockFor(directory: string, holder: { pid: number; startedAt: string | null }): void {
  fs.writeFileSync(path.join(directory, "lock"), JSON.stringify({ ...holder, token: "somebody" }));
}

describe("the lock of a data directory", () => {
  it("is held until it is released, and leaves no file behind", () => {
    const directory = temporaryDirectory();
    const lock = DirectoryLock.acquire(directory);
    expect(() => DirectoryLock.acquire(directory)).toThrow(
      expect.objectContaining({
        code: "DATA_DIR_IN_USE",
        message: expect.stringContaining(`process ${process.pid}`),
      }),
    );
    lock.release();
    expect(fs.readdirSync(directory)).toEqual([]);
    DirectoryLock.acquire(directory).release();
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
    expect(() => DirectoryLock.acquire(directory)).toThrow(new RegExp(`process ${pid} `));
    child.kill("SIGKILL");
    await once(child, "exit");
    DirectoryLock.acquire(directory).release();
  });

  it.each([0, -1, 1.5])("that names %d, which is no process, is taken over", (pid) => {
    const directory = temporaryDirectory();
    lockFor(directory, { pid, startedAt: null });
    DirectoryLock.acquire(directory).release();
  });

  it("of a process whose pid now belongs to another is taken over", () => {
    const directory = temporaryDirectory();
    lockFor(directory, { pid: process.pid, startedAt: "1" });
    DirectoryLock.acquire(directory).release();
    lockFor(directory, { pid: process.ppid, startedAt: "before the boot" });
    DirectoryLock.acquire(directory).release();
  });

  it("that is unreadable was left by nobody alive", () => {
    const directory = temporaryDirectory();
    fs.writeFileSync(path.join(directory, "lock"), "\0\0\0");
    const lock = DirectoryLock.acquire(directory);
    expect(fs.readdirSync(directory)).toEqual(["lock"]);
    lock.release();
  });

  it("is not removed by a holder that has lost it", () => {
    const directory = temporaryDirectory();
    const lock = DirectoryLock.acquire(directory);
    lockFor(directory, { pid: 1, startedAt: null });
    lock.release();
    expect(fs.readdirSync(directory)).toEqual(["lock"]);
  });
});
