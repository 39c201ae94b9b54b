/** CONFIG's `timeout`: which clients have been silent for too long. Who waits for an answer, or listens, may be silent. */
import type { Millis } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import type { Client } from "./client.ts";
import type { SessionRegistry } from "./session-registry.ts";

const CHECK_MS: Millis = 1000;

export class IdleClients {
  /** 0: nobody is ever idle. */
  timeoutMs: Millis = 0;
  #checkedMs: Millis = 0;

  /** Looks once a second. @returns who is to be closed. */
  find(clients: Iterable<Client>, registry: SessionRegistry, now: Instant): Client[] {
    if (this.timeoutMs === 0 || now.monoMs - this.#checkedMs < CHECK_MS) return [];
    this.#checkedMs = now.monoMs;
    return [...clients].filter((client) => {
      const { session, blocked, pending, held } = client;
      if (now.wallMs - session.lastCommandAtMs <= this.timeoutMs) return false;
      if (blocked !== null || pending !== null || held.length > 0) return false;
      return session.subscriptions === 0 && !registry.monitors.has(session);
    });
  }
}
