/** How fast a count has grown of late: the mean of Redis's sixteen samples, a tenth of a second each. */
import type { Millis } from "../base/ids.ts";

const SAMPLE_MS: Millis = 100;
const SAMPLES = 16;

export class Rate {
  readonly #perSec: number[] = [];
  #sinceMs: Millis | undefined;
  #count = 0;

  get perSec(): number {
    if (this.#perSec.length === 0) return 0;
    return Math.round(this.#perSec.reduce((sum, rate) => sum + rate, 0) / this.#perSec.length);
  }

  isDue(nowMs: Millis): boolean {
    return this.#sinceMs === undefined || nowMs - this.#sinceMs >= SAMPLE_MS;
  }

  /** @param count so far; less than before when it was reset meanwhile. */
  note(nowMs: Millis, count: number): void {
    if (this.#sinceMs !== undefined && nowMs > this.#sinceMs && count >= this.#count) {
      this.#perSec.push(((count - this.#count) * 1000) / (nowMs - this.#sinceMs));
      if (this.#perSec.length > SAMPLES) this.#perSec.shift();
    }
    this.#sinceMs = nowMs;
    this.#count = count;
  }
}
