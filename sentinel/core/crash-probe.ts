/** Crash evidence after a lost link: two refused connects some 10 ms apart. Decides when to probe, not what follows. */
import type { Millis, StartId } from "../../src/base/ids.ts";
import type { ProbeOutcome } from "../../src/protocol/peer/identity.ts";
import { PROBE_SPACING_MS } from "./timing.ts";

const REFUSALS_NEEDED = 2;
/** A dying process may still accept for a moment; after this many tries silence alone counts. */
const TRIES_MAX = 8;

/** `pending`: the evidence is still being gathered. `none`: there is none to be had. */
export type ProbeVerdict = "pending" | "dead" | "restarted" | "none";

export class CrashProbe {
  readonly #lost: StartId;
  #refusals = 0;
  #tries = 0;
  /** `null` while an attempt is under way. */
  #nextAtMs: Millis | null;

  /** @param lost the process whose link closed at `nowMs`. */
  constructor(lost: StartId, nowMs: Millis) {
    this.#lost = lost;
    this.#nextAtMs = nowMs;
  }

  get deadlineMs(): Millis | undefined {
    return this.#nextAtMs ?? undefined;
  }

  /** True when an attempt is to be made now. */
  takeAttempt(nowMs: Millis): boolean {
    if (this.#nextAtMs === null || nowMs < this.#nextAtMs) return false;
    this.#nextAtMs = null;
    this.#tries++;
    return true;
  }

  onOutcome(outcome: ProbeOutcome, nowMs: Millis): ProbeVerdict {
    if (
      outcome.result === "reached" &&
      outcome.identity !== null &&
      outcome.identity.startId !== this.#lost
    ) {
      return "restarted";
    }
    this.#refusals = outcome.result === "refused" ? this.#refusals + 1 : 0;
    if (this.#refusals >= REFUSALS_NEEDED) return "dead";
    if (this.#tries >= TRIES_MAX) return "none";
    this.#nextAtMs = nowMs + PROBE_SPACING_MS;
    return "pending";
  }
}
