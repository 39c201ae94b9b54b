/**
 * Commands on hold: a client's next one while the node may not run it (a reign not yet established, a switchover, CLIENT
 * PAUSE) or the client is blocked, or backed up. Decides which commands wait and who may go on; it runs none and answers none.
 */
import { invariant } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";
import type { Client } from "./client.ts";
import { ClientPause } from "./client-pause.ts";
import { type Argv, FLAGS } from "./commands/command.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import { refusalOf, type Service } from "./service.ts";

/** Of commands that look at keys or change them; their replies speak of a reign. */
export const DATA_FLAGS: number = FLAGS.write | FLAGS.readonly;

export class HeldCommands {
  /** Who waits for its end is not on hold yet: see `endPause`. */
  readonly pause: ClientPause;
  readonly #dispatcher: Dispatcher;
  /** In the order in which their commands were put on hold. */
  readonly #clients = new Set<Client>();

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher;
    this.pause = new ClientPause(dispatcher);
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Some client's command waits for the node alone. */
  get hasRunnable(): boolean {
    for (const client of this.#clients) if (client.blocked === null && !client.backedUp) return true;
    return false;
  }

  /** Those with a command on hold, the blocked ones included. */
  clients(): Client[] {
    return [...this.#clients];
  }

  hold(client: Client, argv: string[]): void {
    invariant(client.pending === null, "a client on hold runs no further command");
    client.pending = argv;
    this.#clients.add(client);
  }

  /** @returns the command that waits no more; `null` when it has been answered. */
  release(client: Client): string[] | null {
    const { pending } = client;
    client.pending = null;
    this.#clients.delete(client);
    return pending;
  }

  forget(client: Client): void {
    this.#clients.delete(client);
    this.pause.forget(client);
  }

  /** Who waited for the end of a pause is on hold as the others are. */
  endPause(): void {
    for (const client of this.pause.end()) this.#clients.add(client);
  }

  /** Whether the command waits until the node serves again. */
  mustHold({ session }: Client, argv: Argv, service: Service, now: Instant): boolean {
    if (service.kind !== "held" || now.monoMs >= service.untilMs) return false;
    const command = this.#dispatcher.find(argv);
    // Inside MULTI commands are only queued; EXEC is what touches data.
    if (command === undefined) return false;
    const { transaction } = session;
    if (transaction === null) return (command.gateFlags & DATA_FLAGS) !== 0;
    return command.fullName === "exec" && (transaction.flags & DATA_FLAGS) !== 0;
  }

  /** Whether the command waits for the end of the pause. What the node would refuse is refused at once. */
  mustPostpone({ session }: Client, argv: Argv, service: Service, now: Instant): boolean {
    const flags = this.pause.heldFlags(session, argv);
    if (flags === undefined || (flags & DATA_FLAGS) === 0) return flags !== undefined;
    return refusalOf(service, now, (flags & FLAGS.write) !== 0, true) === undefined;
  }
}
