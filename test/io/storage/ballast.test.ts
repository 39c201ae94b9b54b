import fs from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { Ballast } from "../../../src/io/storage/ballast.ts";
import { BreakableCalls, deferred, errno, temporaryDirectory } from "./storage-kit.ts";

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

/** A ballast that looks for room as often as it can, once it has been given up. */
async function eagerBallast(bytes: number): Promise<{
  readonly calls: BreakableCalls;
  readonly ballast: Ballast;
  readonly file: string;
  readonly fd: number;
  readonly ok: Promise<void>;
}> {
  const directory = temporaryDirectory();
  const file = path.join(directory, "ballast");
  const ok = deferred();
  const calls = new BreakableCalls();
  const ballast = new Ballast(
    {
      file,
      bytes,
      retryMs: 1,
      onFull: () => {},
      onOk: ok.resolve,
      onFailed: (error) => expect.unreachable(String(error)),
    },
    calls,
  );
  await ballast.prepare();
  const fd = fs.openSync(path.join(directory, "data"), "w");
  onTestFinished(() => {
    ballast.abandon();
    fs.closeSync(fd);
  });
  return { calls, ballast, file, fd, ok: ok.promise };
}

function giveUp({ calls, ballast, fd }: Awaited<ReturnType<typeof eagerBallast>>): void {
  const { writeSync } = calls;
  calls.writeSync = () => {
    calls.writeSync = writeSync;
    throw errno("ENOSPC");
  };
  ballast.calls.writeSync(fd, Buffer.from("one"), 0, 3, 0);
}

it("it is not made anew in the room that it has given to the log", async () => {
  const scene = await eagerBallast(4096);
  const { statfs } = fs.promises;
  const looked = deferred();
  let looks = 0;
  let freeBytes = 4096 + 1023;
  const stat = vi.spyOn(fs.promises, "statfs").mockImplementation(async (at) => {
    if (++looks === 3) looked.resolve();
    return { ...(await statfs(at)), bsize: 1, bavail: freeBytes };
  });
  onTestFinished(() => stat.mockRestore());
  const write = vi.spyOn(scene.calls, "write");
  giveUp(scene);
  await looked.promise;
  expect(write).not.toHaveBeenCalled();
  freeBytes++;
  await scene.ok;
  expect(fs.statSync(scene.file).size).toBe(4096);
});

it("a write in the midst of a try to make it anew gets what that has taken", async () => {
  const scene = await eagerBallast(256 * 1024);
  const { calls, ballast, file, fd } = scene;
  const { write, writeSync } = calls;
  const trying = deferred();
  const gate = deferred();
  let pieces = 0;
  calls.write = async (...args) => {
    const written = await write.apply(calls, args);
    if (++pieces > 2) return written;
    if (pieces === 2) {
      trying.resolve();
      await gate.promise;
    }
    return written;
  };
  giveUp(scene);
  await trying.promise;
  const taken = () => fs.statSync(`${file}.tmp`).size;
  calls.writeSync = (...args) => {
    if (taken() > 0) throw errno("ENOSPC");
    return writeSync.apply(calls, args);
  };
  expect(ballast.calls.writeSync(fd, Buffer.from("two"), 0, 3, 3)).toBe(3);
  expect(fs.existsSync(file)).toBe(false);
  gate.resolve();
  // The next try comes by itself.
  await scene.ok;
  expect(pieces).toBe(2 + 4);
  expect(fs.statSync(file).size).toBe(256 * 1024);
});
