/** The machine's two clocks as one reading. The only place that asks for the time; sets no timers. */
import type { Millis } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";

export interface Clock {
  now(): Instant;
}

/** The wall clock counts whole milliseconds. To ask it costs several times as much as to ask the other one. */
const WALL_EVERY_MS: Millis = 1;

export class SystemClock implements Clock {
  #wallMs: Millis = 0;
  /** When that was read. */
  #wallReadMs: Millis = Number.NEGATIVE_INFINITY;

  /** Both clocks at this moment, the wall clock up to a millisecond late. Read it once per batch, after the socket, and pass it on. */
  now(): Instant {
    const monoMs = performance.now();
    if (monoMs - this.#wallReadMs >= WALL_EVERY_MS) {
      this.#wallMs = Date.now();
      this.#wallReadMs = monoMs;
    }
    return { monoMs, wallMs: this.#wallMs };
  }
}
