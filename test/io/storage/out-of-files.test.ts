/** Clients may use up the file descriptors: for what is written that is a wait, never the end of the incarnation. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  append,
  BreakableCalls,
  deferred,
  errno,
  logFiles,
  names,
  openDisk,
  replayed,
  temporaryDirectory,
} from "./storage-kit.ts";

const always = { appendfsync: "always", segmentBytesMax: 100 } as const;

describe.each(["EMFILE", "ENFILE"])("without a free file descriptor (%s)", (code) => {
  /** `refused` resolves when two that were asked for off the event loop were not to be had. */
  function useUp(): { readonly giveBack: () => void; readonly refused: Promise<void> } {
    const open = vi.spyOn(fs, "openSync").mockImplementation(() => {
      throw errno(code);
    });
    const refused = deferred();
    let refusals = 0;
    const openSoon = vi.spyOn(fs.promises, "open").mockImplementation(async () => {
      if (++refusals === 2) refused.resolve();
      throw errno(code);
    });
    const giveBack = (): void => {
      open.mockRestore();
      openSoon.mockRestore();
    };
    onTestFinished(giveBack);
    return { giveBack, refused: refused.promise };
  }

  it("the log goes on in the segment that it has, and in a new one afterwards", async () => {
    const directory = temporaryDirectory();
    const { storage, events } = await openDisk(directory, always);
    append(storage, 1, 1, 1, 90);
    await events.persistedUpTo(1);
    const { giveBack } = useUp();
    append(storage, 2, 2, 1, 90);
    await events.persistedUpTo(2);
    giveBack();
    expect(logFiles(directory)).toHaveLength(1);
    append(storage, 3, 3, 1, 90);
    await events.persistedUpTo(3);
    expect(logFiles(directory)).toHaveLength(2);
    expect(events.seen).toEqual([]);
    storage.crash();
    expect(await replayed((await openDisk(directory)).recovered)).toEqual(names(1, 3));
  });

  it("a new segment's name is durable as soon as there is one", async () => {
    const { storage, events } = await openDisk(temporaryDirectory(), always);
    append(storage, 1, 1, 1, 90);
    await events.persistedUpTo(1);
    append(storage, 2, 2, 1, 90);
    const { giveBack, refused } = useUp();
    await refused;
    expect(events.persistedOffsets).toEqual([1]);
    giveBack();
    await events.persistedUpTo(2);
    expect(events.seen).toEqual([]);
  });

  it("the ballast is given up, and made anew afterwards", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const { storage, events } = await openDisk(directory, { calls, ballastRetryMs: 1 });
    const { giveBack, refused } = useUp();
    calls.fill(0, path.join(directory, "ballast"), 4096);
    append(storage, 1, 1);
    await refused;
    expect(events.seen).toEqual(["diskFull"]);
    calls.roomBytes = null;
    giveBack();
    await events.until(() => events.seen.length > 1);
    expect(events.seen).toEqual(["diskFull", "diskOk"]);
  });
});
