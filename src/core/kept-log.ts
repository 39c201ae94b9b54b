/**
 * Tells storage how far back its log must reach for replicas that are being brought up, so that no snapshot takes away what they
 * will ask for next. What nobody needs any more stays for a while: a replica whose link broke asks again soon.
 *
 * It keeps no log and knows no bound: storage has one, and then says what it has dropped all the same.
 */
import type { Millis, Offset } from "../base/ids.ts";
import type { MemberOutbox } from "./member-io.ts";

/** What is not needed any more stays for as long, and up to twice as long. */
const PERIOD_MS: Millis = 5000;

export class KeptLog {
  readonly #outbox: MemberOutbox;
  /** Records after it stay; `null`: storage keeps none for replicas' sake. */
  #after: Offset | null = null;
  /** The least that was needed in this period. */
  #least: Offset | null = null;
  #periodEndsMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(outbox: MemberOutbox) {
    this.#outbox = outbox;
  }

  /** @param neededAfter records after it are needed now; `null` when none are. */
  review(neededAfter: Offset | null, nowMs: Millis): void {
    this.#least = lesser(this.#least, neededAfter);
    if (nowMs >= this.#periodEndsMs) {
      this.#tell(this.#least);
      this.#least = neededAfter;
      this.#periodEndsMs = nowMs + PERIOD_MS;
    } else this.#tell(lesser(this.#after, neededAfter));
  }

  /** Storage has dropped some of it, and keeps no more than for any snapshot until it is told again. */
  onDropped(): void {
    this.#after = null;
    this.#least = null;
  }

  #tell(after: Offset | null): void {
    if (after === this.#after) return;
    this.#after = after;
    this.#outbox.push({ type: "retainLog", after });
  }
}

function lesser(a: Offset | null, b: Offset | null): Offset | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
