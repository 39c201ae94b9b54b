/**
 * When heartbeats go: at fixed moments, the same for all members of all groups with this down-after. To wake up costs a sentinel more
 * than what it then does.
 */
import { lastBeat } from "../../src/base/beat.ts";
import type { Millis } from "../../src/base/ids.ts";
import type { Instant } from "../../src/base/instant.ts";

const PERIOD_MS_MIN = 20;
const PERIOD_MS_MAX = 1000;
/** Of a period: a division may come out below the whole number that it should be. */
const ROUNDING = 1e-6;

export class Beat {
  /** The first one. */
  readonly #beganAtMs: Millis;
  readonly #periodMs: Millis;

  constructor(startedAt: Instant, downAfterMs: Millis) {
    this.#periodMs = Math.min(PERIOD_MS_MAX, Math.max(PERIOD_MS_MIN, downAfterMs / 10));
    this.#beganAtMs = lastBeat(startedAt, this.#periodMs);
  }

  /** The first one after `nowMs`. */
  after(nowMs: Millis): Millis {
    return this.#at(this.#passed(nowMs) + 1);
  }

  /** The last one that is not after `nowMs`. */
  upTo(nowMs: Millis): Millis {
    return this.#at(this.#passed(nowMs));
  }

  #passed(nowMs: Millis): number {
    return Math.floor((nowMs - this.#beganAtMs) / this.#periodMs + ROUNDING);
  }

  #at(beats: number): Millis {
    return this.#beganAtMs + beats * this.#periodMs;
  }
}
