/**
 * All client connections of one sentinel: runs their commands in order, keeps those waiting whose answer is held or
 * up to the core, and hands out events. Decides no answer itself (`command-table.ts`) and owns no socket or clock.
 *
 * A client that waits is simply not read on, so nothing queues but what it has sent already.
 */
import type { Millis } from "../../src/base/ids.ts";
import { error } from "../../src/protocol/resp/reply.ts";
import { DeadlineQueue } from "../core/deadline-queue.ts";
import type { SentinelNotice } from "../core/sentinel-event.ts";
import type { OperatorCommand } from "../core/sentinel-input.ts";
import { earliest } from "../core/timing.ts";
import type {
  Answer,
  ClientBuffers,
  CommandContext,
  CommandCounts,
  OperatorOutcome,
  SentinelWorld,
} from "./answer.ts";
import { ClientSession } from "./client-session.ts";
import { answerCommand } from "./command-table.ts";
import { noOutcome } from "./error-texts.ts";
import { messageOf, type SentinelMessage } from "./event-payload.ts";
import { LateMessages } from "./late-messages.ts";
import { deliveryOf } from "./subscriptions.ts";
import { wireText } from "./wire-text.ts";

/** The core ends a hold 500 ms after the loss; this bounds each single client's wait whatever the core does. */
const HOLD_MS_MAX = 500;
/** Of answers that are not written yet: a small pipeline of questions may have very long ones. */
const PENDING_CHARS_MAX = 256 * 1024;

/** One client's socket, as far as it is needed here. */
export interface ClientLink {
  readonly id: number;
  /** `ip:port`. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Of what the client has sent. */
  readonly requestMemory: { readonly heldBytes: number; readonly freeBytes: number };
  /** Of replies that the client has not taken yet. */
  readonly bufferedBytes: number;
  /** Latin1. */
  write(text: string): void;
  /** Closes once what was written is out. */
  end(): void;
  /** Calls `serve` with what the client has sent and nobody has pulled yet. */
  processBuffered(): void;
}

/** Where a client's complete commands are pulled from. */
export interface CommandSource {
  next(): string[] | undefined;
  /** Set while the client must still authenticate. */
  unauthenticated: boolean;
}

type Waiting =
  | {
      readonly for: "master";
      /** That is changing hands. */
      readonly group: string;
      readonly argv: readonly string[];
      readonly untilMs: Millis;
    }
  | {
      readonly for: "operator";
      readonly operation: number;
      readonly group: string;
      readonly untilMs: Millis;
      encode(outcome: OperatorOutcome): string;
    };

interface Client {
  readonly session: ClientSession;
  readonly link: ClientLink;
  waiting: Waiting | null;
  /** Its commands are being run right now: a core that answers at once must not run them a second time. */
  running: boolean;
  closing: boolean;
  ended: boolean;
  /** Replies of this turn, written at its end in one piece. */
  pending: string;
}

export class SentinelClients {
  readonly #world: SentinelWorld;
  readonly #operate: (operation: number, command: OperatorCommand) => void;
  readonly #operatorTimeoutMs: (group: string) => Millis;
  readonly #shutdown: () => void;
  readonly #clients = new Map<number, Client>();
  readonly #sessions = new Map<number, ClientSession>();
  /** Who waits for a group to change hands, by its name. */
  readonly #held = new Map<string, Set<Client>>();
  /** Who waits for the outcome of an operation. */
  readonly #operators = new Map<number, Client>();
  /** Of all who wait. */
  readonly #deadlines = new DeadlineQueue<Client>();
  readonly #late = new LateMessages();
  #operations = 0;
  readonly #counts: CommandCounts = { run: 0, errorReplies: 0 };

  /**
   * @param setup.operate hands an operator's command to the core; its outcome comes by `operatorReplied`, at once or
   * later. `operatorTimeoutMs` bounds how long the client waits for it. `shutdown` asks for a stop in order, soon.
   */
  constructor(setup: {
    readonly world: SentinelWorld;
    readonly operate: (operation: number, command: OperatorCommand) => void;
    readonly operatorTimeoutMs: (group: string) => Millis;
    readonly shutdown: () => void;
  }) {
    this.#world = setup.world;
    this.#operate = setup.operate;
    this.#operatorTimeoutMs = setup.operatorTimeoutMs;
    this.#shutdown = setup.shutdown;
  }

  get count(): number {
    return this.#clients.size;
  }

  connected(link: ClientLink, nowMs: Millis): void {
    const session = new ClientSession({
      id: link.id,
      address: link.remoteAddress,
      localAddress: link.localAddress,
      nowMs,
      authenticated: this.#world.facts.password === null,
    });
    this.#clients.set(link.id, {
      session,
      link,
      waiting: null,
      running: false,
      closing: false,
      ended: false,
      pending: "",
    });
    this.#sessions.set(link.id, session);
  }

  disconnected(id: number): void {
    const client = this.#clients.get(id);
    if (client === undefined) return;
    this.#clients.delete(id);
    this.#sessions.delete(id);
    this.#stopWaiting(client);
    this.#late.forget(id);
  }

  /**
   * Runs what the client has sent, as far as it need not wait; the rest stays in `source`.
   *
   * @param mayGoOn asked after each command.
   * @returns false when that said no; the rest is to be served later.
   */
  serve(id: number, source: CommandSource, nowMs: Millis, mayGoOn: () => boolean): boolean {
    const client = this.#clients.get(id);
    if (client === undefined || client.running) return true;
    let goesOn = true;
    client.running = true;
    while (client.waiting === null && !client.closing && this.#clients.has(id)) {
      source.unauthenticated = !client.session.authenticated;
      const argv = source.next();
      if (argv === undefined) break;
      this.#handle(client, argv, nowMs, nowMs + HOLD_MS_MAX);
      // Written now, it counts for the limit of output.
      if (client.pending.length > PENDING_CHARS_MAX) flush(client);
      goesOn = mayGoOn();
      if (!goesOn) break;
    }
    client.running = false;
    flush(client);
    return goesOn;
  }

  /**
   * After every step of the core, and at `deadlineMs`: answers those whose group has changed hands or who have waited long
   * enough, and tells what was kept. Thousands may wait while a master is being replaced: nobody else is looked at.
   */
  settle(nowMs: Millis): void {
    for (const { session, messages } of this.#late.takeDue(nowMs)) {
      for (const message of messages) this.#deliver(this.#clients.get(session.id), message);
    }
    for (const [group, clients] of this.#held) {
      if (clients.size === 0 || this.#world.isHolding(group)) continue;
      for (const client of [...clients]) this.#endWait(client, nowMs);
    }
    for (const client of this.#deadlines.takeDue(nowMs)) this.#endWait(client, nowMs);
  }

  operatorReplied(operation: number, outcome: OperatorOutcome): void {
    const client = this.#operators.get(operation);
    if (client?.waiting?.for !== "operator") return;
    const { encode } = client.waiting;
    this.#stopWaiting(client);
    this.#say(client, encode(outcome));
    this.#goOn(client);
  }

  publish(notice: SentinelNotice, nowMs: Millis): void {
    const message = messageOf(notice);
    for (const client of this.#clients.values()) {
      const { session } = client;
      if (session.subscriptions === 0 || this.#late.keeps(session, notice, message, nowMs)) continue;
      this.#deliver(client, message);
    }
  }

  /** When `settle` is due even if nothing happens; `undefined` while nobody waits. */
  deadlineMs(): Millis | undefined {
    return earliest(this.#late.deadlineMs(), this.#deadlines.earliestMs);
  }

  #deliver(client: Client | undefined, message: SentinelMessage): void {
    const text = client === undefined || client.closing ? "" : deliveryOf(client.session, message);
    if (text !== "") client?.link.write(text);
  }

  #endWait(client: Client, nowMs: Millis): void {
    const { waiting } = client;
    if (waiting === null) return;
    this.#stopWaiting(client);
    if (waiting.for === "master") this.#handle(client, waiting.argv, nowMs, waiting.untilMs);
    else {
      const text = noOutcome(this.#operatorTimeoutMs(waiting.group), waiting.group);
      this.#say(client, error(wireText(text)));
    }
    this.#goOn(client);
  }

  /** Sends the answer of a client that has stopped waiting, and takes up what it has sent meanwhile. */
  #goOn(client: Client): void {
    if (client.waiting !== null || client.running) return;
    flush(client);
    client.link.processBuffered();
  }

  #handle(client: Client, argv: readonly string[], nowMs: Millis, holdUntilMs: Millis): void {
    const { session } = client;
    const context: CommandContext = {
      argv,
      session,
      sessions: this.#sessions,
      counts: this.#counts,
      buffersOf: (other) => buffersOf(this.#clients.get(other.id)),
      world: this.#world,
      nowMs,
    };
    const answer = answerCommand(context, nowMs < holdUntilMs);
    switch (answer.kind) {
      case "held":
        this.#wait(client, { for: "master", group: answer.group, argv, untilMs: holdUntilMs });
        return;
      case "operator":
        this.#askCore(client, answer, nowMs);
        return;
      case "inform":
        this.#say(client, answer.text);
        for (const command of answer.commands) this.#operate(++this.#operations, command);
        return;
      case "killClients":
        this.#say(client, answer.text);
        this.#kill(answer.ids);
        return;
      case "shutdown":
        client.closing = true;
        this.#shutdown();
        return;
      case "reply":
        this.#say(client, answer.text, answer.always === true);
        if (answer.close === true) client.closing = true;
    }
  }

  #askCore(client: Client, answer: Answer & { kind: "operator" }, nowMs: Millis): void {
    const operation = ++this.#operations;
    const untilMs = nowMs + this.#operatorTimeoutMs(answer.group);
    // First wait, then ask: the outcome may come before `operate` returns.
    const { group, encode } = answer;
    this.#wait(client, { for: "operator", operation, group, untilMs, encode });
    this.#operate(operation, answer.command);
  }

  #kill(ids: ReadonlySet<number>): void {
    for (const id of ids) {
      const client = this.#clients.get(id);
      if (client === undefined) continue;
      client.closing = true;
      this.#stopWaiting(client);
      flush(client);
    }
  }

  #wait(client: Client, waiting: Waiting): void {
    client.waiting = waiting;
    this.#deadlines.set(client, waiting.untilMs);
    if (waiting.for === "operator") this.#operators.set(waiting.operation, client);
    else this.#heldFor(waiting.group).add(client);
  }

  #stopWaiting(client: Client): void {
    const { waiting } = client;
    if (waiting === null) return;
    client.waiting = null;
    this.#deadlines.set(client, undefined);
    if (waiting.for === "operator") this.#operators.delete(waiting.operation);
    else this.#heldFor(waiting.group).delete(client);
  }

  /** Bounded by the groups that there are. */
  #heldFor(group: string): Set<Client> {
    const clients = this.#held.get(group) ?? new Set<Client>();
    this.#held.set(group, clients);
    return clients;
  }

  #say(client: Client, text: string, always = false): void {
    const { session } = client;
    if (text.startsWith("-")) this.#counts.errorReplies += 1;
    if (always || session.replyMode === "on") client.pending += text;
    // SKIP itself says nothing, so that it does not skip itself.
    if (session.replyMode === "skipNext" && (!always || text !== "")) session.replyMode = "on";
  }
}

function buffersOf(client: Client | undefined): ClientBuffers {
  if (client === undefined) return { queryBytes: 0, queryFreeBytes: 0, outputBytes: 0 };
  const { requestMemory, bufferedBytes } = client.link;
  return {
    queryBytes: requestMemory.heldBytes,
    queryFreeBytes: requestMemory.freeBytes,
    outputBytes: bufferedBytes + client.pending.length,
  };
}

function flush(client: Client): void {
  const { pending } = client;
  client.pending = "";
  if (pending !== "") client.link.write(pending);
  if (!client.closing || client.ended) return;
  client.ended = true;
  client.link.end();
}
