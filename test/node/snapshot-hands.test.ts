import { setImmediate as turn } from "node:timers/promises";
import { expect, it, onTestFinished, vi } from "vitest";
import type { Epoch, Offset } from "../../src/base/ids.ts";
import type { MemberInput } from "../../src/core/member-io.ts";
import type { SnapshotWriter, StoredSnapshot } from "../../src/io/storage/member-storage.ts";
import { SnapshotHands } from "../../src/node/snapshot-hands.ts";
import type { LinkId } from "../../src/protocol/peer/identity.ts";

const LINK = 7 as LinkId;
const AT = { epoch: 1 as Epoch, offset: 5 as Offset };
const BEGIN = { type: "beginSnapshot", kind: "own", position: AT, history: [] } as const;

interface Scene {
  readonly hands: SnapshotHands;
  readonly inputs: MemberInput[];
  readonly logged: unknown[];
  /** What was done to the snapshot being written. */
  readonly written: string[];
  readonly failed: unknown[];
}

function scene(options: { chunks?: () => AsyncIterable<Buffer>; fails?: string } = {}): Scene {
  const inputs: MemberInput[] = [];
  const logged: unknown[] = [];
  const failed: unknown[] = [];
  const written: string[] = [];
  const step = async (what: string): Promise<void> => {
    written.push(what);
    if (options.fails === what) throw new Error(`no ${what}`);
  };
  const writer: SnapshotWriter = {
    write: (chunk) => step(`write ${chunk.toString()}`),
    commit: async () => {
      await step("commit");
      return null;
    },
    abort: () => step("abort"),
  };
  const { chunks } = options;
  const snapshot: StoredSnapshot | null =
    chunks === undefined ? null : { position: AT, history: [], bytes: 0, chunks };
  const hands = new SnapshotHands(
    { readSnapshot: () => snapshot, writeSnapshot: async () => writer },
    {
      input: (input) => void inputs.push(input),
      log: (error) => void logged.push(error),
      fail: (error) => void failed.push(error),
    },
  );
  return { hands, inputs, logged, written, failed };
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
}

async function* endless(ended: () => void): AsyncGenerator<Buffer> {
  try {
    for (;;) yield Buffer.from("piece");
  } finally {
    ended();
  }
}

it("others have their turn after each slice, whether there was anything to write, and though it took no time", async () => {
  const { hands, inputs } = scene();
  const slices = (): number => inputs.filter(({ type }) => type === "snapshotWritten").length;
  hands.carryOut(BEGIN);
  await settled();
  for (const bytes of [Buffer.from("a"), Buffer.alloc(0), Buffer.from("b")]) {
    const before = slices();
    hands.carryOut({ type: "writeSnapshot", bytes });
    for (let steps = 0; steps < 20; steps++) await Promise.resolve();
    expect(slices()).toBe(before);
    await turn();
    expect(slices()).toBe(before + 1);
  }
});

it("a stream that breaks while several reads are under way is told as broken, never as ended", async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from("first");
    throw new Error("chunk 2 is damaged");
  }
  const { hands, inputs, logged } = scene({ chunks: broken });
  hands.carryOut({ type: "openSnapshot", link: LINK });
  await settled();
  for (let reads = 0; reads < 4; reads++) hands.carryOut({ type: "readSnapshot", link: LINK });
  await settled();
  expect(inputs.filter(({ type }) => type === "snapshotRead")).toEqual([
    { type: "snapshotRead", link: LINK, bytes: Buffer.from("first") },
  ]);
  expect(inputs.at(-1)).toEqual({ type: "snapshotOpened", link: LINK, snapshot: null });
  expect(logged).toMatchObject([{ message: "chunk 2 is damaged" }]);
});

it("a stream that is no longer wanted lets go of its file, and is not heard again", async () => {
  let ended = 0;
  const { hands, inputs, failed } = scene({ chunks: () => endless(() => ended++) });
  hands.carryOut({ type: "openSnapshot", link: LINK });
  hands.carryOut({ type: "readSnapshot", link: LINK });
  await settled();
  hands.carryOut({ type: "readSnapshot", link: LINK });
  hands.carryOut({ type: "closeSnapshot", link: LINK });
  await settled();
  expect(ended).toBe(1);
  expect(inputs.filter(({ type }) => type === "snapshotRead")).toHaveLength(1);
  expect(failed).toEqual([]);
});

it("what was written of a snapshot that fails is taken away before the core hears of it", async () => {
  const { hands, inputs, written } = scene({ fails: "write large" });
  hands.carryOut(BEGIN);
  hands.carryOut({ type: "writeSnapshot", bytes: Buffer.from("small") });
  hands.carryOut({ type: "writeSnapshot", bytes: Buffer.from("large") });
  hands.carryOut({ type: "writeSnapshot", bytes: Buffer.from("more") });
  await settled();
  expect(written).toEqual(["write small", "write large", "abort"]);
  expect(inputs).toEqual([
    { type: "snapshotWritten", kind: "own" },
    { type: "snapshotFailed", kind: "own" },
  ]);
});

it("a slice without bytes is not written, and the next one is asked for all the same", async () => {
  const { hands, inputs, written } = scene();
  hands.carryOut(BEGIN);
  hands.carryOut({ type: "writeSnapshot", bytes: Buffer.alloc(0) });
  await settled();
  expect(written).toEqual([]);
  expect(inputs).toEqual([{ type: "snapshotWritten", kind: "own" }]);
});

it("of a snapshot that was given up while it failed nothing more is heard", async () => {
  const { hands, inputs, written } = scene({ fails: "write large" });
  hands.carryOut(BEGIN);
  hands.carryOut({ type: "writeSnapshot", bytes: Buffer.from("small") });
  hands.carryOut({ type: "writeSnapshot", bytes: Buffer.from("large") });
  hands.carryOut({ type: "abortSnapshot" });
  hands.carryOut({ ...BEGIN, kind: "received" });
  hands.carryOut({ type: "writeSnapshot", bytes: Buffer.from("next") });
  await settled();
  expect(written.filter((what) => what !== "write small")).toEqual(["write large", "abort", "write next"]);
  expect(inputs).toEqual([{ type: "snapshotWritten", kind: "received" }]);
});

it("the last snapshot's time is when it came to stand; one that fails to has none", async () => {
  const began = 1_000_000;
  const now = vi.spyOn(Date, "now").mockReturnValue(began * 1000);
  onTestFinished(() => now.mockRestore());
  const failing = scene({ fails: "commit" });
  const { hands } = scene();
  now.mockReturnValue((began + 5) * 1000);
  for (const each of [failing.hands, hands]) {
    each.carryOut(BEGIN);
    each.carryOut({ type: "commitSnapshot", keepAfter: null });
    expect(each.lastSnapshotSec).toBe(began);
  }
  now.mockReturnValue((began + 9) * 1000);
  await settled();
  expect(failing.hands.lastSnapshotSec).toBe(began);
  expect(hands.lastSnapshotSec).toBe(began + 9);
});
