/** Who may use a data directory, and what a start says that can't. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { EventLog, errno, newDisk, openDisk, temporaryDirectory } from "./storage-kit.ts";

describe("a data directory", () => {
  it("is used by one storage at a time; the error names the process", async () => {
    const directory = temporaryDirectory();
    const { storage } = await openDisk(directory);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "DATA_DIR_IN_USE",
      message: expect.stringContaining(String(process.pid)),
    });
    await storage.close();
    await openDisk(directory);
  });

  it.each(["", "data"])("that is a file is refused in one line", async (inside) => {
    const file = path.join(temporaryDirectory(), "file");
    fs.writeFileSync(file, "");
    const directory = path.join(file, inside);
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringMatching(
        new RegExp(`^Cannot use the data directory ${directory}: .*a directory must be`),
      ),
    });
  });

  it.runIf(fs.existsSync("/proc/self"))("that can't be made is refused, not tried for ever", async () => {
    await expect(newDisk("/proc/interrex/n1").open(new EventLog())).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringMatching(/^Cannot use the data directory \/proc\/interrex\/n1: ENOENT/),
    });
  });

  it.each([
    ["mkdirSync", "EACCES", "mkdir", "Let this user write there"],
    ["mkdirSync", "EROFS", "mkdir", "Mount it for writing"],
    ["writeFileSync", "ENOSPC", "write", "Free some space"],
    ["linkSync", "EPERM", "link", "hard links"],
    ["linkSync", "ENOTSUP", "link", "hard links"],
  ] as const)("where %s answers %s is refused with a way out", async (name, code, syscall, way) => {
    const directory = temporaryDirectory();
    const call = vi.spyOn(fs, name).mockImplementation(() => {
      throw Object.assign(errno(code), { syscall });
    });
    onTestFinished(() => call.mockRestore());
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringMatching(new RegExp(`${directory}: ${code}: .*${way}`)),
    });
    expect(fs.readdirSync(directory).filter((file) => file.startsWith("lock"))).toEqual([]);
  });

  it("of another member is refused, and left as it is", async () => {
    const directory = temporaryDirectory();
    await (await openDisk(directory)).storage.close();
    const before = fs.readFileSync(path.join(directory, "identity"));
    await expect(newDisk(directory, { owner: "n9" }).open(new EventLog())).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringContaining(`${directory}: it belongs to n1`),
    });
    expect(fs.readFileSync(path.join(directory, "identity"))).toEqual(before);
    await openDisk(directory);
  });

  it("of a sentinel is refused before anything is made there", async () => {
    const directory = temporaryDirectory();
    fs.writeFileSync(path.join(directory, "votes.cell"), "");
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringContaining(`${directory}: it holds a sentinel's files (votes.cell)`),
    });
    expect(fs.readdirSync(directory)).toEqual(["votes.cell"]);
  });

  it("is free again when an open has failed", async () => {
    const directory = temporaryDirectory();
    await (await openDisk(directory)).storage.close();
    const state = path.join(directory, "state");
    const good = fs.readFileSync(state);
    fs.writeFileSync(state, Buffer.alloc(good.length));
    await expect(newDisk(directory).open(new EventLog())).rejects.toMatchObject({ code: "CORRUPT_STATE" });
    fs.writeFileSync(state, good);
    await openDisk(directory);
  });
});
