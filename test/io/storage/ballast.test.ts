import fs from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { Ballast } from "../../../src/io/storage/ballast.ts";
import { BreakableCalls, errno, temporaryDirectory } from "./storage-kit.ts";

/** A disk that is full as long as the ballast is there. */
async function fullDisk(): Promise<{
  readonly ballast: Ballast;
  readonly directory: string;
  readonly told: string[];
  readonly fd: number;
}> {
  const directory = temporaryDirectory();
  const file = path.join(directory, "ballast");
  const told: string[] = [];
  const calls = new BreakableCalls();
  const ballast = new Ballast(
    {
      ...{ file, bytes: 100, retryMs: 60_000 },
      onFull: () => void told.push("full"),
      onOk: () => void told.push("ok"),
      onFailed: () => void told.push("failed"),
    },
    calls,
  );
  await ballast.prepare();
  const { write } = calls;
  calls.write = async (...args) => {
    const isFull = fs.existsSync(file);
    await new Promise((resolve) => setImmediate(resolve));
    if (isFull) throw errno("ENOSPC");
    return write.apply(calls, args);
  };
  const fd = fs.openSync(path.join(directory, "data"), "w");
  onTestFinished(() => {
    ballast.abandon();
    fs.closeSync(fd);
  });
  return { ballast, directory, told, fd };
}

it("a write that fails while another one gives the ballast up is tried again as well", async () => {
  const { ballast, directory, told, fd } = await fullDisk();
  const writes = ["one", "two"].map((text, at) => ballast.calls.write(fd, Buffer.from(text), 0, 3, 3 * at));
  expect(await Promise.all(writes)).toEqual([3, 3]);
  expect(fs.readFileSync(path.join(directory, "data"), "utf8")).toBe("onetwo");
  expect(told).toEqual(["full"]);
});

it("what it takes is given back at once: the journal is made to commit", async () => {
  const { ballast, directory, fd } = await fullDisk();
  const done: string[] = [];
  const { openSync, rmSync } = fs;
  const opened = vi.spyOn(fs, "openSync").mockImplementation((file, ...how) => {
    if (file === directory) done.push("sync");
    return openSync(file, ...how);
  });
  const removed = vi.spyOn(fs, "rmSync").mockImplementation((file, how) => {
    done.push("remove");
    rmSync(file, how);
  });
  await ballast.calls.write(fd, Buffer.from("one"), 0, 3, 0);
  opened.mockRestore();
  removed.mockRestore();
  expect(done).toEqual(["remove", "sync"]);
});

it("a full disk is not told of any more once it has been abandoned", async () => {
  const { ballast, told, fd } = await fullDisk();
  const write = ballast.calls.write(fd, Buffer.from("one"), 0, 3, 0);
  ballast.abandon();
  await write;
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
});
