import { describe, expect, it } from "vitest";
import type { IncarnationId } from "../../../src/base/ids.ts";
import { DirectoryLife, nextIdentity } from "../../../src/io/storage/directory-life.ts";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import type { Identity } from "../../../src/io/storage/identity-file.ts";
import { temporaryDirectory } from "./storage-kit.ts";

const old = "old" as IncarnationId;
const older = "older" as IncarnationId;
const fresh = "fresh" as IncarnationId;
const crashed: Identity = {
  incarnation: old,
  doubts: [],
  cleanStop: false,
  bootId: "boot-1",
  appendfsync: "everysec",
  voidedBy: null,
  because: "the data directory is empty",
  owner: "n1",
};
const all = { state: true, log: true, snapshots: true };

describe("the identity of a life that begins", () => {
  const now = { owner: "n1", bootId: "boot-2", appendfsync: "always" } as const;

  it("goes on with incarnation, doubts and reason, and has neither the marker nor the failure of the last", () => {
    const previous: Identity = { ...crashed, cleanStop: true, voidedBy: "EIO" };
    const verdict = { decision: "keep", incarnation: old, doubts: [older] } as const;
    expect(nextIdentity(previous, verdict, fresh, now)).toEqual({
      ...crashed,
      ...now,
      doubts: [older],
    });
  });

  it("names its owner where an early version has not", () => {
    const verdict = { decision: "keep", incarnation: old, doubts: [] } as const;
    expect(nextIdentity({ ...crashed, owner: null }, verdict, fresh, now).owner).toBe("n1");
  });

  it("takes the fresh incarnation and the verdict's reason when a new one begins", () => {
    const verdict = { decision: "new", reason: "a test", doubts: [old, older] } as const;
    expect(nextIdentity(crashed, verdict, fresh, now)).toEqual({
      ...crashed,
      ...now,
      incarnation: fresh,
      because: "a test",
      doubts: [old, older],
    });
  });
});

describe("a life in a data directory", () => {
  const take = (directory: string, owner = "n1") =>
    DirectoryLife.take({
      directory,
      owner,
      appendfsync: "always",
      readBootId: async () => "boot-1",
      calls: nodeFileCalls,
      makeRoom: () => false,
    });

  it("is refused to another member, and the directory is free then", async () => {
    const directory = temporaryDirectory();
    const first = await take(directory);
    first.begin(first.judge(all));
    first.release();
    await expect(take(directory, "n2")).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringContaining("it belongs to n1. Start n1 there, or give n2 another directory"),
    });
    (await take(directory)).release();
  });

  it("is told from the next by how it ends: cleanly, void, or with no word", async () => {
    const directory = temporaryDirectory();
    const endings = [
      [(life: DirectoryLife) => life.endCleanly(), "clean"],
      [(life: DirectoryLife) => life.endVoid(new Error("EIO")), "powerCut"],
      [
        (life: DirectoryLife) => {
          life.endVoid(new Error("EIO"));
          life.startIncarnation("ordered before the failure");
        },
        "powerCut",
      ],
      [() => undefined, "crash"],
    ] as const;
    for (const [end, lastStop] of endings) {
      const life = await take(directory);
      life.begin(life.judge(all));
      end(life);
      life.release();
      const next = await take(directory);
      expect(next.lastStop).toBe(lastStop);
      next.release();
    }
  });
});
