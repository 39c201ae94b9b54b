/** Notices that this sentinel itself has stalled, or that its clock jumped: then silence proves nothing. */
import type { Millis } from "../../src/base/ids.ts";
import type { Instant } from "../../src/base/instant.ts";

export class OwnClock {
  readonly #toleranceMs: Millis;
  #last: Instant;

  constructor(now: Instant, toleranceMs: Millis) {
    this.#last = now;
    this.#toleranceMs = toleranceMs;
  }

  /**
   * @param dueMs when the shell was asked to be back at the latest.
   * @returns how long this process was not running as it should, 0 when it was.
   */
  observe(now: Instant, dueMs: Millis | undefined): Millis {
    const passedMs = now.monoMs - this.#last.monoMs;
    const jumpMs = Math.abs(now.wallMs - this.#last.wallMs - passedMs);
    const lateMs = dueMs === undefined ? 0 : now.monoMs - dueMs;
    this.#last = now;
    const worstMs = Math.max(jumpMs, lateMs);
    return worstMs > this.#toleranceMs ? worstMs : 0;
  }
}
