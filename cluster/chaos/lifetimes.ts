/**
 * When values that expire may, or must, be gone. The deadline is taken from a clock while the write is executed, which
 * is some time between its asking and its hearing; later looks go by another clock perhaps. So there is a time before
 * which it can't be gone, and one after which it can't be there. Knows nothing of orders.
 */
import type { TimedOperation } from "./linearizability.ts";

interface Lifetime {
  readonly goneFromMs: number;
  readonly goneByMs: number;
}

/** Clocks show whole milliseconds. */
const ROUNDING_MS = 2;

export class Lifetimes {
  readonly #lifetimes = new Map<string, Lifetime>();

  /** @param clockSpreadMs the most that two of the clocks may differ. */
  constructor(operations: Iterable<TimedOperation>, clockSpreadMs: number) {
    const slackMs = clockSpreadMs + ROUNDING_MS;
    for (const { action, askedAtMs, heardAtMs } of operations) {
      if (action.kind !== "set" || action.ttlMs === undefined) continue;
      this.#lifetimes.set(action.value, {
        goneFromMs: askedAtMs + action.ttlMs - slackMs,
        goneByMs: heardAtMs + action.ttlMs + slackMs,
      });
    }
  }

  /** Whether who looks, while the register holds `state`, may see `seen`; `null` is nothing there. */
  mayShow(state: string | null, seen: string | null, { askedAtMs, heardAtMs }: TimedOperation): boolean {
    const lifetime = state === null ? undefined : this.#lifetimes.get(state);
    if (lifetime === undefined) return seen === state;
    return seen === null
      ? heardAtMs >= lifetime.goneFromMs
      : seen === state && askedAtMs <= lifetime.goneByMs;
  }
}
