/**
 * How much of the log goes when a snapshot stands: all that is behind it, but for some that partial syncs may ask for, and what
 * is kept for replicas that are being brought up, as long as that is not too much.
 */
import type { Offset } from "../../base/ids.ts";
import type { DroppedLog } from "./member-storage.ts";
import type { SegmentedLog } from "./segmented-log.ts";

export interface LogRetentionOptions {
  readonly log: SegmentedLog;
  /** Kept behind any snapshot, at least. */
  readonly keepBytes: number;
  /** Kept for replicas, at most; looked at when a snapshot stands. */
  readonly syncBytesMax: number;
  readonly dropped: (dropped: DroppedLog) => void;
}

export class LogRetention {
  readonly #options: LogRetentionOptions;
  #retainedAfter: Offset | null = null;

  constructor(options: LogRetentionOptions) {
    this.#options = options;
  }

  /** Records after `after` stay, as far as they are there. @returns whether something may go by this that was kept. */
  retain(after: Offset | null): boolean {
    const before = this.#retainedAfter;
    const end = this.#options.log.firstOffset - 1;
    this.#retainedAfter = after === null ? null : (Math.max(after, end) as Offset);
    return before !== null && (this.#retainedAfter === null || this.#retainedAfter > before);
  }

  /** A snapshot at `offset` stands, durably. */
  async dropBehind(offset: Offset): Promise<void> {
    const { log, keepBytes, syncBytesMax } = this.#options;
    const after = this.#retainedAfter;
    if (after !== null && after < offset && log.bytesAfter(after) > syncBytesMax) {
      await this.giveUp(offset, "limit");
      return;
    }
    await log.dropBehind(after !== null && after < offset ? after : offset, keepBytes);
  }

  /** Drops also what is kept for replicas. A snapshot at `offset` stands, durably. */
  async giveUp(offset: Offset, why: DroppedLog["why"]): Promise<void> {
    const { log, keepBytes, dropped } = this.#options;
    const after = this.#retainedAfter;
    const bytes = after === null ? 0 : log.bytesAfter(after);
    const gone = log.dropBehind(offset, keepBytes);
    const { firstOffset } = log;
    if (after !== null && after + 1 < firstOffset) {
      this.#retainedAfter = null;
      dropped({ firstOffset, bytes, why });
    }
    await gone;
  }
}
