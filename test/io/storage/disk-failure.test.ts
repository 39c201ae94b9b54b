import { describe, expect, it } from "vitest";
import { append, BreakableCalls, errno, openDisk, temporaryDirectory } from "./storage-kit.ts";

describe("a write or sync error", () => {
  it("stops the storage, and ends the incarnation even if that can't be written down", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const first = await openDisk(directory, { appendfsync: "always", calls });
    append(first.storage, 1, 1);
    await first.events.persistedUpTo(1);
    calls.syncError = errno("EIO");
    append(first.storage, 2, 2);
    await first.events.until(() => first.events.error !== null);
    calls.syncError = null;
    expect(first.events.seen).toEqual(["failed"]);
    expect(first.events.error).toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringContaining(directory),
    });
    append(first.storage, 3, 3);
    expect(first.events.persistedOffsets).toEqual([1]);
    first.storage.crash();
    expect((await openDisk(directory)).recovered.incarnation).not.toBe(first.recovered.incarnation);
  });

  it("is remembered: the next start is a new incarnation that is not doubtful for a reboot", async () => {
    const directory = temporaryDirectory();
    const calls = new BreakableCalls();
    const first = await openDisk(directory, { appendfsync: "always", calls });
    calls.fdatasync = async () => {
      throw errno("EIO");
    };
    append(first.storage, 1, 1);
    await first.events.until(() => first.events.error !== null);
    // No clean stop any more, and it says so.
    await expect(first.storage.close()).rejects.toMatchObject({ code: "STORAGE_FAILED" });

    const { recovered } = await openDisk(directory);
    expect(recovered.incarnation).not.toBe(first.recovered.incarnation);
    expect(recovered.incarnationIsNew).toContain("EIO");
    expect(recovered.doubts).toEqual([]);
  });
});
