/** What may happen between a snapshot's commit and its end, and what is durable before what. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  append,
  at,
  BreakableCalls,
  deferred,
  holdNames,
  logFiles,
  names,
  offset,
  openDisk,
  replayed,
  temporaryDirectory,
} from "./storage-kit.ts";

async function turns(): Promise<void> {
  for (let count = 0; count < 50; count++) await new Promise((resolve) => setImmediate(resolve));
}

describe("a local snapshot that is being committed", () => {
  it("is refused when the log is cut below it meanwhile", async () => {
    const calls = new BreakableCalls();
    const { storage } = await openDisk(temporaryDirectory(), { appendfsync: "no", calls });
    append(storage, 1, 9);
    const snapshot = await storage.writeSnapshot(at(1, 7), []);
    const gate = deferred();
    calls.gate = gate.promise;
    const committed = expect(snapshot.commit({ keepLog: true })).rejects.toMatchObject({
      code: "SNAPSHOT_STALE",
    });
    storage.cut(at(1, 4));
    calls.gate = null;
    gate.resolve();
    await committed;
    expect(storage.readSnapshot()).toBeNull();
  });

  it("takes no log with it when a cut takes it away again", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory, { segmentBytesMax: 300, logKeepBytes: 0 });
    for (let next = 1; next <= 40; next++) append(storage, next, next, 1, 50);
    const snapshot = await storage.writeSnapshot(at(1, 30), []);
    const held = holdNames(path.join(directory, "snapshot"));
    const committed = snapshot.commit({ keepLog: true });
    await held.asked;
    storage.cut(at(1, 20));
    held.let();
    await committed;
    expect(storage.firstOffset()).toBe(1);
    storage.crash();
    expect(await replayed((await openDisk(directory)).recovered)).toEqual(names(1, 20));
  });
});

describe("the snapshot of a full sync that is being committed", () => {
  it("stands only when it is durable itself", async () => {
    const calls = new BreakableCalls();
    const { storage } = await openDisk(temporaryDirectory(), { calls });
    const snapshot = await storage.writeSnapshot(at(4, 70), []);
    const gate = deferred();
    calls.gate = gate.promise;
    const committed = snapshot.commit({ keepLog: false });
    await turns();
    expect(storage.readSnapshot()).toBeNull();
    gate.resolve();
    await committed;
    expect(storage.readSnapshot()?.position).toEqual(at(4, 70));
  });

  it("stands only when the log that begins behind it is durable by name", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 5);
    const snapshot = await storage.writeSnapshot(at(4, 70), []);
    const held = holdNames(path.join(directory, "log"));
    const committed = snapshot.commit({ keepLog: false });
    await held.asked;
    await turns();
    expect(storage.readSnapshot()).toBeNull();
    held.let();
    await committed;
    expect(storage.readSnapshot()?.position).toEqual(at(4, 70));
  });

  it("leaves the log alone when the process is killed first", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage } = await openDisk(directory, { calls });
    append(storage, 1, 5);
    const files = logFiles(directory);
    const snapshot = await storage.writeSnapshot(at(4, 70), []);
    const gate = deferred();
    calls.gate = gate.promise;
    const committed = expect(snapshot.commit({ keepLog: false })).rejects.toThrow();
    const create = vi.spyOn(fs, "openSync");
    onTestFinished(() => create.mockRestore());
    await turns();
    storage.crash();
    calls.gate = null;
    gate.resolve();
    await committed;
    // The directory may be another process's by now.
    expect(create).not.toHaveBeenCalled();
    expect(logFiles(directory)).toEqual(files);
  });

  it("leaves the log that was to take its place, too, when the process is killed then", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 5);
    const snapshot = await storage.writeSnapshot(at(4, 70), []);
    const held = holdNames(path.join(directory, "log"));
    const committed = expect(snapshot.commit({ keepLog: false })).rejects.toThrow();
    await held.asked;
    storage.crash();
    const files = logFiles(directory);
    held.let();
    await committed;
    expect(files).toHaveLength(2);
    expect(logFiles(directory)).toEqual(files);
  });

  it("takes with it what was still to be told of the old log", async () => {
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(temporaryDirectory(), { appendfsync: "always", calls });
    const gate = deferred();
    calls.gate = gate.promise;
    append(storage, 1, 100);
    await turns();
    calls.gate = null;
    const snapshot = await storage.writeSnapshot(at(4, 70), []);
    await snapshot.commit({ keepLog: false });
    gate.resolve();
    append(storage, 71, 71, 4);
    await events.persistedUpTo(71);
    expect(events.persistedOffsets).toEqual([71]);
    expect(storage.firstOffset()).toBe(offset(71));
  });
});

it("the first file of a log is durable by name before the storage is in use", async () => {
  const directory = temporaryDirectory();
  const held = holdNames(path.join(directory, "log"));
  let isOpen = false;
  const opened = openDisk(directory).then(() => {
    isOpen = true;
  });
  await held.asked;
  await turns();
  expect(isOpen).toBe(false);
  held.let();
  await opened;
});
