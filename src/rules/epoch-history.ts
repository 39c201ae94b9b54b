/** Epoch histories: where each reign begins in a log, and where two logs part. */
import { EPOCH_ZERO, type Epoch, type Offset } from "../base/ids.ts";
import { EMPTY_POSITION, type LogPosition } from "./log-position.ts";

/** One reign in a log. A history is ordered by epoch and by first offset, both strictly rising. */
export interface EpochStart {
  readonly epoch: Epoch;
  readonly firstOffset: Offset;
}

export type EpochHistory = readonly EpochStart[];

/** What a log says of itself when two are compared. */
export interface LogEnd {
  readonly history: EpochHistory;
  readonly lastOffset: Offset;
}

/** The epoch of the record at `offset`; 0 when the history does not reach that far back. */
export function epochAt(history: EpochHistory, offset: Offset): Epoch {
  for (let i = history.length - 1; i >= 0; i--) {
    const entry = history[i] as EpochStart;
    if (entry.firstOffset <= offset) return entry.epoch;
  }
  return EPOCH_ZERO;
}

/** The history with every reign that begins above `offset` taken away. */
export function cutHistory(history: EpochHistory, offset: Offset): EpochStart[] {
  return history.filter((entry) => entry.firstOffset <= offset);
}

/** The history with `epoch` begun at `firstOffset`, unless it stands there already. */
export function extendHistory(history: EpochHistory, epoch: Epoch, firstOffset: Offset): EpochStart[] {
  const last = history.at(-1);
  return last?.epoch === epoch ? [...history] : [...history, { epoch, firstOffset }];
}

/**
 * The last position that two logs share (S3: same epoch and offset, same prefix).
 *
 * Walks both histories once, from their newest reigns on: a master does this at each sync, and a history grows with
 * every failover that the group has ever had.
 *
 * @returns the empty position when they share nothing.
 */
export function partingPoint(a: LogEnd, b: LogEnd): LogPosition {
  let inA = a.history.length - 1;
  let inB = b.history.length - 1;
  for (;;) {
    const startA = a.history[inA];
    const startB = b.history[inB];
    if (startA === undefined || startB === undefined) return EMPTY_POSITION;
    // Of one epoch begun at two offsets neither is shared, nor can either have a twin further back.
    if (startA.epoch === startB.epoch && startA.firstOffset === startB.firstOffset) {
      const offset = Math.min(lastOffsetOf(a, inA), lastOffsetOf(b, inB)) as Offset;
      return { epoch: startA.epoch, offset };
    }
    if (startA.epoch >= startB.epoch) inA--;
    if (startA.epoch <= startB.epoch) inB--;
  }
}

function lastOffsetOf({ history, lastOffset }: LogEnd, index: number): Offset {
  const next = history[index + 1];
  return next === undefined ? lastOffset : ((next.firstOffset - 1) as Offset);
}
