/** The leases that this sentinel has given and that may still stand. It must own up to them when it votes. */
import type { Millis, StartId } from "../../src/base/ids.ts";
import type { LeaseLeft } from "../../src/protocol/peer/sentinel-messages.ts";

export class LeasesGiven {
  /** `null`: given by an earlier life of this sentinel, which told nobody to whom. */
  readonly #endsAtMs = new Map<StartId | null, Millis>();

  note(process: StartId | null, endsAtMs: Millis): void {
    this.#endsAtMs.set(process, Math.max(endsAtMs, this.#endsAtMs.get(process) ?? endsAtMs));
  }

  /** Those that may stand, for so long from `nowMs`. */
  left(nowMs: Millis): LeaseLeft[] {
    for (const [process, endsAtMs] of this.#endsAtMs) {
      if (endsAtMs <= nowMs) this.#endsAtMs.delete(process);
    }
    return [...this.#endsAtMs].map(([process, endsAtMs]) => ({ process, leftMs: endsAtMs - nowMs }));
  }
}
