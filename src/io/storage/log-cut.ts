/**
 * Takes the end of the log away and keeps it in a rollback file: before the cut, and where the disk has no room for that,
 * after it. Decides what goes with it when the cut is below the standing snapshot; where to cut is decided by the core.
 */
import type { Offset } from "../../base/ids.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Rollback } from "./member-storage.ts";
import { keepRollback } from "./rollback-files.ts";
import type { SegmentedLog } from "./segmented-log.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface CutPlaces {
  readonly log: SegmentedLog;
  readonly snapshots: SnapshotStore;
  readonly rollbackDirectory: string;
  readonly calls: FileCalls;
}

/** One file is open at a time. @returns `null` when there was nothing to keep. Done and durable on return. */
export function cutLog(places: CutPlaces, lastKept: LogPosition): Rollback | null {
  const { log, snapshots, rollbackDirectory, calls } = places;
  const { standing } = snapshots;
  const tail = log.tailAfter(lastKept.offset);
  const keep = (): string | null =>
    tail === null ? null : keepRollback(rollbackDirectory, lastKept, tail, calls);
  const kept = keep();
  if (standing !== null && lastKept.offset < standing.position.offset) {
    cutBelowSnapshot(log, snapshots, lastKept.offset);
  } else if (tail !== null) {
    log.cut(lastKept.offset);
  }
  if (tail === null) return null;
  // The cut has made room for what it took away.
  return { file: kept ?? keep(), bytes: tail.length };
}

/** The state at `lastKept` can't be rebuilt without a snapshot below it, unless the log reaches back to record 1. */
function cutBelowSnapshot(log: SegmentedLog, snapshots: SnapshotStore, lastKept: Offset): void {
  if (log.firstOffset === 1 && log.generation === 0) {
    snapshots.drop();
    log.cut(lastKept);
  } else {
    log.empty();
    snapshots.drop();
  }
}
