import fs from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import { keepRollback } from "../../../src/io/storage/rollback-files.ts";
import { at, BreakableCalls, errno, temporaryDirectory } from "./storage-kit.ts";

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
