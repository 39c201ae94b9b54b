/** All sessions of a node, in order of their ids, and their subscriptions. */
import { invariant } from "../base/errors.ts";
import type { ClientSession } from "./session.ts";
import { Subscriptions } from "./subscriptions.ts";

export class SessionRegistry {
  readonly subscriptions: Subscriptions = new Subscriptions();
  /** Clients in MONITOR. */
  readonly monitors: Set<ClientSession> = new Set();
  readonly #sessions = new Map<number, ClientSession>();

  get size(): number {
    return this.#sessions.size;
  }

  add(session: ClientSession): void {
    invariant(!this.#sessions.has(session.id), `session ${session.id} is added once`);
    this.#sessions.set(session.id, session);
  }

  /** Forgets the session and its subscriptions; harmless when it is unknown. */
  remove(session: ClientSession): void {
    this.subscriptions.unsubscribeAll(session);
    this.monitors.delete(session);
    this.#sessions.delete(session.id);
  }

  countBlocked(): number {
    let count = 0;
    for (const session of this.#sessions.values()) if (session.blocked || session.postponed) count += 1;
    return count;
  }

  get(id: number): ClientSession | undefined {
    return this.#sessions.get(id);
  }

  sessions(): IterableIterator<ClientSession> {
    return this.#sessions.values();
  }
}
