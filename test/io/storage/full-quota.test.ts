import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import { append, at, BreakableCalls, errno, openDisk, temporaryDirectory } from "./storage-kit.ts";

/** Calls that fail, while `full` says so, with what a used-up quota gives. */
function quotaCalls(full: () => boolean): BreakableCalls {
  const calls = new BreakableCalls();
  calls.writeSync = (...args) => {
    if (full()) throw errno("EDQUOT");
    return nodeFileCalls.writeSync(...args);
  };
  calls.write = async (...args) => {
    if (full()) throw errno("EDQUOT");
    return nodeFileCalls.write(...args);
  };
  return calls;
}

describe("a quota that is used up", () => {
  it("is a full disk: the ballast goes, what was executed is written, the incarnation lives on", async () => {
    const directory = temporaryDirectory();
    let used = false;
    const calls = quotaCalls(() => used && fs.existsSync(path.join(directory, "ballast")));
    const { storage, events, recovered } = await openDisk(directory, { calls, ballastRetryMs: 60_000 });
    used = true;
    append(storage, 1, 1);
    await events.until(() => events.seen.length > 0);
    expect(events.seen).toEqual(["diskFull"]);
    await storage.close();
    expect((await openDisk(directory)).recovered.incarnation).toBe(recovered.incarnation);
  });

  it("loses what is cut rather than die of it", async () => {
    let used = false;
    const calls = quotaCalls(() => used);
    const { storage, events } = await openDisk(temporaryDirectory(), { calls, ballastRetryMs: 60_000 });
    append(storage, 1, 9);
    used = true;
    expect(storage.cut(at(1, 5))).toMatchObject({ file: null });
    expect(events.error).toBeNull();
  });

  it("refuses a snapshot as a full disk does", async () => {
    let used = false;
    const { storage } = await openDisk(temporaryDirectory(), { calls: quotaCalls(() => used) });
    const writer = await storage.writeSnapshot(at(1, 0), []);
    used = true;
    await expect(writer.write(Buffer.from("state"))).rejects.toMatchObject({ code: "DISK_FULL" });
  });
});
