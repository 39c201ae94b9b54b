/**
 * How many keys that are overdue may be deleted at once, and how long everybody else then has: about three times what that
 * took, whatever a key costs to delete. It deletes nothing.
 *
 * The core has no stopwatch. What a slice took shows with the next reading of the clock, which ends its turn at the latest:
 * a little too much, then, and never less.
 */
import type { Millis } from "../base/ids.ts";

/** A millisecond or so, where keys cost little. */
const KEYS_MAX = 1000;
/** A slice that took longer makes the next one smaller: nobody shall wait for long. */
const SLICE_MS: Millis = 2;
/** Of the time, a quarter. */
const PAUSE_PER_SLICE = 3;
const PAUSE_MS_MIN: Millis = 4;
/** A process that stood still meanwhile takes that for a slice's cost. It must not expire nothing for as long again. */
const PAUSE_MS_MAX: Millis = 500;

export class ExpiryPace {
  #keys = KEYS_MAX;
  /** When the slice began whose end is not known yet. */
  #begunAtMs: Millis | null = null;
  #notBeforeMs: Millis = Number.NEGATIVE_INFINITY;
  #moreIsDue = false;

  /** Keys of the next slice. */
  get keys(): number {
    return this.#keys;
  }

  /** When to come back for keys that are known to be overdue; `Infinity` when none are. */
  get deadlineMs(): Millis {
    return this.#moreIsDue ? this.#notBeforeMs : Number.POSITIVE_INFINITY;
  }

  mayBegin(nowMs: Millis): boolean {
    return nowMs >= this.#notBeforeMs;
  }

  /** A slice of `keys` was to be deleted, and `deleted` were. @param nowMs when it began. */
  onSlice(nowMs: Millis, deleted: number): void {
    this.#moreIsDue = deleted >= this.#keys;
    if (deleted === 0) return;
    this.#begunAtMs = nowMs;
    this.#notBeforeMs = nowMs + PAUSE_MS_MIN;
  }

  /** The clock was read. */
  onClock(nowMs: Millis): void {
    if (this.#begunAtMs === null) return;
    const tookMs = nowMs - this.#begunAtMs;
    this.#begunAtMs = null;
    const pauseMs = Math.min(Math.max(PAUSE_PER_SLICE * tookMs, PAUSE_MS_MIN), PAUSE_MS_MAX);
    this.#notBeforeMs = nowMs + pauseMs;
    const fitting = tookMs > SLICE_MS ? Math.floor((this.#keys * SLICE_MS) / tookMs) : this.#keys * 2;
    this.#keys = Math.min(Math.max(fitting, 1), KEYS_MAX);
  }

  /** Whoever may make no record expires nothing, and is not woken up for it. */
  rest(): void {
    this.#moreIsDue = false;
  }
}
