/** Notices by how much this sentinel itself has stalled, or its clock jumped: while it did not run, silence proves nothing. */
import type { Millis } from "../../src/base/ids.ts";
import type { Instant } from "../../src/base/instant.ts";

export class OwnClock {
  #last: Instant;

  constructor(now: Instant) {
    this.#last = now;
  }

  /**
   * @param dueMs when the shell was asked to be back at the latest.
   * @returns how long this process was not running as it should; a little of that is usual.
   */
  observe(now: Instant, dueMs: Millis | undefined): Millis {
    const passedMs = now.monoMs - this.#last.monoMs;
    const jumpMs = Math.abs(now.wallMs - this.#last.wallMs - passedMs);
    const lateMs = dueMs === undefined ? 0 : now.monoMs - dueMs;
    this.#last = now;
    return Math.max(jumpMs, lateMs);
  }
}
