/**
 * Keeps `+switch-master` from ioredis for a moment after a crash. Its failover detector, told between its client's question
 * for the master and the connection to it, ends that client for good; and it gains nothing, as its socket to a dead master has closed
 * by itself. Once connected to the successor it has dropped the subscription, and with it what is kept here.
 *
 * Everyone else is told at once, and ioredis too of a master that is silent. Writes nothing and knows no clock.
 */
import type { Millis } from "../../src/base/ids.ts";
import type { SentinelNotice } from "../core/sentinel-event.ts";
import type { ClientSession } from "./client-session.ts";
import type { SentinelMessage } from "./event-payload.ts";
import { deliveryOf } from "./subscriptions.ts";

/** Well past the retries in which a client with default options finds the successor. */
const LATE_MS: Millis = 1000;
/** Beyond it all but switches is dropped: a subscriber hears a few messages for a failover. */
const MESSAGES_MAX = 100;

interface Kept {
  readonly session: ClientSession;
  readonly dueMs: Millis;
  /** The switch, and what came after it: the order stays. */
  readonly messages: SentinelMessage[];
}

export class LateMessages {
  /** In the order in which it falls due. */
  readonly #kept = new Map<number, Kept>();

  /** @returns whether it is kept for this subscriber, who must not get it now. */
  keeps(session: ClientSession, notice: SentinelNotice, message: SentinelMessage, nowMs: Millis): boolean {
    const kept = this.#kept.get(session.id);
    if (kept !== undefined) {
      const isHeard = deliveryOf(session, message) !== "";
      const isSwitch = notice.channel === "+switch-master";
      if (isHeard && (isSwitch || kept.messages.length < MESSAGES_MAX)) kept.messages.push(message);
      return true;
    }
    if (
      notice.channel !== "+switch-master" ||
      !notice.crashed ||
      !session.libraryName.startsWith("ioredis")
    ) {
      return false;
    }
    this.#kept.set(session.id, { session, dueMs: nowMs + LATE_MS, messages: [message] });
    return true;
  }

  /** Hands over what is due, once. */
  takeDue(nowMs: Millis): Kept[] {
    const due: Kept[] = [];
    for (const [id, kept] of this.#kept) {
      if (kept.dueMs > nowMs) break;
      this.#kept.delete(id);
      due.push(kept);
    }
    return due;
  }

  forget(id: number): void {
    this.#kept.delete(id);
  }

  deadlineMs(): Millis | undefined {
    const [first] = this.#kept.values();
    return first?.dueMs;
  }
}
