import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { DiskStorageOptions } from "../../../src/io/storage/disk-storage.ts";
import { SEGMENT_HEADER_BYTES } from "../../../src/io/storage/log-segment.ts";
import { RECORD_HEADER_BYTES } from "../../../src/protocol/record.ts";
import {
  append,
  at,
  BreakableCalls,
  damage,
  deferred,
  EventLog,
  filesIn,
  holdNames,
  logFiles,
  names,
  newDisk,
  openDisk,
  putSnapshot,
  replayed,
  temporaryDirectory,
} from "./storage-kit.ts";

const rebooted: Partial<DiskStorageOptions> = { bootId: async () => "boot-2" };
/** Bytes of a record of these tests, whose payload is `EPOCH:OFFSET` with one digit each. */
const RECORD = RECORD_HEADER_BYTES + 3;
const positionOf = (record: number): number => SEGMENT_HEADER_BYTES + (record - 1) * RECORD;

/** A directory whose last process crashed after records 1 to 9, of which the first `synced` were synced. */
async function crashedDirectory(synced: number, options: Partial<DiskStorageOptions> = {}): Promise<string> {
  const directory = temporaryDirectory();
  const calls = new BreakableCalls();
  const { storage, events } = await openDisk(directory, { appendfsync: "always", calls, ...options });
  if (synced > 0) {
    append(storage, 1, synced);
    await events.persistedUpTo(synced);
  }
  calls.gate = deferred().promise;
  if (synced < 9) append(storage, synced + 1, 9);
  storage.crash();
  return directory;
}

function onlyLogFile(directory: string): string {
  const [file, ...others] = logFiles(directory);
  expect(others).toEqual([]);
  return file ?? "";
}

describe("after a process crash", () => {
  it("an incomplete last record is cut, and that is reported", async () => {
    const directory = await crashedDirectory(0);
    const file = onlyLogFile(directory);
    fs.truncateSync(file, positionOf(9) + RECORD - 1);
    const { recovered, storage } = await openDisk(directory);
    expect(await replayed(recovered)).toEqual(names(1, 8));
    expect(recovered.repairs).toEqual([expect.stringContaining(file)]);
    append(storage, 9, 9, 2);
    storage.crash();
    expect(await replayed((await openDisk(directory)).recovered)).toEqual([...names(1, 8), "2:9"]);
  });

  it.each([
    ["in the middle", 5],
    ["in the last record", 9],
  ])(
    "a damaged record %s stops the start; the error names file, byte and way out",
    async (_where, record) => {
      const directory = await crashedDirectory(0);
      const file = onlyLogFile(directory);
      damage(file, positionOf(record) + RECORD_HEADER_BYTES);
      await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
        code: "CORRUPT_LOG",
        message: expect.stringMatching(
          new RegExp(`${file} at byte ${positionOf(record)}: .*move this data directory`),
        ),
      });
    },
  );

  it("a damaged length is not taken for a record that was cut off", async () => {
    const directory = await crashedDirectory(0);
    damage(onlyLogFile(directory), positionOf(9) + 10);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({ code: "CORRUPT_LOG" });
  });

  it("a segment that is missing in the middle stops the start", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { segmentBytesMax: 100 });
    for (let next = 1; next <= 9; next++) append(first.storage, next, next, 1, 60);
    first.storage.crash();
    fs.rmSync(logFiles(directory)[3] ?? "");
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "CORRUPT_LOG",
      message: expect.stringContaining("missing"),
    });
  });

  it("an incomplete record that others follow stops the start", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { appendfsync: "no", segmentBytesMax: 2 * RECORD });
    for (let next = 1; next <= 4; next++) append(first.storage, next, next);
    first.storage.crash();
    fs.truncateSync(logFiles(directory)[0] ?? "", SEGMENT_HEADER_BYTES + 2 * RECORD - 1);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({ code: "CORRUPT_LOG" });
  });

  it("a segment that got no header yet is removed", async () => {
    const directory = await crashedDirectory(0);
    const next = path.join(directory, "log", "0000000000000010-000000.log");
    fs.writeFileSync(next, "IRX");
    const { recovered } = await openDisk(directory);
    expect(await replayed(recovered)).toEqual(names(1, 9));
    expect(fs.existsSync(next)).toBe(false);
    expect(recovered.repairs).toHaveLength(1);
  });
});

describe("after a reboot", () => {
  it("a damaged record beyond the last sync cuts the log there, and what was cut is kept", async () => {
    const directory = await crashedDirectory(4);
    damage(onlyLogFile(directory), positionOf(6) + RECORD_HEADER_BYTES);
    const { recovered } = await openDisk(directory, rebooted);
    expect(await replayed(recovered)).toEqual(names(1, 5));
    expect(recovered.position).toEqual(at(1, 5));
    const [kept] = filesIn(path.join(directory, "rollback"));
    expect(fs.statSync(kept ?? "").size).toBe(4 * RECORD);
    expect(recovered.repairs).toEqual([expect.stringContaining(kept ?? "nothing")]);
  });

  it("zeros at the end, which were never written back, are cut", async () => {
    const directory = await crashedDirectory(4);
    const file = onlyLogFile(directory);
    fs.truncateSync(file, positionOf(7));
    fs.truncateSync(file, positionOf(9));
    expect(await replayed((await openDisk(directory, rebooted)).recovered)).toEqual(names(1, 6));
  });

  it("a damaged record before the last sync stops the start", async () => {
    const directory = await crashedDirectory(4);
    damage(onlyLogFile(directory), positionOf(3) + RECORD_HEADER_BYTES);
    await expect(newDisk(directory, rebooted).open(new EventLog())).rejects.toMatchObject({
      code: "CORRUPT_LOG",
      message: expect.stringContaining(`at byte ${positionOf(3)}`),
    });
  });

  it("a log that is shorter than what was synced stops the start", async () => {
    const directory = await crashedDirectory(6);
    fs.truncateSync(onlyLogFile(directory), positionOf(4));
    await expect(newDisk(directory, rebooted).open(new EventLog())).rejects.toMatchObject({
      code: "CORRUPT_LOG",
    });
  });

  it("segments after the cut are taken out of the log and kept", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { appendfsync: "no", segmentBytesMax: 2 * RECORD });
    for (let next = 1; next <= 8; next++) append(first.storage, next, next);
    first.storage.crash();
    damage(logFiles(directory)[1] ?? "", SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES);
    const { recovered, storage } = await openDisk(directory, rebooted);
    expect(await replayed(recovered)).toEqual(names(1, 2));
    expect(filesIn(path.join(directory, "rollback"))).toHaveLength(3);
    append(storage, 3, 3, 2);
    storage.crash();
    expect(await replayed((await openDisk(directory, rebooted)).recovered)).toEqual(["1:1", "1:2", "2:3"]);
  });

  it.each([
    ["a damaged record", (file: string) => damage(file, SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES)],
    ["a header that was never written back", (file: string) => fs.truncateSync(file, 0)],
  ])("%s is cut all the same when the process dies amid that", async (_what, harm) => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { appendfsync: "no", segmentBytesMax: 2 * RECORD });
    for (let next = 1; next <= 8; next++) append(first.storage, next, next);
    first.storage.crash();
    const [, harmed = "", third = "", fourth = ""] = logFiles(directory);
    harm(harmed);
    const { renameSync } = fs;
    for (const diesAt of [fourth, third]) {
      const rename = vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
        if (from === diesAt) throw new Error("killed");
        renameSync(from, to);
      });
      onTestFinished(() => rename.mockRestore());
      await expect(newDisk(directory, rebooted).open(new EventLog())).rejects.toThrow("killed");
      rename.mockRestore();
    }
    const { recovered } = await openDisk(directory, rebooted);
    expect(await replayed(recovered)).toEqual(names(1, 2));
    expect(logFiles(directory)).not.toContain(third);
  });

  it("segments after the cut are out of the log, durably, before it is cut", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { appendfsync: "no", segmentBytesMax: 2 * RECORD });
    for (let next = 1; next <= 4; next++) append(first.storage, next, next);
    first.storage.crash();
    const [early = "", late = ""] = logFiles(directory);
    damage(early, SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES);
    const held = holdNames(path.join(directory, "log"));
    const opened = openDisk(directory, rebooted);
    await held.asked;
    expect(fs.existsSync(late)).toBe(false);
    expect(fs.statSync(early).size).toBe(SEGMENT_HEADER_BYTES + 2 * RECORD);
    held.let();
    expect(await replayed((await opened).recovered)).toEqual([]);
  });

  it("a damaged record in a segment is refused when a later segment was synced", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { appendfsync: "always", segmentBytesMax: 2 * RECORD });
    for (let next = 1; next <= 8; next++) append(first.storage, next, next);
    await first.events.persistedUpTo(8);
    first.storage.crash();
    const early = logFiles(directory)[0] ?? "";
    // As if the early segment's own note had not been written back.
    const fd = fs.openSync(early, "r+");
    fs.writeSync(fd, Buffer.alloc(1024), 0, 1024, 512);
    fs.closeSync(fd);
    damage(early, SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES);
    await expect(newDisk(directory, rebooted).open(new EventLog())).rejects.toMatchObject({
      code: "CORRUPT_LOG",
    });
  });

  it("a log that has lost what the snapshot holds goes on behind the snapshot", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { appendfsync: "no" });
    append(first.storage, 1, 9);
    await putSnapshot(first.storage, at(1, 7), ["state"], true);
    first.storage.crash();
    const file = onlyLogFile(directory);
    // As if the note of the sync before the snapshot had not been written back.
    const fd = fs.openSync(file, "r+");
    fs.writeSync(fd, Buffer.alloc(1024), 0, 1024, 512);
    fs.closeSync(fd);
    damage(file, positionOf(5) + RECORD_HEADER_BYTES);
    const second = await openDisk(directory, rebooted);
    expect(second.recovered.position).toEqual(at(1, 7));
    expect(await replayed(second.recovered)).toEqual([]);
    append(second.storage, 8, 8, 2);
    second.storage.crash();
    expect(await replayed((await openDisk(directory, rebooted)).recovered)).toEqual(["2:8"]);
  });

  it("a note never speaks of records that were cut and written anew", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(directory, { appendfsync: "always", calls });
    append(storage, 1, 9);
    await events.persistedUpTo(9);
    storage.cut(at(1, 3));
    await new Promise((resolve) => setImmediate(resolve));
    calls.gate = deferred().promise;
    append(storage, 4, 9, 2);
    storage.crash();
    damage(onlyLogFile(directory), positionOf(5) + RECORD_HEADER_BYTES);
    expect(await replayed((await openDisk(directory, rebooted)).recovered)).toEqual([...names(1, 3), "2:4"]);
  });
});

describe("after a clean stop", () => {
  it("an incomplete last record stops the start: nothing was left to be written", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 9);
    await storage.close();
    const file = onlyLogFile(directory);
    // As if the power had gone after it, before the sync note was written back.
    const fd = fs.openSync(file, "r+");
    fs.writeSync(fd, Buffer.alloc(1024), 0, 1024, 512);
    fs.closeSync(fd);
    fs.truncateSync(file, positionOf(9) + RECORD - 1);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({ code: "CORRUPT_LOG" });
  });
});

it.each([
  ["always", 1],
  ["everysec", 1],
  ["no", 0],
] as const)(
  "what an earlier life left unsynced is synced before one with %s begins",
  async (policy, syncs) => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory, { appendfsync: "no" });
    append(first.storage, 1, 9);
    first.storage.crash();
    const calls = new BreakableCalls();
    await openDisk(directory, { appendfsync: policy, calls });
    expect(calls.syncs).toBe(syncs);
  },
);
