/** Which process was seen as master of which epoch, and whether it is known to be dead. */
import type { Epoch, Millis, StartId } from "../../src/base/ids.ts";
import type { FastBudget } from "./fast-budget.ts";

export class MasterProcess {
  readonly #budget: FastBudget;
  #seen: { readonly epoch: Epoch; readonly process: StartId } | null = null;
  #death: { readonly process: StartId; readonly atMs: Millis; readonly fast: boolean } | null = null;

  constructor(budget: FastBudget) {
    this.#budget = budget;
  }

  /** @returns true when this reign was not seen before. */
  see(epoch: Epoch, process: StartId): boolean {
    if (this.#seen?.epoch === epoch && this.#seen.process === process) return false;
    this.#seen = { epoch, process };
    return true;
  }

  /** `null` when its process was never seen in the role. */
  of(epoch: Epoch): StartId | null {
    return this.#seen?.epoch === epoch ? this.#seen.process : null;
  }

  /** Notes the death once. @returns true when it may be acted upon before the silence says so too. */
  noteDeath(process: StartId, nowMs: Millis): boolean {
    if (this.#death?.process !== process) {
      this.#death = { process, atMs: nowMs, fast: this.#budget.take(nowMs) };
    }
    return this.#death.fast;
  }

  /** It has answered: what was taken for its death was not. A second one is a death of its own, and takes of the budget again. */
  noteLife(process: StartId): void {
    if (this.#death?.process === process) this.#death = null;
  }

  /** Whether the process of this reign is dead, and the fast-failover budget or `downAfterMs` allow to say so. */
  isGone(epoch: Epoch, downAfterMs: Millis, nowMs: Millis): boolean {
    const process = this.of(epoch);
    if (process === null || this.#death?.process !== process) return false;
    return this.#death.fast || nowMs - this.#death.atMs >= downAfterMs;
  }
}
