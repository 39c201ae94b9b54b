import { expect, it, onTestFinished } from "vitest";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import { LogSegment } from "../../../src/io/storage/log-segment.ts";
import { SegmentedLog } from "../../../src/io/storage/segmented-log.ts";
import {
  append,
  at,
  BreakableCalls,
  batch,
  deferred,
  offset,
  openDisk,
  temporaryDirectory,
} from "./storage-kit.ts";

/** Records of one segment each, and syncs that wait for `gate`. */
function slowLog(records: number): { log: SegmentedLog; calls: BreakableCalls; directory: string } {
  const directory = temporaryDirectory();
  const calls = new BreakableCalls();
  const log = new SegmentedLog(
    directory,
    [LogSegment.create(directory, 0, offset(1), nodeFileCalls)],
    1,
    calls,
  );
  onTestFinished(() => log.close());
  for (let next = 1; next <= records; next++) log.append(batch(next, next), offset(next), offset(next));
  return { log, calls, directory };
}

it("a sync over several segments outlives a cut that takes some of them away, and syncs those that stay", async () => {
  const { log, calls } = slowLog(4);
  const gate = deferred();
  calls.gate = gate.promise;
  const sync = log.sync();
  log.cut(offset(2));
  gate.resolve();
  await sync;
  expect(calls.syncs).toBe(2);
  expect(log.lastOffset).toBe(2);
});

it("a sync over several segments outlives a snapshot that drops some of them", async () => {
  const { log, calls } = slowLog(4);
  const gate = deferred();
  calls.gate = gate.promise;
  const sync = log.sync();
  await log.dropBehind(offset(3), 0);
  gate.resolve();
  await sync;
  expect(log.firstOffset).toBe(4);
});

it("a cut during a sync over several segments ends neither the storage nor its incarnation", async () => {
  const directory = temporaryDirectory();
  const calls = new BreakableCalls();
  const options = { calls, appendfsync: "always", segmentBytesMax: 1 } as const;
  const { storage, events, recovered } = await openDisk(directory, options);
  append(storage, 1, 1);
  await events.persistedUpTo(1);
  const gate = deferred();
  calls.gate = gate.promise;
  // The first of these is being synced; the others, each in a segment of its own, are the next sync's.
  for (let next = 2; next <= 5; next++) append(storage, next, next);
  const second = deferred();
  calls.gate = second.promise;
  gate.resolve();
  await events.persistedUpTo(2);
  storage.cut(at(1, 2));
  second.resolve();
  append(storage, 3, 3, 2);
  await events.until(() => events.error !== null || events.persistedOffsets.includes(3));
  expect(events.error).toBeNull();
  await storage.close();
  expect((await openDisk(directory)).recovered.incarnation).toBe(recovered.incarnation);
});
