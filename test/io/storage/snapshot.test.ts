import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  append,
  at,
  contentOf,
  damage,
  EventLog,
  errno,
  filesIn,
  logFiles,
  names,
  newDisk,
  offset,
  openDisk,
  putSnapshot,
  replayed,
  temporaryDirectory,
} from "./storage-kit.ts";

const snapshotFiles = (directory: string): string[] => filesIn(path.join(directory, "snapshot"));

describe("a snapshot", () => {
  it("that was committed comes back with position, history and chunks, and the log only from behind it", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 5);
    await putSnapshot(first.storage, at(1, 3), ["SET a 1;", "SET b 2;"], true);
    append(first.storage, 6, 6, 2);
    first.storage.crash();

    const { recovered } = await openDisk(directory);
    const chunks: string[] = [];
    for await (const chunk of recovered.snapshot?.chunks() ?? []) chunks.push(chunk.toString());
    expect(chunks).toEqual(["SET a 1;", "SET b 2;"]);
    expect(recovered.snapshot?.position).toEqual(at(1, 3));
    expect(recovered.position).toEqual(at(2, 6));
    expect(recovered.history).toEqual([
      { epoch: 1, firstOffset: 1 },
      { epoch: 2, firstOffset: 6 },
    ]);
    expect(await replayed(recovered)).toEqual(["1:4", "1:5", "2:6"]);
  });

  it("that was not committed is removed at the next start, and the standing one stands", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 5);
    await putSnapshot(first.storage, at(1, 3), ["standing"], true);
    const writer = await first.storage.writeSnapshot(at(1, 5), []);
    await writer.write(Buffer.from("half of it"));
    first.storage.crash();
    expect(snapshotFiles(directory)).toHaveLength(2);

    const { recovered } = await openDisk(directory);
    expect(await contentOf(recovered.snapshot)).toBe("standing");
    expect(snapshotFiles(directory)).toHaveLength(1);
    expect(recovered.repairs).toEqual([expect.stringContaining("never finished")]);
  });

  it("that is aborted leaves nothing behind", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 1);
    const writer = await storage.writeSnapshot(at(1, 1), []);
    await writer.write(Buffer.from("x"));
    await writer.abort();
    expect(snapshotFiles(directory)).toEqual([]);
    expect(storage.readSnapshot()).toBeNull();
  });

  it("that is committed replaces the one before, which a reader goes on reading", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 5);
    await putSnapshot(storage, at(1, 3), ["old 1", "old 2"], true);
    const old = storage.readSnapshot();
    const reader = old?.chunks()[Symbol.asyncIterator]();
    expect((await reader?.next())?.value.toString()).toBe("old 1");
    await putSnapshot(storage, at(1, 4), ["new"], true);
    expect((await reader?.next())?.value.toString()).toBe("old 2");
    expect((await reader?.next())?.done).toBe(true);
    expect(snapshotFiles(directory)).toHaveLength(1);
    expect(await contentOf(storage.readSnapshot())).toBe("new");
    await expect(contentOf(old ?? null)).rejects.toMatchObject({ code: "SNAPSHOT_GONE" });
  });

  it("is refused when the log was cut below it since it was begun", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 5);
    const writer = await storage.writeSnapshot(at(1, 5), []);
    storage.cut(at(1, 4));
    await expect(writer.commit({ keepLog: true })).rejects.toMatchObject({ code: "SNAPSHOT_STALE" });
    expect(snapshotFiles(directory)).toEqual([]);
  });

  it.each([
    ["header", 20],
    ["footer", -1],
  ])("with a damaged %s stops the start", async (_part, position) => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 1);
    await putSnapshot(storage, at(1, 1), ["content"], true);
    await storage.close();
    const [file = ""] = snapshotFiles(directory);
    damage(file, position < 0 ? fs.statSync(file).size + position : position);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "CORRUPT_SNAPSHOT",
      message: expect.stringContaining(file),
    });
  });

  it("with a damaged chunk fails when that is read", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    append(storage, 1, 1);
    await putSnapshot(storage, at(1, 1), ["content"], true);
    const [file = ""] = snapshotFiles(directory);
    damage(file, fs.readFileSync(file).indexOf("content"));
    await expect(contentOf(storage.readSnapshot())).rejects.toMatchObject({ code: "CORRUPT_SNAPSHOT" });
  });
});

describe("a local snapshot", () => {
  it("drops segments wholly behind it, but keeps some log for partial syncs", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory, { segmentBytesMax: 1000, logKeepBytes: 3000 });
    for (let next = 1; next <= 100; next++) append(storage, next, next, 1, 100);
    await putSnapshot(storage, at(1, 50), ["state"], true);
    const first = storage.firstOffset();
    expect(first).toBeGreaterThan(30);
    expect(first).toBeLessThanOrEqual(51);
    await putSnapshot(storage, at(1, 100), ["state"], true);
    expect(storage.firstOffset()).toBeLessThan(80);
    expect(storage.firstOffset()).toBeGreaterThan(60);
    expect(await storage.readLog(offset(1), 100)).toBeNull();
    const [oldest = ""] = logFiles(directory);
    expect(path.basename(oldest)).toBe(`${String(storage.firstOffset()).padStart(16, "0")}-000000.log`);
    expect(logFiles(directory).filter((file) => !file.endsWith(".log"))).toEqual([]);
  });

  it("drops segments also where a full disk has no room for another name", async () => {
    const directory = temporaryDirectory();
    const { storage, events } = await openDisk(directory, { segmentBytesMax: 1000, logKeepBytes: 0 });
    for (let next = 1; next <= 50; next++) append(storage, next, next, 1, 100);
    const { renameSync } = fs;
    const call = vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
      if (String(to).endsWith(".gone")) throw errno("ENOSPC");
      renameSync(from, to);
    });
    onTestFinished(() => call.mockRestore());
    await putSnapshot(storage, at(1, 50), ["state"], true);
    expect(logFiles(directory)).toHaveLength(1);
    expect(storage.firstOffset()).toBeGreaterThan(40);
    expect(events.seen).toEqual([]);
  });

  it("leaves dropped segments to the next start when a crash comes before they are removed", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 3);
    first.storage.crash();
    const [segment = ""] = logFiles(directory);
    fs.writeFileSync(`${segment}.gone`, "what was in it");

    const { recovered } = await openDisk(directory);
    expect(await replayed(recovered)).toEqual(["1:1", "1:2", "1:3"]);
    expect(logFiles(directory)).toEqual([segment]);
    expect(recovered.repairs).toEqual([]);
  });

  it("makes logBytes count anew from its position", async () => {
    const { storage } = await openDisk(temporaryDirectory());
    append(storage, 1, 4);
    const recordBytes = storage.logBytes() / 4;
    await putSnapshot(storage, at(1, 3), ["state"], true);
    expect(storage.logBytes()).toBe(recordBytes);
    append(storage, 5, 5);
    expect(storage.logBytes()).toBe(2 * recordBytes);
  });
});

describe("the snapshot of a full sync", () => {
  it("takes the place of the whole log, which begins anew behind it", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 5);
    await putSnapshot(first.storage, at(4, 70), ["the master's state"], false);
    expect(first.storage.firstOffset()).toBe(71);
    expect(first.storage.logBytes()).toBe(0);
    append(first.storage, 71, 72, 4);
    expect(await first.storage.readLog(offset(70), 100)).toBeNull();
    first.storage.crash();

    const { recovered } = await openDisk(directory);
    expect(recovered.snapshot?.position).toEqual(at(4, 70));
    expect(await replayed(recovered)).toEqual(names(71, 72, 4));
    expect(logFiles(directory)).toHaveLength(1);
    expect(recovered.repairs).toEqual([]);
  });

  it("stands at a lower position than the one before, if that is what the master has", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    await putSnapshot(first.storage, at(5, 200), ["never committed"], false);
    await putSnapshot(first.storage, at(4, 140), ["the new master's"], false);
    first.storage.crash();
    expect(await contentOf((await openDisk(directory)).recovered.snapshot)).toBe("the new master's");
  });

  it("stands also beside one of a higher position that a crash has left", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    await putSnapshot(first.storage, at(5, 200), ["never committed"], false);
    const [old = ""] = snapshotFiles(directory);
    const bytes = fs.readFileSync(old);
    await putSnapshot(first.storage, at(4, 140), ["the new master's"], false);
    first.storage.crash();
    fs.writeFileSync(old, bytes);
    expect(await contentOf((await openDisk(directory)).recovered.snapshot)).toBe("the new master's");
    expect(snapshotFiles(directory)).toHaveLength(1);
  });

  it("interrupted by a crash before its rename leaves the old log and removes the new one's beginning", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 5);
    const orphan = path.join(directory, "log", "0000000000000071-000001.log");
    first.storage.crash();
    fs.writeFileSync(orphan, Buffer.alloc(4096));

    const { recovered } = await openDisk(directory);
    expect(await replayed(recovered)).toEqual(names(1, 5));
    expect(fs.existsSync(orphan)).toBe(false);
    expect(recovered.repairs).toEqual([expect.stringContaining("interrupted")]);
  });

  it("that can't get its name leaves nothing in the way of the next one", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 5);
    const before = logFiles(directory);
    vi.spyOn(fs, "renameSync").mockImplementationOnce(() => {
      throw errno("ENOSPC");
    });
    await expect(putSnapshot(first.storage, at(4, 70), ["x"], false)).rejects.toThrow("ENOSPC");
    expect(logFiles(directory)).toEqual(before);
    await putSnapshot(first.storage, at(4, 80), ["the master's state"], false);
    append(first.storage, 81, 82, 4);
    first.storage.crash();

    const { recovered } = await openDisk(directory);
    expect(await contentOf(recovered.snapshot)).toBe("the master's state");
    expect(await replayed(recovered)).toEqual(names(81, 82, 4));
  });

  it("interrupted by a crash after its rename is finished by the next start", async () => {
    const directory = temporaryDirectory();
    const first = await openDisk(directory);
    append(first.storage, 1, 5);
    const [oldLog = ""] = logFiles(directory);
    const bytes = fs.readFileSync(oldLog);
    await putSnapshot(first.storage, at(4, 70), ["x"], false);
    first.storage.crash();
    fs.writeFileSync(oldLog, bytes);

    const { recovered } = await openDisk(directory);
    expect(recovered.position).toEqual(at(4, 70));
    expect(await replayed(recovered)).toEqual([]);
    expect(fs.existsSync(oldLog)).toBe(false);
  });

  it("outdates a local snapshot that was under way", async () => {
    const { storage } = await openDisk(temporaryDirectory());
    append(storage, 1, 5);
    const local = await storage.writeSnapshot(at(1, 5), []);
    await putSnapshot(storage, at(2, 5), ["the master's"], false);
    await expect(local.commit({ keepLog: true })).rejects.toMatchObject({ code: "SNAPSHOT_STALE" });
    expect(await contentOf(storage.readSnapshot())).toBe("the master's");
  });
});
