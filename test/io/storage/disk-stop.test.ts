/** A clean stop, and what makes it none: something that was under way, or the last sync itself, fails. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  append,
  at,
  BreakableCalls,
  deferred,
  errno,
  filesIn,
  logFiles,
  openDisk,
  putSnapshot,
  temporaryDirectory,
} from "./storage-kit.ts";

/** A disk on which one sync fails, the next one; those after it say that all is well, as page caches do. */
class ForgetfulCalls extends BreakableCalls {
  failsOnce = false;

  override async fdatasync(fd: number): Promise<void> {
    await this.gate;
    if (this.failsOnce) {
      this.failsOnce = false;
      throw errno("EIO");
    }
    await super.fdatasync(fd);
  }
}

describe("a stop", () => {
  it("whose last sync fails ends the incarnation, and frees the directory", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage } = await openDisk(directory, { appendfsync: "no", calls });
    append(storage, 1, 1);
    calls.fdatasync = async () => {
      throw errno("EIO");
    };
    await expect(storage.close()).rejects.toThrow("EIO");
    expect((await openDisk(directory)).recovered.incarnationIsNew).toContain("EIO");
  });

  it("is no clean one after a sync has failed, though its own sync finds nothing wrong", async () => {
    const directory = temporaryDirectory();
    const calls = new ForgetfulCalls();
    const { storage, events } = await openDisk(directory, { appendfsync: "always", calls });
    calls.failsOnce = true;
    append(storage, 1, 1);
    await events.until(() => events.error !== null);
    await expect(storage.close()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect((await openDisk(directory)).recovered.incarnationIsNew).toContain("EIO");
  });

  it("is no clean one when the sync for a snapshot fails meanwhile", async () => {
    const directory = temporaryDirectory();
    const calls = new ForgetfulCalls();
    const { storage } = await openDisk(directory, { appendfsync: "no", calls });
    append(storage, 1, 5);
    const snapshot = await storage.writeSnapshot(at(1, 3), []);
    const gate = deferred();
    calls.gate = gate.promise;
    calls.failsOnce = true;
    const committed = expect(snapshot.commit({ keepLog: true })).rejects.toThrow("EIO");
    const closed = expect(storage.close()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    calls.gate = null;
    gate.resolve();
    await committed;
    await closed;
    expect((await openDisk(directory)).recovered.incarnationIsNew).toContain("EIO");
  });

  it("waits for the snapshot that takes the place of what was, and for its log", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage } = await openDisk(directory, { calls });
    append(storage, 1, 5);
    const gate = deferred();
    const snapshot = await storage.writeSnapshot(at(4, 70), []);
    calls.gate = gate.promise;
    const ended: string[] = [];
    const committed = snapshot.commit({ keepLog: false }).then(() => ended.push("commit"));
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
    // The snapshot's own sync takes long, and no other one.
    calls.gate = null;
    const closed = storage.close().then(() => ended.push("close"));
    for (let turns = 0; turns < 100; turns++) await new Promise((resolve) => setImmediate(resolve));
    gate.resolve();
    await Promise.all([committed, closed]);
    expect(ended).toEqual(["commit", "close"]);
    const { recovered } = await openDisk(directory);
    expect([recovered.position, recovered.repairs]).toEqual([at(4, 70), []]);
    expect(recovered.incarnationIsNew).toBeNull();
  });

  it("takes a snapshot away that is still being written", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 5);
    const snapshot = await storage.writeSnapshot(at(1, 3), []);
    await snapshot.write(Buffer.from("half"));
    await storage.close();
    expect(filesIn(path.join(directory, "snapshot"))).toEqual([]);
  });

  it("lets a read of the log end that is under way", async () => {
    const { storage } = await openDisk(temporaryDirectory());
    append(storage, 1, 5);
    const read = storage.readLog(at(1, 1).offset, 1000);
    await storage.close();
    expect((await read)?.length).toBeGreaterThan(0);
  });
});

it("a process that is killed writes nothing more, whatever ends after it", async () => {
  const calls = new BreakableCalls();
  const { storage } = await openDisk(temporaryDirectory(), { appendfsync: "always", calls });
  const gate = deferred();
  calls.gate = gate.promise;
  append(storage, 1, 1);
  storage.crash();
  calls.syncs = 0;
  const write = vi.spyOn(calls, "writeSync");
  calls.gate = null;
  gate.resolve();
  for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
  expect(calls.syncs).toBe(1);
  expect(write).not.toHaveBeenCalled();
});

describe("a snapshot that stands", () => {
  it("ends the incarnation when its name can't be made durable", async () => {
    const directory = temporaryDirectory();
    const { storage, events } = await openDisk(directory);
    append(storage, 1, 5);
    const { open } = fs.promises;
    const call = vi.spyOn(fs.promises, "open").mockImplementation(async (file, ...how) => {
      if (file === path.join(directory, "snapshot")) throw errno("EIO");
      return open(file, ...how);
    });
    onTestFinished(() => call.mockRestore());
    await expect(putSnapshot(storage, at(1, 3), ["state"], true)).rejects.toThrow("EIO");
    await events.until(() => events.error !== null);
    call.mockRestore();
    await expect(storage.close()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  });

  it.each([
    ["own", true],
    ["received", false],
  ])("ends the incarnation when the old log can't be taken away: %s", async (_kind, keepLog) => {
    const directory = temporaryDirectory();
    const { storage, events } = await openDisk(directory, { segmentBytesMax: 300, logKeepBytes: 0 });
    for (let next = 1; next <= 9; next++) append(storage, next, next, 1, 100);
    const { renameSync } = fs;
    const call = vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
      if (String(to).endsWith(".gone")) throw errno("EIO");
      renameSync(from, to);
    });
    onTestFinished(() => call.mockRestore());
    await expect(putSnapshot(storage, at(1, 9), ["state"], keepLog)).rejects.toThrow("EIO");
    await events.until(() => events.error !== null);
    call.mockRestore();
    storage.crash();
    const { recovered } = await openDisk(directory);
    expect([recovered.position, recovered.snapshot?.position]).toEqual([at(1, 9), at(1, 9)]);
    expect(logFiles(directory).length).toBeGreaterThan(0);
  });
});
