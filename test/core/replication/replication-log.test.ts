import { expect, it } from "vitest";
import { EPOCH_ZERO, type Epoch, OFFSET_ZERO, type Offset } from "../../../src/base/ids.ts";
import { MemberOutbox } from "../../../src/core/member-io.ts";
import { OwnSnapshots } from "../../../src/core/own-snapshots.ts";
import { ReplicationLog } from "../../../src/core/replication/replication-log.ts";

const EPOCH = 1 as Epoch;

function emptyLog(): ReplicationLog {
  return new ReplicationLog({ epoch: EPOCH_ZERO, offset: OFFSET_ZERO }, []);
}

/** One turn of one record. @returns its bytes. */
function turn(log: ReplicationLog): number {
  log.assign(log.assigned === 0 ? "epochStart" : "effects", EPOCH, 0, "x".repeat(100));
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
  const bytes = turn(log);
  log.applied = log.tail.lastOffset;
  const snapshots = new OwnSnapshots({
    log,
    outbox: new MemberOutbox(),
    begin: () => ({ nextSlice: () => undefined, abort: () => undefined }),
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
    log.assign(turns === 0 ? "epochStart" : "effects", EPOCH, 0, "x".repeat(10_000));
    log.endTurn();
    log.tail.trim(log.tail.lastOffset);
  }
  expect(log.tail.heldBytes).toBeLessThan(220_000);
  expect(log.tail.firstInMemory).toBeGreaterThan(80);
});
