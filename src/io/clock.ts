/** The machine's two clocks as one reading. The only place that asks for the time; sets no timers. */
import type { Instant } from "../base/instant.ts";

export interface Clock {
  now(): Instant;
}

export class SystemClock implements Clock {
  /** Both clocks at this moment. Read it once per batch, after the socket, and pass it on. */
  now(): Instant {
    return { monoMs: performance.now(), wallMs: Date.now() };
  }
}
