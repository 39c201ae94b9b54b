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

/**
 * To this node's subscribers, of what waited, in one turn of the event loop: some ten or twenty milliseconds. What one subscriber gets
 * in a turn is one write, so that smaller pieces cost more of them.
 */
const DELIVERIES_MAX = 5000;

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
  /** In this turn. */
  #deliveries = 0;

  constructor(setup: ListeningClientsSetup) {
    this.#setup = setup;
  }

  /** @param seen what must be safe before anybody may learn of it; `null` when all of it is. */
  publish(publications: readonly Publication[], seen: Offset | null): void {
    if (publications.length === 0) return;
    const { wantsTurn } = this;
    for (const publication of publications) this.#waiting.add(seen ?? OFFSET_ZERO, publication);
    // Behind what waits for a turn whoever publishes delivers twice as much, so that it becomes less whatever is added.
    this.#release(wantsTurn ? 2 * publications.length : 1);
  }

  /** What is safe has moved. Thousands of messages for a thousand subscribers take several turns, others being served in between. */
  release(): void {
    this.#release(0);
  }

  /** A turn ends: the next piece of what waits goes out. */
  turn(): void {
    this.#deliveries = 0;
    this.#release(1);
  }

  /** Safe ones wait for nothing but another turn. */
  get wantsTurn(): boolean {
    return this.#waiting.hasSafe(this.#setup.gate);
  }

  /** Messages that this turn has delivered so far. */
  get deliveries(): number {
    return this.#deliveries;
  }

  /** @param countMin so many go out whatever this turn has delivered. */
  #release(countMin: number): void {
    const mayGoOn = (done: number): boolean => done < countMin || this.#deliveries < DELIVERIES_MAX;
    this.#waiting.release(this.#setup.gate, this.onPublication, mayGoOn);
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
      // Who is being let go is told nothing behind the reply that ends its connection.
      if (client === undefined || client.closing || client.closed) continue;
      this.#deliveries++;
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
