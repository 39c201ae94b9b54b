import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GroupSync } from "../../../src/io/storage/group-sync.ts";
import type { AppendFsync } from "../../../src/io/storage/member-storage.ts";
import { type Deferred, deferred, offset } from "./storage-kit.ts";

interface Scene {
  readonly groupSync: GroupSync;
  readonly persisted: number[];
  /** Syncs that were begun, each with what ends it. */
  readonly syncs: Deferred[];
}

function scene(policy: AppendFsync): Scene {
  const persisted: number[] = [];
  const syncs: Deferred[] = [];
  const groupSync = new GroupSync({
    policy,
    everyMs: 1000,
    sync: () => {
      const sync = deferred();
      syncs.push(sync);
      return sync.promise;
    },
    persisted: (lastOffset) => void persisted.push(lastOffset),
    failed: () => undefined,
  });
  return { groupSync, persisted, syncs };
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

describe("everysec", () => {
  it("syncs once more what was written during a sync that took longer than a second", async () => {
    const { groupSync, syncs } = scene("everysec");
    groupSync.written(offset(1));
    vi.advanceTimersByTime(1000);
    expect(syncs).toHaveLength(1);
    groupSync.written(offset(2));
    vi.advanceTimersByTime(5000);
    expect(syncs).toHaveLength(1);
    syncs[0]?.resolve();
    await settled();
    vi.advanceTimersByTime(1000);
    expect(syncs).toHaveLength(2);
    groupSync.abandon();
  });
});

describe.each(["always", "everysec", "no"] as const)("under %s", (policy) => {
  /** All syncs end at once, those that follow too. */
  async function finish({ syncs }: Scene): Promise<void> {
    for (let round = 0; round < 3; round++) {
      for (const sync of syncs) sync.resolve();
      await settled();
    }
  }

  it("what a cut has left of unreported records is reported, and no more", async () => {
    const all = scene(policy);
    all.groupSync.written(offset(10));
    all.groupSync.cut(offset(4));
    await finish(all);
    expect(all.persisted).toEqual([4]);
    all.groupSync.abandon();
  });

  it("nothing is reported of a log whose place another has taken", async () => {
    const all = scene(policy);
    all.groupSync.written(offset(10));
    all.groupSync.restart(offset(70));
    await finish(all);
    expect(all.persisted).toEqual([]);
    all.groupSync.abandon();
  });

  it("nothing is reported once it has been stopped", async () => {
    const all = scene(policy);
    all.groupSync.written(offset(10));
    const stopped = all.groupSync.stop();
    await finish(all);
    await stopped;
    expect(all.persisted).toEqual([]);
  });
});

it("a stop waits for the sync that is under way", async () => {
  const { groupSync, syncs } = scene("always");
  groupSync.written(offset(10));
  let isStopped = false;
  const stopped = groupSync.stop().then(() => {
    isStopped = true;
  });
  await settled();
  expect(isStopped).toBe(false);
  syncs[0]?.resolve();
  await stopped;
});
