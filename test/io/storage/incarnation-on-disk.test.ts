/** Which starts of a data directory go on with its incarnation. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { DiskStorage, type DiskStorageOptions } from "../../../src/io/storage/disk-storage.ts";
import { append, at, EventLog, names, openDisk, replayed, temporaryDirectory } from "./storage-kit.ts";

const rebooted: Partial<DiskStorageOptions> = { bootId: async () => "boot-2" };

describe("an incarnation on disk", () => {
  async function firstLife(options: Partial<DiskStorageOptions> = {}) {
    const directory = temporaryDirectory();
    const { storage, recovered, events } = await openDisk(directory, options);
    append(storage, 1, 2);
    await events.persistedUpTo(2);
    return { directory, storage, incarnation: recovered.incarnation, recovered };
  }

  it("is new on a fresh directory", async () => {
    const { recovered } = await firstLife();
    expect(recovered.incarnationIsNew).toContain("empty");
    expect(recovered.position).toEqual(at(0, 0));
  });

  it("goes on after a crash without a reboot", async () => {
    const { directory, storage, incarnation } = await firstLife();
    storage.crash();
    const { recovered } = await openDisk(directory);
    expect(recovered.incarnation).toBe(incarnation);
    expect(recovered.incarnationIsNew).toBeNull();
  });

  it("goes on after a clean stop and a reboot, but not after a crash that follows a later start", async () => {
    const { directory, storage, incarnation } = await firstLife();
    await storage.close();
    const second = await openDisk(directory, rebooted);
    expect(second.recovered.incarnation).toBe(incarnation);
    second.storage.crash();
    const third = await openDisk(directory, { bootId: async () => "boot-3" });
    expect(third.recovered.incarnation).not.toBe(incarnation);
    expect(third.recovered.doubts).toEqual([incarnation]);
    expect(await replayed(third.recovered)).toEqual(names(1, 2));
  });

  it("goes on after a power cut under always", async () => {
    const { directory, storage, incarnation } = await firstLife({ appendfsync: "always" });
    storage.crash();
    expect((await openDisk(directory, rebooted)).recovered.incarnation).toBe(incarnation);
  });

  it("stays doubtful by reboot through a later crash", async () => {
    const { directory, storage, incarnation } = await firstLife();
    storage.crash();
    const second = await openDisk(directory, rebooted);
    second.storage.crash();
    const third = await openDisk(directory, rebooted);
    expect(third.recovered.incarnation).toBe(second.recovered.incarnation);
    expect(third.recovered.doubts).toEqual([incarnation]);
  });

  it.each([
    ["identity", "identity file"],
    ["state", "state file"],
    ["log", "log"],
  ])("is new when %s is gone", async (name, words) => {
    const { directory, storage, incarnation } = await firstLife();
    await storage.close();
    fs.rmSync(path.join(directory, name), { recursive: true });
    const { recovered } = await openDisk(directory);
    expect(recovered.incarnation).not.toBe(incarnation);
    expect(recovered.incarnationIsNew).toContain(words);
    expect(recovered.doubts).toEqual([]);
  });

  it("is begun on request, and lasts", async () => {
    const { directory, storage, incarnation } = await firstLife();
    const begun = await storage.startIncarnation("it showed less than it had acknowledged");
    expect(begun).not.toBe(incarnation);
    storage.crash();
    const second = await openDisk(directory);
    expect(second.recovered.incarnation).toBe(begun);
  });

  it("that was begun on request outlives a clean stop", async () => {
    const { directory, storage } = await firstLife();
    const begun = await storage.startIncarnation("it showed less than it had acknowledged");
    await storage.close();
    expect((await openDisk(directory)).recovered.incarnation).toBe(begun);
  });

  it("that was begun on request has nothing to do with those before it", async () => {
    const { directory, storage, incarnation } = await firstLife();
    storage.crash();
    const second = await openDisk(directory, rebooted);
    expect(second.recovered.doubts).toEqual([incarnation]);
    await second.storage.startIncarnation("it showed less than it had acknowledged");
    second.storage.crash();
    expect((await openDisk(directory, rebooted)).recovered.doubts).toEqual([]);
  });

  it("uses the machine's own boot id where none is given", async () => {
    const directory = temporaryDirectory();
    const open = async () => {
      const storage = new DiskStorage({ directory, owner: "n1", appendfsync: "no", ballastBytes: 1 });
      const recovered = await storage.open(new EventLog());
      storage.crash();
      return recovered;
    };
    const first = await open();
    const second = await open();
    const known = fs.existsSync("/proc/sys/kernel/random/boot_id") || process.platform === "darwin";
    expect(second.incarnation === first.incarnation).toBe(known);
  });
});
