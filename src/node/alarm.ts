/** One timer for the earliest moment that was asked for. What is due then is its owner's business. */
import type { Millis } from "../base/ids.ts";

/** A timer set for longer would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Alarm {
  readonly #nowMs: () => Millis;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #atMs: Millis = Number.POSITIVE_INFINITY;

  constructor(nowMs: () => Millis, ring: () => void) {
    this.#nowMs = nowMs;
    this.#ring = ring;
  }

  /** Rings once, then or earlier: whoever has it ring asks again for what is still to come. */
  ringBy(atMs: Millis): void {
    if (this.#timer !== undefined && this.#atMs <= atMs) return;
    clearTimeout(this.#timer);
    this.#atMs = atMs;
    // Rounded up: Node would cut a fraction off, wake too early, and have to wait once more.
    const delayMs = Math.min(Math.max(1, Math.ceil(atMs - this.#nowMs())), TIMER_MS_MAX);
    this.#timer = setTimeout(() => {
      this.cancel();
      this.#ring();
    }, delayMs);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
  }
}
