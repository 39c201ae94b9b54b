/** The newest sign of life of the leader of the highest epoch heard of. A leader at work is not disturbed. */
import { EPOCH_ZERO, type Epoch, type Millis } from "../../src/base/ids.ts";
import type { ElectionRules } from "../../src/rules/election-rules.ts";
import { LEADER_SILENCE_MS } from "./timing.ts";

export class LeaderSigns {
  readonly #rules: ElectionRules;
  #epoch: Epoch = EPOCH_ZERO;
  #leader: string | null = null;
  #atMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(rules: ElectionRules) {
    this.#rules = rules;
  }

  /** @param leader `null` where only the epoch was heard of, which gives its leader time to be heard. */
  note(epoch: Epoch, leader: string | null, nowMs: Millis): void {
    if (epoch < this.#epoch || (epoch === this.#epoch && leader === null)) return;
    this.#epoch = epoch;
    this.#leader = leader;
    this.#atMs = nowMs;
  }

  /** That the leader of this epoch has given up: nobody needs to wait for it. What is known of another one stays. */
  gone(epoch: Epoch, leader: string): void {
    if (epoch === this.#epoch && leader === this.#leader) this.#atMs = Number.NEGATIVE_INFINITY;
  }

  /** The leader above `recordEpoch` that may still be at work; `except` disturbs nobody but itself. */
  atWork(recordEpoch: Epoch, except: string | null, nowMs: Millis): boolean {
    if (this.#epoch <= recordEpoch || !this.#rules.isAtWork(nowMs - this.#atMs, LEADER_SILENCE_MS))
      return false;
    return except === null || this.#leader !== except;
  }

  /** When `atWork` ends, unless the leader is heard again. */
  endsAtMs(recordEpoch: Epoch): Millis | undefined {
    return this.#epoch > recordEpoch ? this.#atMs + LEADER_SILENCE_MS : undefined;
  }
}
