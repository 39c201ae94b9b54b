import { describe, expect, it } from "vitest";
import { EPOCH_ZERO, type Epoch, OFFSET_ZERO, type Offset } from "../../../src/base/ids.ts";
import { MemberOutbox } from "../../../src/core/member-io.ts";
import { OwnSnapshots } from "../../../src/core/own-snapshots.ts";
import { type AssignedEffects, ReplicationLog } from "../../../src/core/replication/replication-log.ts";
import { findCorruption, RecordCursor } from "../../../src/protocol/record.ts";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";

const EPOCH = 1 as Epoch;

function emptyLog(): ReplicationLog {
  return new ReplicationLog({ epoch: EPOCH_ZERO, offset: OFFSET_ZERO }, []);
}

function effects(text: string, effectsDb = 0, effectsEndDb = effectsDb): AssignedEffects {
  return { request: null, effects: text, effectsDb, effectsEndDb };
}

/** One turn of one record. @returns its bytes. */
function turn(log: ReplicationLog): number {
  if (log.assigned === 0) log.assign("epochStart", EPOCH);
  else log.assignEffects(EPOCH, effects("x".repeat(100)));
  return log.endTurn()?.bytes.length ?? 0;
}

it("uncommitted is what was written after the commit, though the commit never catches up", () => {
  const log = emptyLog();
  let last = turn(log);
  for (let turns = 0; turns < 100; turns++) {
    const before = last;
    last = turn(log);
    expect(log.uncommittedBytes).toBe(before + last);
    log.committed = (log.tail.lastOffset - 1) as Offset;
    log.tail.trim(log.committed);
    expect(log.uncommittedBytes).toBe(last);
  }
  log.committed = log.tail.lastOffset;
  expect(log.uncommittedBytes).toBe(0);
});

it("uncommitted counts what is left after a cut, and the records of this turn", () => {
  const log = emptyLog();
  const first = turn(log);
  turn(log);
  turn(log);
  log.tail.cut(log.tail.positionAt(1 as Offset));
  expect(log.tail.bytesAfter(OFFSET_ZERO)).toBe(first);
  const second = turn(log);
  expect(log.tail.bytesAfter(1 as Offset)).toBe(second);
  expect(log.tail.bytesAfter(OFFSET_ZERO)).toBe(first + second);
});

it("a snapshot is due no sooner than the log is as long as the one that stands", () => {
  const log = emptyLog();
  turn(log);
  const bytes = turn(log);
  log.applied = log.tail.lastOffset;
  const snapshots = new OwnSnapshots({
    log,
    outbox: new MemberOutbox(),
    begin: () => ({ nextSlice: () => undefined, abort: () => undefined }),
    changes: () => 0,
    afterBytes: bytes,
    base: OFFSET_ZERO,
    baseBytes: 2 * bytes,
    logBytes: 0,
  });
  const isTaken = (): boolean => {
    snapshots.runIfDue(0, false);
    const taken = snapshots.busy;
    log.committed = log.applied;
    snapshots.onCommitMoved();
    return taken;
  };
  const grow = (): void => {
    turn(log);
    log.applied = log.tail.lastOffset;
  };
  expect(isTaken()).toBe(false);
  grow();
  expect(isTaken()).toBe(true);
  snapshots.onCommitted(log.tail.positionAt(log.applied), 3 * bytes);
  for (const due of [false, false, true]) {
    grow();
    expect(isTaken()).toBe(due);
  }
});

it("the log can't be cut below a snapshot that may stand any moment", () => {
  const log = emptyLog();
  turn(log);
  log.applied = log.tail.lastOffset;
  const snapshots = new OwnSnapshots({
    log,
    outbox: new MemberOutbox(),
    begin: () => ({ nextSlice: () => undefined, abort: () => undefined }),
    changes: () => 0,
    afterBytes: 1,
    base: OFFSET_ZERO,
    baseBytes: 0,
    logBytes: 0,
  });
  snapshots.runIfDue(0, false);
  expect(snapshots.floor).toBe(OFFSET_ZERO);
  log.committed = log.applied;
  snapshots.onCommitMoved();
  expect([snapshots.base, snapshots.floor]).toEqual([OFFSET_ZERO, log.applied]);
  snapshots.onFailed();
  expect(snapshots.floor).toBe(OFFSET_ZERO);
});

it("a tail gives back what it lets go, however large its chunks are", () => {
  const log = emptyLog();
  log.tail.bytesMax = 100_000;
  for (let turns = 0; turns < 100; turns++) {
    if (turns === 0) log.assign("epochStart", EPOCH);
    else log.assignEffects(EPOCH, effects("x".repeat(10_000)));
    log.endTurn();
    log.tail.trim(log.tail.lastOffset);
  }
  expect(log.tail.heldBytes).toBeLessThan(220_000);
  expect(log.tail.firstInMemory).toBeGreaterThan(80);
});

describe("effects of one turn", () => {
  function logOf(...all: AssignedEffects[]): { offsets: number[]; records: string[] } {
    const log = emptyLog();
    const offsets = all.map((one) => {
      const foretold = log.nextOffset;
      expect(log.assignEffects(EPOCH, one)).toBe(foretold);
      return foretold;
    });
    const bytes = log.endTurn()?.bytes ?? Buffer.alloc(0);
    expect(findCorruption(bytes)).toBeUndefined();
    const records: string[] = [];
    const cursor = new RecordCursor(bytes);
    while (cursor.next()) {
      records.push(`${cursor.db} ${bytes.toString("latin1", cursor.payloadStart, cursor.payloadEnd)}`);
    }
    return { offsets, records };
  }

  it("share a record", () => {
    expect(logOf(effects("a"), effects("b"), effects("c"))).toEqual({
      offsets: [1, 1, 1],
      records: ["0 abc"],
    });
  });

  it("run in their databases, wherever those before them have ended", () => {
    const { records } = logOf(effects("a", 3), effects("b", 3, 5), effects("c", 5), effects("d", 0));
    expect(records).toEqual([`3 abc${encodeCommand(["SELECT", "0"])}d`]);
  });

  it("begin another record when that is long", () => {
    const { offsets, records } = logOf(effects("a".repeat(4095)), effects("b".repeat(5000)), effects("c"));
    expect(offsets).toEqual([1, 1, 2]);
    expect(records.map((record) => record.length)).toEqual([2 + 9095, 2 + 1]);
  });

  it("join neither a record without effects nor one of an earlier turn", () => {
    const log = emptyLog();
    log.assign("epochStart", EPOCH);
    expect(log.assignEffects(EPOCH, effects("a"))).toBe(2);
    log.assign("probe", EPOCH);
    expect(log.assignEffects(EPOCH, effects("b"))).toBe(4);
    log.endTurn();
    expect(log.nextOffset).toBe(5);
    expect(log.assignEffects(EPOCH, effects("c"))).toBe(5);
  });
});

it("what has changed since a snapshot counts from its beginning, or from when it was loaded", () => {
  const log = emptyLog();
  turn(log);
  log.applied = log.tail.lastOffset;
  log.committed = log.applied;
  let changes = 70;
  const snapshots = new OwnSnapshots({
    log,
    outbox: new MemberOutbox(),
    begin: () => ({ nextSlice: () => undefined, abort: () => undefined }),
    changes: () => changes,
    afterBytes: 1000,
    base: OFFSET_ZERO,
    baseBytes: 0,
    logBytes: 0,
  });
  snapshots.rules = [{ afterMs: 10, changesMin: 30 }];
  const runAt = (nowMs: number): boolean => {
    snapshots.runIfDue(nowMs, false);
    return snapshots.busy;
  };
  snapshots.onLoaded();
  changes = 99;
  expect([runAt(0), runAt(10)]).toEqual([false, false]);
  changes = 50 + 50;
  expect(snapshots.changesSince).toBe(30);
  expect(runAt(10)).toBe(true);
  changes += 5;
  snapshots.onCommitted(log.tail.positionAt(log.applied), 1);
  expect([snapshots.busy, snapshots.changesSince]).toEqual([false, 5]);
});
