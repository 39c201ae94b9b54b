/** Numbers the frames of a reign and remembers when each went out, so that an ack tells how old it makes the master's knowledge. */
import type { Millis } from "../../base/ids.ts";

/** An older round than that tells nothing useful any more. */
const ROUNDS_REMEMBERED = 4096;

export class RoundClock {
  #current = 0;
  readonly #sentMs = new Map<number, Millis>();

  /** The round of frames that go out now. */
  get current(): number {
    return this.#current;
  }

  /** The round that the next `begin` starts. */
  get next(): number {
    return this.#current + 1;
  }

  begin(nowMs: Millis): void {
    this.#current++;
    this.#sentMs.set(this.#current, nowMs);
    this.#sentMs.delete(this.#current - ROUNDS_REMEMBERED);
  }

  /** When that round began; `-Infinity` when it is unknown or long ago. */
  sentMs(round: number): Millis {
    return this.#sentMs.get(round) ?? Number.NEGATIVE_INFINITY;
  }
}
