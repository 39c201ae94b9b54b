/** Clients may use up the file descriptors: for what is written that is a wait, never the end of the incarnation. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  append,
  at,
  BreakableCalls,
  deferred,
  errno,
  logFiles,
  names,
  namesIn,
  openDisk,
  putSnapshot,
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

  /** As `useUp`, save that what is closed on the event loop may be opened again. */
  function useUpAllButClosed(): { readonly giveBack: () => void } {
    let free = 0;
    const { openSync, closeSync } = fs;
    const spies = [
      vi.spyOn(fs, "openSync").mockImplementation((...args) => {
        if (free === 0) throw errno(code);
        free--;
        return openSync(...args);
      }),
      vi.spyOn(fs, "closeSync").mockImplementation((fd) => {
        closeSync(fd);
        free++;
      }),
    ];
    const giveBack = (): void => {
      for (const spy of spies) spy.mockRestore();
    };
    onTestFinished(giveBack);
    return { giveBack };
  }

  it("what the master does not have is cut from the log and kept, again and again", async () => {
    const directory = temporaryDirectory();
    const { storage, events } = await openDisk(directory);
    append(storage, 1, 9);
    const { giveBack } = useUpAllButClosed();
    const kept = [7, 5].map((last) => storage.cut(at(1, last))?.file ?? "");
    append(storage, 6, 6, 2);
    await events.persistedUpTo(6);
    giveBack();
    expect(kept.map((file) => namesIn(fs.readFileSync(file)))).toEqual([names(8, 9), names(6, 7)]);
    expect(events.seen).toEqual([]);
    storage.crash();
    expect(await replayed((await openDisk(directory)).recovered)).toEqual([...names(1, 5), "2:6"]);
  });

  it("a cut below the snapshot takes log and snapshot away", async () => {
    const { storage, events } = await openDisk(temporaryDirectory());
    append(storage, 1, 9);
    await putSnapshot(storage, at(1, 9), ["own"], false);
    append(storage, 10, 12);
    useUpAllButClosed();
    expect(storage.cut(at(1, 5))?.bytes).toBeGreaterThan(0);
    expect([storage.firstOffset(), storage.readSnapshot(), events.seen]).toEqual([1, null, []]);
  });

  it("a full sync waits to keep what the log that it replaces has more", async () => {
    const { storage, events } = await openDisk(temporaryDirectory());
    append(storage, 1, 9);
    const writer = await storage.writeSnapshot(at(2, 20), []);
    await writer.write(Buffer.from("the master's"));
    const { openSync } = fs;
    const { open } = fs.promises;
    const refusals = { rollback: 2, log: 2 };
    const refuse = (file: fs.PathLike, what: "rollback" | "log"): void => {
      if (path.basename(path.dirname(String(file))) !== what || refusals[what] === 0) return;
      refusals[what]--;
      throw errno(code);
    };
    const spies = [
      vi.spyOn(fs, "openSync").mockImplementation((file, ...how) => {
        refuse(file, "rollback");
        return openSync(file, ...how);
      }),
      vi.spyOn(fs.promises, "open").mockImplementation((file, ...how) => {
        refuse(String(file), "log");
        return open(file, ...how);
      }),
    ];
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore();
    });
    const kept = await writer.commit({ keepLog: false, keepAfter: at(1, 5) });
    expect(namesIn(fs.readFileSync(kept?.file ?? ""))).toEqual(names(6, 9));
    expect([refusals, events.seen]).toEqual([{ rollback: 0, log: 0 }, []]);
  });

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
