/** Log positions and their order. "Most up-to-date" always means this, never the offset alone. */
import { EPOCH_ZERO, type Epoch, OFFSET_ZERO, type Offset } from "../base/ids.ts";

export interface LogPosition {
  /** Epoch of the last record. */
  readonly epoch: Epoch;
  /** Offset of the last record; 0 for an empty log. */
  readonly offset: Offset;
}

export const EMPTY_POSITION: LogPosition = { epoch: EPOCH_ZERO, offset: OFFSET_ZERO };

/** Negative when `a` is behind `b`, 0 when equal, positive when `a` is ahead: epoch first, then offset. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.epoch - b.epoch || a.offset - b.offset;
}
