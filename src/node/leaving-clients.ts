/**
 * Clients whose connections are ended: thousands at once when a role changes, and what the new role has to say may not wait
 * for that. So each turn of the event loop ends some, in order. What is written to them first is not its business.
 */
import type { Millis } from "../base/ids.ts";

/** For the clients that leave, of one turn of the event loop. */
const TURN_MS_MAX: Millis = 5;

export interface LeavingClientsOwner<Leaver> {
  nowMs(): Millis;
  /** Its time has come. */
  end(leaver: Leaver): void;
}

export class LeavingClients<Leaver> {
  readonly #owner: LeavingClientsOwner<Leaver>;
  readonly #leavers = new Set<Leaver>();
  #due = false;

  constructor(owner: LeavingClientsOwner<Leaver>) {
    this.#owner = owner;
  }

  /** Ends its connection in a later turn. */
  add(leaver: Leaver): void {
    this.#leavers.add(leaver);
    this.#callSoon();
  }

  #callSoon(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#endSome();
    });
  }

  #endSome(): void {
    const beganMs = this.#owner.nowMs();
    for (const leaver of this.#leavers) {
      this.#leavers.delete(leaver);
      this.#owner.end(leaver);
      if (this.#owner.nowMs() - beganMs >= TURN_MS_MAX) break;
    }
    if (this.#leavers.size > 0) this.#callSoon();
  }
}
