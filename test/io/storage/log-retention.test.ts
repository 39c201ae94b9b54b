/** Log that is kept for replicas which are being brought up, beyond what a snapshot leaves; in both kinds of storage. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { MemberStorage } from "../../../src/io/storage/member-storage.ts";
import { MemoryDisk, MemoryStorage } from "../../../src/io/storage/memory-storage.ts";
import {
  append,
  at,
  BreakableCalls,
  EventLog,
  logFiles,
  offset,
  openDisk,
  putSnapshot,
  temporaryDirectory,
} from "./storage-kit.ts";

const RECORD_BYTES = 100;
const LIMITS = { logKeepBytes: 0, syncLogBytesMax: 60 * RECORD_BYTES };

interface Scene {
  readonly storage: MemberStorage;
  readonly events: EventLog;
}

async function onDisk(): Promise<Scene> {
  return openDisk(temporaryDirectory(), { ...LIMITS, segmentBytesMax: 5 * RECORD_BYTES });
}

async function inMemory(): Promise<Scene> {
  const storage = new MemoryStorage(new MemoryDisk(), LIMITS);
  const events = new EventLog();
  await storage.open(events);
  onTestFinished(() => storage.crash());
  return { storage, events };
}

function write(storage: MemberStorage, first: number, last: number): void {
  for (let next = first; next <= last; next++) append(storage, next, next, 1, RECORD_BYTES - 28);
}

describe.each([
  ["on disk", onDisk],
  ["in memory", inMemory],
])("the log that replicas need, %s", (_where, open) => {
  it("stays behind snapshots until it is needed no longer", async () => {
    const { storage, events } = await open();
    write(storage, 1, 40);
    await putSnapshot(storage, at(1, 20), ["old"], true);
    storage.retainLog(offset(20));
    write(storage, 41, 60);
    await putSnapshot(storage, at(1, 60), ["new"], true);
    expect(storage.firstOffset()).toBe(21);
    expect(await storage.readLog(offset(21), 100)).not.toBeNull();
    storage.retainLog(offset(40));
    await vi.waitFor(() => expect(storage.firstOffset()).toBe(41));
    storage.retainLog(null);
    await vi.waitFor(() => expect(storage.firstOffset()).toBeGreaterThan(50));
    expect(events.seen).toEqual([]);
  });

  it("goes all the same when it becomes too long, and that is told", async () => {
    const { storage, events } = await open();
    write(storage, 1, 10);
    await putSnapshot(storage, at(1, 10), ["old"], true);
    storage.retainLog(offset(10));
    write(storage, 11, 70);
    await putSnapshot(storage, at(1, 70), ["as long as it may be"], true);
    expect([storage.firstOffset(), events.dropped]).toEqual([11, []]);
    write(storage, 71, 90);
    await putSnapshot(storage, at(1, 90), ["new"], true);
    const firstOffset = storage.firstOffset();
    expect(firstOffset).toBeGreaterThan(80);
    expect(events.dropped).toEqual([{ firstOffset, bytes: 80 * RECORD_BYTES, why: "limit" }]);
    // Nothing is kept any more, until who begins anew asks for it.
    write(storage, 91, 120);
    await putSnapshot(storage, at(1, 120), ["newer"], true);
    expect(storage.firstOffset()).toBeGreaterThan(110);
    storage.retainLog(offset(120));
    write(storage, 121, 150);
    await putSnapshot(storage, at(1, 150), ["newest"], true);
    expect(storage.firstOffset()).toBeLessThanOrEqual(121);
    expect(events.dropped).toHaveLength(1);
  });

  it("is not missed where it was gone before it was asked for; the rest stays", async () => {
    const { storage, events } = await open();
    write(storage, 1, 100);
    await putSnapshot(storage, at(1, 50), ["old"], true);
    const firstOffset = storage.firstOffset();
    storage.retainLog(offset(0));
    await putSnapshot(storage, at(1, 100), ["new"], true);
    expect([storage.firstOffset(), events.dropped]).toEqual([firstOffset, []]);
  });
});

it("a full disk gets back the log that was kept for replicas", async () => {
  const directory = temporaryDirectory();
  const calls = new BreakableCalls();
  const { storage, events } = await openDisk(directory, {
    ...LIMITS,
    segmentBytesMax: 5 * RECORD_BYTES,
    calls,
    ballastBytes: 3 * 4096,
    ballastRetryMs: 5,
  });
  write(storage, 1, 20);
  await putSnapshot(storage, at(1, 20), ["old"], true);
  storage.retainLog(offset(20));
  write(storage, 21, 60);
  await putSnapshot(storage, at(1, 60), ["new"], true);
  const files = logFiles(directory).length;
  calls.fill(10, `${directory}/ballast`, 3 * 4096);
  write(storage, 61, 61);
  await events.until(() => events.dropped.length > 0);
  expect(storage.firstOffset()).toBeGreaterThan(50);
  expect(events.dropped).toEqual([
    { firstOffset: storage.firstOffset(), bytes: 41 * RECORD_BYTES, why: "diskFull" },
  ]);
  await vi.waitFor(() => expect(logFiles(directory).length).toBeLessThan(files));
  calls.roomBytes = null;
  await events.until(() => events.seen.includes("diskOk"));
});
