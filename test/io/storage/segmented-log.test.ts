import fs from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import { LogSegment } from "../../../src/io/storage/log-segment.ts";
import { SegmentedLog } from "../../../src/io/storage/segmented-log.ts";
import { batch, deferred, offset, temporaryDirectory } from "./storage-kit.ts";

describe("two syncs of the log at a time", () => {
  it("both make the name of a new segment durable before they end", async () => {
    const directory = temporaryDirectory();
    const first = LogSegment.create(directory, 0, offset(1), nodeFileCalls);
    const log = new SegmentedLog(directory, [first], 1, nodeFileCalls);
    onTestFinished(() => log.close());
    log.append(batch(1, 1), offset(1), offset(1));
    log.append(batch(2, 2), offset(2), offset(2));
    const { open } = fs.promises;
    const gate = deferred();
    let directorySyncs = 0;
    const held = vi.spyOn(fs.promises, "open").mockImplementation(async (...args) => {
      directorySyncs++;
      if (directorySyncs === 1) await gate.promise;
      return open(...args);
    });
    onTestFinished(() => held.mockRestore());

    const syncs = [log.sync(), log.sync()];
    await Promise.race(syncs);
    expect(directorySyncs).toBe(2);
    gate.resolve();
    await Promise.all(syncs);
    await log.sync();
    expect(directorySyncs).toBe(2);
  });
});
