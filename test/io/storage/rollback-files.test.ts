import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import { keepRollback, moveToRollback } from "../../../src/io/storage/rollback-files.ts";
import { at, BreakableCalls, errno, filesIn, temporaryDirectory } from "./storage-kit.ts";

it("a rollback file that can't be made durable is none, and the error goes on", () => {
  const directory = temporaryDirectory();
  const calls = new BreakableCalls();
  calls.syncError = errno("EIO");
  expect(() => keepRollback(directory, at(1, 5), Buffer.from("cut"), calls)).toThrow("EIO");
  expect(fs.readdirSync(directory)).toEqual([]);
});

it("a rollback file is durable by name before the log is cut", () => {
  const directory = temporaryDirectory();
  const { openSync } = fs;
  const opened: string[] = [];
  const open = vi.spyOn(fs, "openSync").mockImplementation((file, ...how) => {
    opened.push(path.relative(directory, String(file)));
    return openSync(file, ...how);
  });
  onTestFinished(() => open.mockRestore());
  const file = keepRollback(directory, at(1, 5), Buffer.from("cut"), nodeFileCalls);
  expect(opened).toEqual([path.basename(file ?? ""), ""]);
});

describe("a rollback directory on another file system", () => {
  async function moved(calls: BreakableCalls) {
    const directory = temporaryDirectory();
    const file = path.join(temporaryDirectory(), "0000000000000003-000000.log");
    const content = Buffer.alloc(1024 * 1024 + 1, "records");
    fs.writeFileSync(file, content);
    const rename = vi.spyOn(fs, "renameSync").mockImplementation(() => {
      throw errno("EXDEV");
    });
    onTestFinished(() => rename.mockRestore());
    const move = moveToRollback(directory, file, calls);
    return { directory, file, content, move };
  }

  it("gets a log file's content, durably, before the log lets go of it", async () => {
    const calls = new BreakableCalls();
    const { fdatasync } = calls;
    let thereAtSync = false;
    calls.fdatasync = (fd) => {
      thereAtSync = fs.existsSync(file);
      return fdatasync.call(calls, fd);
    };
    const { directory, file, content, move } = await moved(calls);
    const target = await move;
    expect(filesIn(directory)).toEqual([target]);
    expect(fs.readFileSync(target ?? "").equals(content)).toBe(true);
    expect(thereAtSync).toBe(true);
    expect(fs.existsSync(file)).toBe(false);
  });

  it("that is full gets none: a start can't wait for space there", async () => {
    const calls = new BreakableCalls();
    calls.roomBytes = 1024;
    const { directory, file, move } = await moved(calls);
    expect(await move).toBeNull();
    expect(filesIn(directory)).toEqual([]);
    expect(fs.existsSync(file)).toBe(false);
  });

  it("that fails leaves the log as it is", async () => {
    const calls = new BreakableCalls();
    calls.syncError = errno("EIO");
    const { directory, file, move } = await moved(calls);
    await expect(move).rejects.toThrow("EIO");
    expect(filesIn(directory)).toEqual([]);
    expect(fs.existsSync(file)).toBe(true);
  });
});
