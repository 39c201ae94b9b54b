/**
 * How far one incarnation's log is known to be committed, and whether a log that it shows later still holds that. Committed records are
 * never cut (S10), so one that shows fewer is an older copy of its directory: it has acknowledged what it no longer holds.
 */
import type { Epoch, IncarnationId, Offset } from "../base/ids.ts";
import type { LogPosition } from "./log-position.ts";

export interface CommittedMark {
  readonly incarnation: IncarnationId;
  /** Of its last record when the mark was made: not below that of the committed ones. */
  readonly epoch: Epoch;
  /** Its log held everything up to here durably, and it was committed. */
  readonly committed: Offset;
}

/** What a member's word says of its log. */
export interface ShownLog {
  readonly incarnation: IncarnationId;
  readonly position: LogPosition;
  readonly committed: Offset;
}

/** The mark after this word: greater or as before, but for another incarnation or a log with records of a later reign. */
export function raiseMark(mark: CommittedMark | null, shown: ShownLog): CommittedMark {
  const { incarnation, position, committed } = shown;
  if (mark === null || mark.incarnation !== incarnation || position.epoch > mark.epoch) {
    return { incarnation, epoch: position.epoch, committed };
  }
  return committed > mark.committed ? { ...mark, committed } : mark;
}

/**
 * A later reign's records follow on all that was committed before, or on what an operator let go of: a log that holds some is measured
 * by that reign alone.
 */
export function hasGoneBack(mark: CommittedMark | null, { incarnation, position }: ShownLog): boolean {
  if (mark === null || mark.incarnation !== incarnation) return false;
  return position.epoch <= mark.epoch && position.offset < mark.committed;
}
