/**
 * The time limits that the sentinels' pings carry. They differ while an operator changes them on one sentinel after the other: then the
 * smallest counts, since each waits no longer than by its own before it takes for over what this node would go on with.
 */
import type { Millis } from "../base/ids.ts";
import type { Ping } from "../protocol/peer/node-messages.ts";

type PingedLimits = Pick<Ping, "downAfterMs" | "stallAfterMs">;

const DEFAULT_DOWN_AFTER_MS: Millis = 1000;

export class SentinelLimits {
  /** What each said last; one that can't be heard at present may still lead a failover. */
  readonly #bySentinel = new Map<string, PingedLimits>();
  downAfterMs: Millis = DEFAULT_DOWN_AFTER_MS;
  stallAfterMs: Millis = 2 * DEFAULT_DOWN_AFTER_MS;

  note(sentinel: string, { downAfterMs, stallAfterMs }: PingedLimits): void {
    const before = this.#bySentinel.get(sentinel);
    if (before?.downAfterMs === downAfterMs && before.stallAfterMs === stallAfterMs) return;
    this.#bySentinel.set(sentinel, { downAfterMs, stallAfterMs });
    const all = [...this.#bySentinel.values()];
    this.downAfterMs = Math.min(...all.map((limits) => limits.downAfterMs));
    this.stallAfterMs = Math.min(...all.map((limits) => limits.stallAfterMs));
  }
}
