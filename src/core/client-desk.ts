/**
 * Serves Redis clients on a member: decides for each command whether it runs now, is refused or is held, makes its
 * effects a record, and has its reply wait for what it saw. The role itself is the member's.
 */
import { invariant, unreachable } from "../base/errors.ts";
import { type Epoch, type Millis, OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import { error, integer } from "../protocol/resp/reply.ts";
import type { Client } from "./client.ts";
import { type Argv, type Command, FLAGS } from "./commands/command.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import {
  DISK_FULL,
  LOADING,
  MASTERDOWN,
  NOREPLICAS,
  READONLY,
  UNBLOCKED,
  UNCERTAIN,
  UNCONFIRMED,
} from "./commands/errors.ts";
import type { Execution } from "./commands/execution.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import type { MemberOutbox } from "./member-io.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";
import { ReplyGate, type ReplyNeed } from "./replication/reply-gate.ts";
import type { ClientSession } from "./session.ts";

/** Keys that one tick may expire; what is left waits for the next one. */
const EXPIRE_BUDGET = 1000;

/** What the node may do for clients at this moment. Recomputed by the member when anything of it changes. */
export type Service =
  /** No role, or a replica that does not hold a committed state of the present master. */
  | { readonly kind: "none" }
  | { readonly kind: "loading" }
  | { readonly kind: "replica" }
  /** A master that may not execute now: not yet established, sealed, or in a switchover. Data commands wait. */
  | { readonly kind: "held"; readonly untilMs: Millis }
  | { readonly kind: "master"; readonly reign: ServingReign };

/** The reign as the desk needs it. */
export interface ServingReign {
  readonly epoch: Epoch;
  /** `undefined` when writes are taken now, else the refusal. */
  refuseWrite(now: Instant): string | undefined;
  /** The round that a read must see confirmed; 0 when a lease (or the mode) makes that needless; -1: refuse it. */
  readRound(now: Instant): number;
  /** Cut off from sentinels and replicas alike: its clients are better off asking the sentinels again. */
  isIsolated(now: Instant): boolean;
  /** Somebody waits for acks: ask the replicas now. */
  hurry(): void;
  /** Replicas, of whatever standing, that have received all up to there. */
  countReceived(offset: Offset): number;
}

export interface DeskSetup {
  readonly outbox: MemberOutbox;
  readonly log: ReplicationLog;
  readonly keyspace: Keyspace;
  readonly dispatcher: Dispatcher;
  readonly ackTimeoutMs: Millis;
  readonly uncommittedBytesMax: number;
}

interface WaitingPublication {
  readonly offset: Offset;
  readonly channel: string;
  readonly message: string;
}

export class ClientDesk {
  readonly gate: ReplyGate;
  service: Service = { kind: "none" };
  diskFull = false;
  /** PUBLISHed and committed: for this node's subscribers, and to be passed on to replicas. */
  onPublication: (channel: string, message: string) => void = () => {};
  readonly #setup: DeskSetup;
  readonly #clients = new Map<number, Client>();
  /** Clients with commands on hold, or blocked in WAIT. */
  readonly #holding = new Set<Client>();
  readonly #blocked = new Set<Client>();
  #publications: WaitingPublication[] = [];
  #turn = 0;
  #now: Instant = { monoMs: 0, wallMs: 0 };
  /** The command being run looks at data, so that its reply speaks of the reign. */
  #touchesData = false;
  /** The command being run was refused, or could not be confirmed. */
  #refused = false;

  constructor(setup: DeskSetup) {
    this.#setup = setup;
    this.gate = new ReplyGate((client) => this.#release(client), {
      uncertain: error(UNCERTAIN),
      unconfirmed: error(UNCONFIRMED),
    });
  }

  add(client: Client): void {
    this.#clients.set(client.session.id, client);
  }

  remove(client: Client): void {
    client.closed = true;
    this.#clients.delete(client.session.id);
    this.#holding.delete(client);
    this.#blocked.delete(client);
    this.gate.forget(client);
  }

  clients(): Iterable<Client> {
    return this.#clients.values();
  }

  /** Begins a batch: the clock was read right before. */
  beginBatch(now: Instant): void {
    this.#now = now;
    this.#turn++;
    const { keyspace } = this.#setup;
    keyspace.nowMs = now.wallMs;
    keyspace.mayExpire =
      this.service.kind === "master" && !this.diskFull && this.service.reign.refuseWrite(now) === undefined;
  }

  /**
   * One command of a client, in order.
   *
   * @returns false when the client is on hold now: ask for no more of its commands until `resumeClient`.
   */
  run(client: Client, argv: string[]): boolean {
    if (client.closing || client.closed) return false;
    if (client.blocked !== null || this.#mustHold(client, argv)) {
      invariant(client.pending === null, "a client on hold runs no further command");
      client.pending = argv;
      this.#holding.add(client);
      return false;
    }
    this.#execute(client, argv);
    return !client.closing && client.blocked === null;
  }

  /**
   * The dispatcher's gate: called before a command runs, and when MULTI queues it.
   *
   * @param flags of the command; for EXEC those of the queued commands too.
   * @returns an error text, or `undefined` to let it pass.
   */
  refuse(command: Command, session: ClientSession, flags: number): string | undefined {
    if ((flags & DATA_FLAGS) === 0) return undefined;
    const isQueued = session.transaction !== null && !command.unqueued;
    const refusal = this.#refusal((flags & FLAGS.write) !== 0, isQueued);
    // What is refused, or only queued, has looked at nothing; another command of the same script may have.
    if (refusal === undefined && !isQueued) this.#touchesData = true;
    if (refusal !== undefined) this.#refused = true;
    return refusal;
  }

  #refusal(isWrite: boolean, isQueued: boolean): string | undefined {
    const { service } = this;
    switch (service.kind) {
      case "none":
        return MASTERDOWN;
      case "loading":
        return LOADING;
      case "replica":
        return isWrite ? READONLY : undefined;
      case "held":
        return isQueued ? undefined : MASTERDOWN;
      case "master":
        if (!isWrite) return undefined;
        if (this.diskFull) return DISK_FULL;
        if (this.#setup.log.uncommittedBytes > this.#setup.uncommittedBytesMax) return NOREPLICAS;
        return service.reign.refuseWrite(this.#now);
      default:
        return unreachable(service);
    }
  }

  /** Runs what is due by time: expiry of keys, replies that waited too long, commands held too long. */
  tick(now: Instant): void {
    this.gate.expire(now.monoMs);
    for (const client of this.#blocked) {
      if (client.blocked !== null && client.blocked.deadlineMs <= now.monoMs) this.#unblock(client);
    }
    if (this.service.kind === "held") {
      if (now.monoMs >= this.service.untilMs) this.refuseHeld(MASTERDOWN);
      return;
    }
    if (this.service.kind === "master") this.#expireKeys(now);
  }

  /** The service changed: runs what was on hold and may now run. */
  drain(now: Instant): void {
    if (this.#holding.size === 0) return;
    this.beginBatch(now);
    for (const client of [...this.#holding]) this.#resume(client);
  }

  /** Answers every command on hold with this error; nothing of them was executed. */
  refuseHeld(refusal: string): void {
    const text = error(refusal);
    for (const client of [...this.#holding]) {
      if (client.blocked !== null) continue;
      client.pending = null;
      this.#reply(client, text, NOTHING_SEEN);
      this.#resume(client);
    }
  }

  #resume(client: Client): void {
    const { pending } = client;
    client.pending = null;
    this.#holding.delete(client);
    if (pending !== null && !this.run(client, pending)) return;
    this.#setup.outbox.push({ type: "resumeClient", client });
  }

  /** The reign has ended for good: what was executed is uncertain, what was held is refused, WAITs are released. */
  onDemoted(): void {
    this.gate.failAll();
    this.#publications = [];
    for (const client of this.#blocked) {
      client.blocked = null;
      this.#reply(client, error(UNBLOCKED), NOTHING_SEEN);
      this.#resume(client);
    }
    this.#blocked.clear();
  }

  /** Stock clients ask the sentinels again when their socket closes. */
  closeAll(): void {
    for (const client of this.#clients.values()) this.close(client);
  }

  close(client: Client): void {
    if (client.closed) return;
    client.closing = true;
    if (client.held.length === 0) this.#setup.outbox.push({ type: "closeClient", client });
  }

  /** What is safe has moved: replies, publications and WAITs that waited for it go out. */
  advance(safeOffset: Offset, confirmedRound: number): void {
    this.gate.advance(safeOffset, confirmedRound);
    this.#publish();
    this.#settleWaits();
  }

  /** Acks came that may satisfy a WAIT. */
  #settleWaits(): void {
    for (const client of this.#blocked) {
      const { blocked } = client;
      if (blocked !== null && this.#countReceived(blocked.offset) >= blocked.replicas) this.#unblock(client);
    }
  }

  #execute(client: Client, argv: string[]): void {
    const { log, keyspace, dispatcher } = this.#setup;
    keyspace.writeOffset = (log.assigned + 1) as Offset;
    this.#touchesData = false;
    this.#refused = false;
    const execution = dispatcher.execute(client.session, argv);
    const wrote = execution.effects !== "";
    const seen = wrote ? this.#record(client, execution) : execution.sawOffset;
    const publishedAt = this.service.kind === "master" ? seen : OFFSET_ZERO;
    for (const publication of execution.publications)
      this.#publications.push({ offset: publishedAt, ...publication });
    if (execution.publications.length > 0) this.#publish();
    if (execution.waitFor !== null) this.#wait(client, execution.waitFor);
    else if (execution.reply !== "") this.#answer(client, execution.reply, seen, wrote);
    if (execution.close || (this.#refused && this.#isIsolated())) this.close(client);
  }

  #isIsolated(): boolean {
    return this.service.kind === "master" && this.service.reign.isIsolated(this.#now);
  }

  #answer(client: Client, text: string, seen: Offset, wrote: boolean): void {
    if (!this.#touchesData || this.service.kind !== "master") {
      // What a replica has applied is committed; what is not data depends on nothing.
      this.#reply(client, text, NOTHING_SEEN);
      return;
    }
    const round = wrote ? 0 : this.service.reign.readRound(this.#now);
    if (round >= 0) {
      this.#reply(client, text, { offset: seen, round, wrote });
      return;
    }
    this.#refused = true;
    this.#reply(client, error(UNCONFIRMED), NOTHING_SEEN);
  }

  /** One record of a command's effects. On anything but a master there are none. */
  #record(client: Client, execution: Execution): Offset {
    const { log } = this.#setup;
    invariant(this.service.kind === "master", "only a master that may execute makes records");
    const offset = log.assign("effects", this.service.reign.epoch, execution.effectsDb, execution.effects);
    log.applied = offset;
    client.session.wroteOffset = offset;
    return offset;
  }

  #expireKeys(now: Instant): void {
    const { keyspace, log, dispatcher } = this.#setup;
    this.beginBatch(now);
    if (!keyspace.mayExpire || this.service.kind !== "master") return;
    keyspace.writeOffset = (log.assigned + 1) as Offset;
    const { effects, effectsDb } = dispatcher.expireCycle(EXPIRE_BUDGET);
    if (effects === "") return;
    log.applied = log.assign("effects", this.service.reign.epoch, effectsDb, effects);
  }

  #mustHold(client: Client, argv: Argv): boolean {
    if (this.service.kind !== "held" || this.#now.monoMs >= this.service.untilMs) return false;
    const command = this.#setup.dispatcher.find(argv);
    // Inside MULTI commands are only queued; EXEC is what touches data.
    if (command === undefined) return false;
    const { transaction } = client.session;
    if (transaction === null) return (command.gateFlags & DATA_FLAGS) !== 0;
    return command.fullName === "exec" && (transaction.flags & DATA_FLAGS) !== 0;
  }

  #wait(client: Client, waitFor: { readonly replicas: number; readonly timeoutMs: number }): void {
    const offset = client.session.wroteOffset;
    const deadlineMs =
      waitFor.timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#now.monoMs + waitFor.timeoutMs;
    client.blocked = { replicas: waitFor.replicas, offset, deadlineMs };
    this.#blocked.add(client);
    if (this.service.kind === "master") this.service.reign.hurry();
    if (this.#countReceived(offset) >= waitFor.replicas) this.#unblock(client);
  }

  #unblock(client: Client): void {
    const { blocked } = client;
    if (blocked === null) return;
    client.blocked = null;
    this.#blocked.delete(client);
    this.#reply(client, integer(this.#countReceived(blocked.offset)), NOTHING_SEEN);
    this.#resume(client);
  }

  /** True when some client's commands wait although nothing holds them any more. */
  get hasRunnable(): boolean {
    if (this.service.kind === "held") return false;
    for (const client of this.#holding) if (client.blocked === null) return true;
    return false;
  }

  #countReceived(offset: Offset): number {
    return this.service.kind === "master" ? this.service.reign.countReceived(offset) : 0;
  }

  #reply(client: Client, text: string, need: ReplyNeed): void {
    this.gate.push(client, text, need, this.#now.monoMs + this.#setup.ackTimeoutMs, this.#turn);
  }

  #release(client: Client): void {
    this.#setup.outbox.output(client);
    if (client.closing && client.held.length === 0) this.#setup.outbox.push({ type: "closeClient", client });
  }

  #publish(): void {
    let done = 0;
    for (const { offset, channel, message } of this.#publications) {
      if (!this.gate.isSafe(offset)) break;
      this.publishHere(channel, message);
      this.onPublication(channel, message);
      done++;
    }
    if (done > 0) this.#publications = this.#publications.slice(done);
  }

  /** Delivers to this node's subscribers. */
  publishHere(channel: string, message: string): void {
    for (const { session, text } of this.#setup.dispatcher.registry.subscriptions.deliver(channel, message)) {
      this.deliver(session.id, text);
    }
  }

  /** A message for a subscriber: it depends on nothing that is held. */
  deliver(sessionId: number, text: string): void {
    const client = this.#clients.get(sessionId);
    if (client === undefined || client.closed) return;
    client.ready += text;
    this.#setup.outbox.output(client);
  }
}

/** Commands that look at keys or change them; their replies speak of a reign. */
const DATA_FLAGS: number = FLAGS.write | FLAGS.readonly;

const NOTHING_SEEN: ReplyNeed = { offset: OFFSET_ZERO, round: 0, wrote: false };
