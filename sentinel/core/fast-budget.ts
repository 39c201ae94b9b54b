/** Limits failovers on crash evidence: a flapping network or a lying proxy must not chase the role around. */
import type { Millis } from "../../src/base/ids.ts";

const TOKENS_MAX = 5;
const EARN_MS: Millis = 3000;

export class FastBudget {
  #tokens = TOKENS_MAX;
  #earnedAtMs: Millis;

  constructor(nowMs: Millis) {
    this.#earnedAtMs = nowMs;
  }

  /** @returns false when it is used up: then silence alone counts. */
  take(nowMs: Millis): boolean {
    const earned = Math.floor((nowMs - this.#earnedAtMs) / EARN_MS);
    if (this.#tokens + earned >= TOKENS_MAX) {
      this.#tokens = TOKENS_MAX;
      this.#earnedAtMs = nowMs;
    } else {
      this.#tokens += earned;
      this.#earnedAtMs += earned * EARN_MS;
    }
    if (this.#tokens === 0) return false;
    this.#tokens--;
    return true;
  }

  refill(nowMs: Millis): void {
    this.#tokens = TOKENS_MAX;
    this.#earnedAtMs = nowMs;
  }
}
