/** The time as the cores receive it: both clocks of the machine, read once per batch by the shell. */
import type { Millis } from "./ids.ts";

export interface Instant {
  /** Monotonic milliseconds since an arbitrary start; for time-outs, leases and silence. */
  readonly monoMs: Millis;
  /** Milliseconds since the Unix epoch; for expiry of keys and for people. May jump. */
  readonly wallMs: Millis;
}
