/**
 * When what is periodic happens: at whole multiples of its period by the wall clock. So it happens together in all processes of one machine, and of
 * machines whose clocks are set: whoever is woken by one message finds the others there, and to wake up costs more than to read them.
 */
import type { Millis } from "./ids.ts";
import type { Instant } from "./instant.ts";

/** @returns the monotonic time of the last beat that is not after `now`. */
export function lastBeat(now: Instant, periodMs: Millis): Millis {
  return now.monoMs - (now.wallMs % periodMs);
}

/** @returns the monotonic time of the next beat that is half a period away at least. */
export function nextBeat(now: Instant, periodMs: Millis): Millis {
  const nextMs = lastBeat(now, periodMs) + periodMs;
  return nextMs - now.monoMs < periodMs / 2 ? nextMs + periodMs : nextMs;
}
