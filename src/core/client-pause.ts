/**
 * CLIENT PAUSE: whether clients' commands wait, which ones, and until when; it keeps those who wait, in order. While it
 * lasts nothing expires on its own either, which the desk sees to. Whether the node would refuse a command is not its
 * business.
 */
import type { Millis } from "../base/ids.ts";
import type { Client } from "./client.ts";
import { type Argv, FLAGS } from "./commands/command.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import type { ClientSession } from "./session.ts";

export type PauseKind = "write" | "all";

export class ClientPause {
  readonly #dispatcher: Dispatcher;
  readonly #waiting = new Set<Client>();
  #kind: PauseKind | null = null;
  #untilMs: Millis = Number.POSITIVE_INFINITY;

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher;
  }

  get active(): boolean {
    return this.#kind !== null;
  }

  /** When it ends; `Infinity` when there is none. */
  get untilMs(): Millis {
    return this.#untilMs;
  }

  /** A second pause makes the first neither shorter nor milder. */
  begin(kind: PauseKind, untilMs: Millis): void {
    this.#untilMs = this.#kind === null ? untilMs : Math.max(this.#untilMs, untilMs);
    if (this.#kind !== "all") this.#kind = kind;
  }

  /** @returns who waited, in order; each still holds its `pending` command. */
  end(): Client[] {
    this.#kind = null;
    this.#untilMs = Number.POSITIVE_INFINITY;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { session } of waiting) session.postponed = false;
    return waiting;
  }

  /** The client's next command waits for the end. */
  postpone(client: Client, argv: string[]): void {
    client.pending = argv;
    client.session.postponed = true;
    this.#waiting.add(client);
  }

  forget(client: Client): void {
    this.#waiting.delete(client);
  }

  /**
   * The flags of a command that must wait, those of what EXEC would run included. What is refused for its form or for
   * want of a password is refused at once; clients in MONITOR are let through, as in Redis.
   *
   * @returns `undefined` when it need not wait.
   */
  heldFlags(session: ClientSession, argv: Argv): number | undefined {
    const dispatcher = this.#dispatcher;
    const command = dispatcher.find(argv);
    if (command?.accepts(argv.length) !== true || !dispatcher.mayKnow(session, command)) return undefined;
    if (dispatcher.registry.monitors.has(session)) return undefined;
    const queued = command.fullName === "exec" ? (session.transaction?.flags ?? 0) : 0;
    const flags = dispatcher.flagsOf(command, argv) | queued;
    return this.#kind === "all" || (flags & MAY_WRITE) !== 0 ? flags : undefined;
  }
}

const MAY_WRITE = FLAGS.write | FLAGS.may_replicate;
