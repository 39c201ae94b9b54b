/** How often a writer is acknowledged: the longest gap between two acknowledgements is the outage that it sees. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Writer } from "./writers.ts";

/** Writes before the fault, and after the new master is known: enough to see the ordinary pace on both sides. */
export const WARM_UP_WRITES = 50;
const RETRY_PAUSE_MS = 2;

export async function writeUntil(signal: AbortSignal, writer: Writer, pace: Pace): Promise<void> {
  for (let sequence = 0; !signal.aborted; sequence += 1) {
    try {
      await writer.write(String(sequence));
      pace.acknowledged(performance.now());
    } catch {
      // What is measured is the time until a write succeeds again, whatever the error in between.
      await sleep(RETRY_PAUSE_MS);
    }
  }
}

/** Counts acknowledged writes and keeps the longest gap between two. */
export class Pace {
  count = 0;
  longestGapMs = 0;
  #lastAtMs: number | null = null;
  #waiting: { count: number; resolve: (reached: boolean) => void } | null = null;

  acknowledged(atMs: number): void {
    if (this.#lastAtMs !== null) this.longestGapMs = Math.max(this.longestGapMs, atMs - this.#lastAtMs);
    this.#lastAtMs = atMs;
    this.count += 1;
    if (this.#waiting !== null && this.count >= this.#waiting.count) this.#waiting.resolve(true);
  }

  forgetGaps(): void {
    this.longestGapMs = 0;
  }

  /** @returns false when `timeoutMs` passed before. */
  async reach(count: number, timeoutMs: number): Promise<boolean> {
    if (this.count >= count) return true;
    let timer: NodeJS.Timeout | undefined;
    const reached = await new Promise<boolean>((resolve) => {
      this.#waiting = { count, resolve };
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    clearTimeout(timer);
    this.#waiting = null;
    return reached;
  }
}
