/**
 * Clients that listen: what subscribers and MONITORs are sent unasked. A message waits until all that it saw is safe, and
 * for the replies that its subscriber still waits for. Who else is to hear of it is the member's business.
 */
import { OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { Client } from "./client.ts";
import type { Publication } from "./keyspace/notifications.ts";
import type { MemberOutbox } from "./member-io.ts";
import type { ReplyGate } from "./replication/reply-gate.ts";
import type { ClientSession } from "./session.ts";
import type { SessionRegistry } from "./session-registry.ts";
import { type Publish, WaitingPublications } from "./waiting-publications.ts";

export interface ListeningClientsSetup {
  readonly outbox: MemberOutbox;
  readonly gate: ReplyGate;
  readonly registry: SessionRegistry;
  clientOf(session: ClientSession): Client | undefined;
  /** A reply that depends on nothing. */
  reply(client: Client, text: string): void;
}

export class ListeningClients {
  /** PUBLISHed and safe: to be delivered here, and passed on to replicas. */
  onPublication: Publish = () => {};
  readonly #setup: ListeningClientsSetup;
  readonly #waiting = new WaitingPublications();

  constructor(setup: ListeningClientsSetup) {
    this.#setup = setup;
  }

  /** @param seen what must be safe before anybody may learn of it; `null` when all of it is. */
  publish(publications: readonly Publication[], seen: Offset | null): void {
    if (publications.length === 0) return;
    for (const publication of publications) this.#waiting.add(seen ?? OFFSET_ZERO, publication);
    this.release();
  }

  /** What is safe has moved. */
  release(): void {
    this.#waiting.release(this.#setup.gate, this.onPublication);
  }

  /** What waits will never be safe. */
  clear(): void {
    this.#waiting.clear();
  }

  /** To this node's subscribers. */
  deliver(channel: string, message: string): void {
    const { outbox, registry } = this.#setup;
    for (const { session, text } of registry.subscriptions.deliver(channel, message)) {
      const client = this.#setup.clientOf(session);
      if (client === undefined || client.closed) continue;
      // A RESP2 client takes what comes for the reply that it waits for.
      if (client.held.length > 0) this.#setup.reply(client, text);
      else {
        client.reply(text);
        outbox.output(client);
      }
    }
  }

  /** @param lines about the command that ran. */
  showMonitors(lines: string): void {
    for (const session of this.#setup.registry.monitors) {
      const client = this.#setup.clientOf(session);
      if (client !== undefined && !client.closing) this.#setup.reply(client, lines);
    }
  }
}
