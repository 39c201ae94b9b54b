/**
 * Serves Redis clients on a member: decides for each command whether it runs now, is refused or is held, makes its
 * effects a record, and has its reply wait for what it saw. The role itself is the member's.
 */
import { invariant } from "../base/errors.ts";
import { type Millis, OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import { error } from "../protocol/resp/reply.ts";
import { BlockedClients } from "./blocked-clients.ts";
import { type Client, NOTHING_SEEN, type ReplyNeed } from "./client.ts";
import { ClientPause, type PauseKind } from "./client-pause.ts";
import { type Argv, type Command, FLAGS } from "./commands/command.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import * as errors from "./commands/errors.ts";
import type { BlockRequest, Execution, KeyBlockRequest } from "./commands/execution.ts";
import { Housekeeping } from "./housekeeping.ts";
import { IdleClients } from "./idle-clients.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import type { MemberOutbox } from "./member-io.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";
import { ReplyGate } from "./replication/reply-gate.ts";
import { needsMemory, refusalOf, type Service } from "./service.ts";
import type { ClientSession } from "./session.ts";
import { type Publish, WaitingPublications } from "./waiting-publications.ts";

export interface DeskSetup {
  readonly outbox: MemberOutbox;
  readonly log: ReplicationLog;
  readonly keyspace: Keyspace;
  readonly dispatcher: Dispatcher;
  readonly ackTimeoutMs: Millis;
  readonly uncommittedBytesMax: number;
}

export class ClientDesk {
  readonly gate: ReplyGate;
  service: Service = { kind: "none" };
  diskFull = false;
  /** Up to where the standing snapshot holds the log; the member sets it. */
  snapshotOffset: Offset = OFFSET_ZERO;
  /** PUBLISHed and committed: to be delivered here (`publishHere`), and passed on to replicas. */
  onPublication: Publish = () => {};
  readonly #setup: DeskSetup;
  readonly #clients = new Map<number, Client>();
  readonly #blocked: BlockedClients;
  /** Clients with a command on hold. */
  readonly #holding = new Set<Client>();
  readonly #pause: ClientPause;
  readonly idle: IdleClients = new IdleClients();
  readonly #publications = new WaitingPublications();
  readonly #housekeeping: Housekeeping;
  /** Since when a tick has found this master cut off from everybody while clients were blocked. */
  #isolatedSinceMs: Millis | null = null;
  #turn = 0;
  #now: Instant = { monoMs: 0, wallMs: 0 };
  /** The command being run looks at data, so that its reply speaks of the reign. */
  #touchesData = false;
  /** The command being run was refused, or could not be confirmed. */
  #refused = false;

  constructor(setup: DeskSetup) {
    this.#setup = setup;
    this.gate = new ReplyGate((client) => this.#release(client), {
      uncertain: error(errors.UNCERTAIN),
      unconfirmed: error(errors.UNCONFIRMED),
    });
    this.#pause = new ClientPause(setup.dispatcher);
    this.#housekeeping = new Housekeeping({ ...setup, record: (execution) => this.#recordOwn(execution) });
    this.#blocked = new BlockedClients(setup.keyspace, {
      reply: (client, text) => this.#reply(client, text, NOTHING_SEEN),
      replyWithData: (client, text, seen) => this.#replyWithData(client, text, seen, false),
      resume: (client) => this.#resumeLater(client),
      snapshotHolds: (offset) => offset <= this.snapshotOffset,
      countReplicas: (client) => this.#countReceived(client.session.wroteOffset),
      retry: (client, argv, request, key) => this.#retry(client, argv, request, key),
    });
  }

  add(client: Client): void {
    this.#clients.set(client.session.id, client);
  }

  remove(client: Client): void {
    client.closed = true;
    this.#clients.delete(client.session.id);
    this.#holding.delete(client);
    this.#pause.forget(client);
    this.#blocked.remove(client);
    this.gate.forget(client);
  }

  clients(): Iterable<Client> {
    return this.#clients.values();
  }

  /** The clock was read, whatever for. */
  onClock(nowMs: Millis): void {
    this.#housekeeping.onClock(nowMs);
  }

  /** Begins a batch: the clock was read right before. */
  beginBatch(now: Instant): void {
    this.#now = now;
    this.#turn++;
    const { keyspace, dispatcher } = this.#setup;
    keyspace.nowMs = now.wallMs;
    dispatcher.beginBatch(now.monoMs);
    this.#housekeeping.beginBatch(now.monoMs);
    if (now.monoMs >= this.#pause.untilMs) this.unpause();
    else this.#setMayExpire();
  }

  #setMayExpire(): void {
    this.#setup.keyspace.mayExpire =
      this.service.kind === "master" &&
      !this.diskFull &&
      !this.#pause.active &&
      this.service.reign.refuseWrite(this.#now) === undefined;
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
    if (this.#pause.active && this.#mustPostpone(client, argv)) {
      this.#pause.postpone(client, argv);
      return false;
    }
    this.#execute(client, argv);
    this.#serveReady();
    return !client.closing && client.blocked === null;
  }

  /**
   * The dispatcher's gate: called before a command runs, and when MULTI queues it.
   *
   * @param flags of the command; for EXEC those of the queued commands too.
   * @returns an error text, or `undefined` to let it pass.
   */
  refuse(command: Command, session: ClientSession, flags: number): string | undefined {
    if (this.#housekeeping.memoryFull && needsMemory(command, session, flags)) return errors.OOM;
    if ((flags & DATA_FLAGS) === 0) return undefined;
    const isQueued = session.transaction !== null && !command.unqueued;
    const isWrite = (flags & FLAGS.write) !== 0;
    const refusal = refusalOf(this.service, this.#now, isWrite, isQueued) ?? this.#noRoom(isWrite);
    // What is refused, or only queued, has looked at nothing; another command of the same script may have.
    if (refusal === undefined && !isQueued) this.#touchesData = true;
    if (refusal !== undefined) this.#refused = true;
    return refusal;
  }

  /** Whether a record can be made now. */
  get #mayWrite(): boolean {
    return this.#setup.keyspace.mayExpire && this.#noRoom(true) === undefined;
  }

  #noRoom(isWrite: boolean): string | undefined {
    if (!isWrite || this.service.kind !== "master") return undefined;
    if (this.diskFull) return errors.DISK_FULL;
    const { log, uncommittedBytesMax } = this.#setup;
    return log.uncommittedBytes > uncommittedBytesMax ? errors.NOREPLICAS : undefined;
  }

  /** Runs what is due by time: expiry of keys, replies that waited too long, commands held too long. */
  tick(now: Instant): void {
    this.#now = now;
    this.gate.expire(now.monoMs);
    if (this.service.kind === "held") {
      // Who is blocked is answered when it is known whether the reign goes on.
      if (now.monoMs < this.service.untilMs) return;
      this.refuseHeld(errors.MASTERDOWN);
      this.#blocked.failAll(errors.UNBLOCKED);
      return;
    }
    this.#blocked.expire(now.monoMs);
    if (now.monoMs >= this.#pause.untilMs) this.unpause();
    const { registry } = this.#setup.dispatcher;
    this.#setup.dispatcher.sample(now.monoMs);
    for (const client of this.idle.find(this.#clients.values(), registry, now)) this.close(client);
    this.#letIsolatedGo();
    const isMaster = this.service.kind === "master";
    if (isMaster) this.beginBatch(now);
    this.#housekeeping.tick(now.monoMs, isMaster && this.#mayWrite);
  }

  /** The service changed: runs what was on hold and may now run. */
  drain(now: Instant): void {
    if (this.#holding.size === 0) return;
    this.beginBatch(now);
    for (const client of [...this.#holding]) this.#resume(client);
  }

  /** Keys have changed that blocked clients wait for, though no command of this batch did it. */
  serveBlocked(now: Instant): void {
    if (this.#setup.keyspace.readyKeys.length === 0) return;
    this.beginBatch(now);
    this.#serveReady();
  }

  /** When `tick` is due for the sake of a blocked client, of one that a pause keeps waiting, or of housekeeping. */
  get deadlineMs(): Millis {
    // Nothing of it is done while commands are on hold, nor expired or evicted by who may make no record.
    if (this.service.kind === "held") return Number.POSITIVE_INFINITY;
    const keeping = this.#mayWrite
      ? this.#housekeeping.deadlineMs(this.#now.monoMs)
      : Number.POSITIVE_INFINITY;
    return Math.min(this.#blocked.deadlineMs, this.#pause.untilMs, keeping);
  }

  /** The standing snapshot is another one now: SAVEs that waited for it are answered. */
  onSnapshot(offset: Offset): void {
    this.snapshotOffset = offset;
    this.#blocked.settleWaits();
  }

  onSnapshotFailed(): void {
    this.#blocked.failSnapshots();
  }

  /** CLIENT PAUSE. It takes effect after the command, or EXEC, that asks for it. */
  pause(kind: PauseKind, durationMs: Millis): void {
    this.#pause.begin(kind, this.#now.monoMs + durationMs);
  }

  /** CLIENT UNPAUSE, or its time is up: who waited is served next, in order. */
  unpause(): void {
    for (const client of this.#pause.end()) this.#holding.add(client);
    this.#setMayExpire();
  }

  client(session: ClientSession): Client | undefined {
    return this.#clients.get(session.id);
  }

  /** CLIENT UNBLOCK. @returns whether the client was blocked. */
  unblock(session: ClientSession, how: "timeout" | "error"): boolean {
    const client = this.#clients.get(session.id);
    if (client === undefined || client.blocked === null) return false;
    if (how === "timeout" && this.service.kind !== "held") this.#blocked.timeOut(client);
    else this.#blocked.fail(client, errors.UNBLOCKED_BY_CLIENT);
    return true;
  }

  /** Answers every command on hold with this error; nothing of them was executed. */
  refuseHeld(refusal: string): void {
    const { dispatcher } = this.#setup;
    for (const client of [...this.#holding]) {
      if (client.blocked !== null) continue;
      const { pending, session } = client;
      client.pending = null;
      if (pending !== null) {
        this.#reply(client, dispatcher.refuseUnrun(session, pending, refusal), NOTHING_SEEN);
      }
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

  /** The reign has ended for good: what was executed is uncertain, what was held is refused, who is blocked is released. */
  onDemoted(): void {
    this.gate.failAll();
    this.#publications.clear();
    this.#blocked.failAll(errors.UNBLOCKED);
  }

  /** Stock clients ask the sentinels again when their socket closes. */
  closeAll(): void {
    for (const client of this.#clients.values()) this.close(client);
  }

  close(client: Client): void {
    if (client.closed) return;
    client.closing = true;
    this.#blocked.remove(client);
    if (client.held.length === 0) this.#setup.outbox.push({ type: "closeClient", client });
  }

  /** What is safe has moved: replies, publications and WAITs that waited for it go out. */
  advance(safeOffset: Offset, confirmedRound: number): void {
    this.gate.advance(safeOffset, confirmedRound);
    this.#publications.release(this.gate, this.onPublication);
    this.#blocked.settleWaits();
  }

  #execute(client: Client, argv: string[]): void {
    const { log, keyspace, dispatcher } = this.#setup;
    if (keyspace.isOverMemory || this.#housekeeping.memoryFull) this.#housekeeping.makeRoom(this.#mayWrite);
    keyspace.writeOffset = (log.assigned + 1) as Offset;
    this.#touchesData = false;
    this.#refused = false;
    const execution = dispatcher.execute(client.session, argv);
    const wrote = execution.effects !== "";
    const seen = wrote ? this.#record(client, execution) : execution.sawOffset;
    this.#publish(execution, seen);
    if (this.#pause.active) this.#setMayExpire();
    if (execution.monitored !== "") this.#showMonitors(execution.monitored);
    if (execution.block !== null) this.#block(client, argv, execution.block, seen);
    else if (execution.reply !== "") this.#answer(client, execution.reply, seen, wrote);
    if (execution.close || (this.#refused && this.#isIsolated())) this.close(client);
  }

  #isIsolated(): boolean {
    return this.service.kind === "master" && this.service.reign.isIsolated(this.#now);
  }

  #answer(client: Client, text: string, seen: Offset, wrote: boolean): void {
    // What is not data depends on nothing.
    if (!this.#touchesData) this.#reply(client, text, NOTHING_SEEN);
    else if (!this.#replyWithData(client, text, seen, wrote)) this.#refused = true;
  }

  /** @returns false when nobody could confirm the reply, and an error was sent in its place. */
  #replyWithData(client: Client, text: string, seen: Offset, wrote: boolean): boolean {
    // What a replica has applied is committed.
    if (this.service.kind !== "master") {
      this.#reply(client, text, NOTHING_SEEN);
      return true;
    }
    const round = wrote ? 0 : this.service.reign.readRound(this.#now);
    if (round < 0) this.#reply(client, error(errors.UNCONFIRMED), NOTHING_SEEN);
    else this.#reply(client, text, { offset: seen, round, wrote });
    return round >= 0;
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

  /** A record of what no client asked for. */
  #recordOwn(execution: Execution): void {
    const { effects, effectsDb } = execution;
    if (effects === "") return;
    invariant(this.service.kind === "master", "only a master that may execute makes records");
    const { log } = this.#setup;
    log.applied = log.assign("effects", this.service.reign.epoch, effectsDb, effects);
    this.#publish(execution, log.applied);
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

  /** What the node would refuse is refused at once. */
  #mustPostpone({ session }: Client, argv: Argv): boolean {
    const flags = this.#pause.heldFlags(session, argv);
    if (flags === undefined || (flags & DATA_FLAGS) === 0) return flags !== undefined;
    return refusalOf(this.service, this.#now, (flags & FLAGS.write) !== 0, true) === undefined;
  }

  #showMonitors(lines: string): void {
    for (const session of this.#setup.dispatcher.registry.monitors) {
      const client = this.#clients.get(session.id);
      if (client !== undefined && !client.closing) this.#reply(client, lines, NOTHING_SEEN);
    }
  }

  // ---- clients that wait ---------------------------------------------------------------------------

  #block(client: Client, argv: Argv, request: BlockRequest, seen: Offset): void {
    const { timeoutMs } = request;
    const deadlineMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#now.monoMs + timeoutMs;
    this.#blocked.add(client, { request, argv, seen, deadlineMs });
    if (request.kind === "keys") return;
    if (request.kind === "replicas" && this.service.kind === "master") this.service.reign.hurry();
    this.#blocked.settleWait(client);
  }

  /** Lets those go on whose keys have changed, after the command (or EXEC) that did it and before any other. */
  #serveReady(): void {
    const { keyspace } = this.#setup;
    while (keyspace.readyKeys.length > 0 && this.#mayServe()) {
      const ready = keyspace.readyKeys;
      keyspace.readyKeys = [];
      for (const key of ready) this.#blocked.serve(key);
    }
  }

  #mayServe(): boolean {
    if (this.service.kind === "master") return this.#setup.keyspace.mayExpire;
    return this.service.kind === "replica";
  }

  /** What it takes is a record of its own, and its reply waits for that one. */
  #retry(client: Client, argv: Argv, request: KeyBlockRequest, key: string): boolean {
    const { log, keyspace, dispatcher } = this.#setup;
    keyspace.writeOffset = (log.assigned + 1) as Offset;
    const execution = dispatcher.retry(client.session, argv, request, key);
    const wrote = execution.effects !== "";
    const seen = wrote ? this.#record(client, execution) : execution.sawOffset;
    this.#publish(execution, seen);
    if (execution.block !== null) return false;
    if (execution.reply !== "") this.#replyWithData(client, execution.reply, seen, wrote);
    return true;
  }

  /** Nothing that is pushed elsewhere can reach them here, and nobody may ever tell this master that its reign is over. */
  #letIsolatedGo(): void {
    if (this.#blocked.size === 0 || !this.#isIsolated()) {
      this.#isolatedSinceMs = null;
      return;
    }
    this.#isolatedSinceMs ??= this.#now.monoMs;
    if (this.#now.monoMs - this.#isolatedSinceMs < this.#setup.ackTimeoutMs) return;
    for (const client of this.#clients.values()) {
      if (client.blocked === null) continue;
      this.#blocked.fail(client, errors.UNBLOCKED);
      this.close(client);
    }
  }

  /** Not at once: a command of another client may be running. */
  #resumeLater(client: Client): void {
    if (client.pending === null) this.#setup.outbox.push({ type: "resumeClient", client });
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

  /** What the execution published goes out once all that it saw is safe. */
  #publish(execution: Execution, seen: Offset): void {
    if (execution.publications.length === 0) return;
    const offset = this.service.kind === "master" ? seen : OFFSET_ZERO;
    for (const publication of execution.publications) this.#publications.add(offset, publication);
    this.#publications.release(this.gate, this.onPublication);
  }

  /** Delivers to this node's subscribers: a message depends on nothing that is held. */
  publishHere(channel: string, message: string): void {
    for (const { session, text } of this.#setup.dispatcher.registry.subscriptions.deliver(channel, message)) {
      const client = this.#clients.get(session.id);
      if (client === undefined || client.closed) continue;
      // A RESP2 client takes what comes for the reply that it waits for.
      if (client.held.length > 0) this.#reply(client, text, NOTHING_SEEN);
      else {
        client.reply(text);
        this.#setup.outbox.output(client);
      }
    }
  }
}

/** Commands that look at keys or change them; their replies speak of a reign. */
const DATA_FLAGS: number = FLAGS.write | FLAGS.readonly;
