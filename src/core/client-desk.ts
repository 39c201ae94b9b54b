/**
 * Serves Redis clients on a member: decides whose commands run now, which are held, who is blocked, and when a client's
 * connection is closed. What a command does is the runner's, the role itself the member's.
 */
import { type Millis, OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import type { EncodedRequest } from "../protocol/resp/encoded-request.ts";
import { error } from "../protocol/resp/reply.ts";
import { BlockedClients } from "./blocked-clients.ts";
import { type Client, HELD_BYTES_MAX } from "./client.ts";
import type { PauseKind } from "./client-pause.ts";
import { CommandRunner } from "./command-runner.ts";
import type { Argv, Command } from "./commands/command.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import * as errors from "./commands/errors.ts";
import type { BlockRequest } from "./commands/execution.ts";
import type { PlainSource } from "./commands/plain-commands.ts";
import { HeldCommands } from "./held-commands.ts";
import { IdleClients } from "./idle-clients.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import type { Publication } from "./keyspace/notifications.ts";
import { ListeningClients } from "./listening-clients.ts";
import type { MemberOutbox } from "./member-io.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";
import { ReplyGate } from "./replication/reply-gate.ts";
import type { Service } from "./service.ts";
import type { ClientSession } from "./session.ts";
import type { Publish } from "./waiting-publications.ts";

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
  /** Up to where the standing snapshot holds the log; the member sets it. */
  snapshotOffset: Offset = OFFSET_ZERO;
  readonly #setup: DeskSetup;
  readonly #clients = new Map<number, Client>();
  readonly #blocked: BlockedClients;
  readonly #held: HeldCommands;
  readonly #listening: ListeningClients;
  readonly idle: IdleClients = new IdleClients();
  readonly #runner: CommandRunner;
  /** Since when a tick has found this master cut off from everybody while clients were blocked. */
  #isolatedSinceMs: Millis | null = null;

  constructor(setup: DeskSetup) {
    this.#setup = setup;
    this.gate = new ReplyGate((client) => this.#release(client), {
      uncertain: error(errors.UNCERTAIN),
      unconfirmed: error(errors.UNCONFIRMED),
    });
    this.#held = new HeldCommands(setup.dispatcher);
    this.#listening = new ListeningClients({
      outbox: setup.outbox,
      gate: this.gate,
      registry: setup.dispatcher.registry,
      clientOf: (session) => this.client(session),
      reply: (client, text) => this.#runner.reply(client, text),
    });
    this.#runner = new CommandRunner({
      ...setup,
      gate: this.gate,
      listening: this.#listening,
      pause: this.#held.pause,
    });
    this.#blocked = new BlockedClients(setup.keyspace, {
      reply: (client, text) => this.#runner.reply(client, text),
      replyWithData: (client, text, seen) => this.#runner.replyWithData(client, text, seen, false),
      resume: (client) => this.#resumeLater(client),
      snapshotHolds: (offset) => offset <= this.snapshotOffset,
      countReplicas: (client) => this.#countReceived(client.session.wroteOffset),
      retry: (client, argv, request, key) => this.#runner.retry(client, argv, request, key),
    });
  }

  get service(): Service {
    return this.#runner.service;
  }

  set service(service: Service) {
    this.#runner.service = service;
  }

  get diskFull(): boolean {
    return this.#runner.diskFull;
  }

  set diskFull(isFull: boolean) {
    this.#runner.diskFull = isFull;
  }

  /** PUBLISHed and committed: to be delivered here (`publishHere`), and passed on to replicas. */
  set onPublication(publish: Publish) {
    this.#listening.onPublication = publish;
  }

  add(client: Client): void {
    this.#clients.set(client.session.id, client);
  }

  remove(client: Client): void {
    client.closed = true;
    this.#clients.delete(client.session.id);
    this.#held.forget(client);
    this.#blocked.remove(client);
  }

  clients(): Iterable<Client> {
    return this.#clients.values();
  }

  /** The clock was read, whatever for. */
  onClock(nowMs: Millis): void {
    this.#runner.housekeeping.onClock(nowMs);
  }

  /** Begins a batch: the clock was read right before. */
  beginBatch(now: Instant): void {
    this.#runner.beginBatch(now);
    if (now.monoMs >= this.#held.pause.untilMs) this.unpause();
    else this.#runner.settleExpiry();
  }

  /**
   * One command of a client, in order.
   *
   * @param request what `argv` was read from, if that is at hand.
   * @returns false when the client is on hold now: ask for no more of its commands until `resumeClient`.
   */
  run(client: Client, argv: string[], request: EncodedRequest | null = null): boolean {
    if (client.closing || client.closed) return false;
    const mayNotYet = client.blocked !== null || client.backedUp;
    if (mayNotYet || this.#held.mustHold(client, argv, this.service, this.#runner.now)) {
      this.#held.hold(client, argv);
      return false;
    }
    const { pause } = this.#held;
    if (pause.active && this.#held.mustPostpone(client, argv, this.service, this.#runner.now)) {
      pause.postpone(client, argv);
      return false;
    }
    this.#execute(client, argv, request);
    this.#serveReady();
    client.backedUp = client.heldBytes > HELD_BYTES_MAX;
    return !client.closing && client.blocked === null && !client.backedUp;
  }

  /**
   * As `run`, of those of the client's next commands that are plain requests.
   *
   * @returns how many were run; 0 when the next one is to be run by `run`.
   */
  runPlain(client: Client, source: PlainSource): number {
    if (client.closing || client.closed || client.blocked !== null || client.backedUp) return 0;
    const count = this.#runner.executePlain(client, source);
    client.backedUp = client.heldBytes > HELD_BYTES_MAX;
    return count;
  }

  /** The dispatcher's gate, see `CommandRunner`. */
  refuse(command: Command, session: ClientSession, flags: number): string | undefined {
    return this.#runner.refuse(command, session, flags);
  }

  /** Runs what is due by time: expiry of keys, replies that waited too long, commands held too long. */
  tick(now: Instant): void {
    this.#runner.now = now;
    this.gate.expire(now.monoMs);
    if (this.service.kind === "held") {
      // Who is blocked is answered when it is known whether the reign goes on.
      if (now.monoMs < this.service.untilMs) return;
      this.refuseHeld(errors.MASTERDOWN);
      this.#blocked.failAll(errors.UNBLOCKED);
      return;
    }
    this.#blocked.expire(now.monoMs);
    if (now.monoMs >= this.#held.pause.untilMs) this.unpause();
    const { registry } = this.#setup.dispatcher;
    this.#setup.dispatcher.sample(now.monoMs);
    for (const client of this.idle.find(this.#clients.values(), registry, now)) this.close(client);
    this.#letIsolatedGo();
    const isMaster = this.service.kind === "master";
    if (isMaster) this.beginBatch(now);
    this.#runner.housekeeping.tick(now.monoMs, isMaster && this.#runner.mayWrite);
  }

  /** The service changed: runs what was on hold and may now run. */
  drain(now: Instant): void {
    if (this.#held.size === 0) return;
    this.beginBatch(now);
    for (const client of this.#held.clients()) this.#resume(client);
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
    const keeping = this.#runner.mayWrite
      ? this.#runner.housekeeping.deadlineMs(this.#runner.now.monoMs)
      : Number.POSITIVE_INFINITY;
    return Math.min(this.#blocked.deadlineMs, this.#held.pause.untilMs, keeping);
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
    this.#held.pause.begin(kind, this.#runner.now.monoMs + durationMs);
  }

  /** CLIENT UNPAUSE, or its time is up: who waited is served next, in order. */
  unpause(): void {
    this.#held.endPause();
    this.#runner.settleExpiry();
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
    for (const client of this.#held.clients()) {
      if (client.blocked !== null) continue;
      const { pending, session } = client;
      client.pending = null;
      if (pending !== null) {
        this.#runner.reply(client, dispatcher.refuseUnrun(session, pending, refusal));
      }
      this.#resume(client);
    }
  }

  #resume(client: Client): void {
    const pending = this.#held.release(client);
    if (pending !== null && !this.run(client, pending)) return;
    this.#setup.outbox.push({ type: "resumeClient", client });
  }

  /** The reign has ended for good: what was executed is uncertain, what was held is refused, who is blocked is released. */
  onDemoted(): void {
    this.gate.failAll();
    this.#listening.clear();
    this.#blocked.failAll(errors.UNBLOCKED);
  }

  /** Stock clients ask the sentinels again when their socket closes. */
  closeAll(): void {
    for (const client of this.#clients.values()) this.close(client);
  }

  /** Those that wrote here by mistake: they ask the sentinels again. Who only reads from a replica stays. */
  closeMisled(): void {
    for (const client of this.#clients.values()) if (client.misled) this.close(client);
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
    this.#listening.release();
    this.#blocked.settleWaits();
  }

  #execute(client: Client, argv: string[], request: EncodedRequest | null): void {
    const { block, close } = this.#runner.execute(client, argv, request);
    if (block !== null) this.#block(client, argv, block);
    if (this.#runner.refusedByReplica) client.misled = true;
    if (close || this.#runner.refusedInIsolation) this.close(client);
  }

  // ---- clients that wait ---------------------------------------------------------------------------

  #block(client: Client, argv: Argv, request: BlockRequest): void {
    const { timeoutMs } = request;
    const deadlineMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#runner.now.monoMs + timeoutMs;
    this.#blocked.add(client, { request, argv, seen: this.#runner.seen, deadlineMs });
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

  /** Nothing that is pushed elsewhere can reach them here, and nobody may ever tell this master that its reign is over. */
  #letIsolatedGo(): void {
    if (this.#blocked.size === 0 || !this.#runner.isIsolated) {
      this.#isolatedSinceMs = null;
      return;
    }
    this.#isolatedSinceMs ??= this.#runner.now.monoMs;
    if (this.#runner.now.monoMs - this.#isolatedSinceMs < this.#setup.ackTimeoutMs) return;
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
    return this.service.kind !== "held" && this.#held.hasRunnable;
  }

  #countReceived(offset: Offset): number {
    return this.service.kind === "master" ? this.service.reign.countReceived(offset) : 0;
  }

  #release(client: Client): void {
    this.#setup.outbox.output(client);
    if (client.backedUp && client.heldBytes <= HELD_BYTES_MAX) {
      client.backedUp = false;
      this.#resumeLater(client);
    }
    if (client.closing && client.held.length === 0) this.#setup.outbox.push({ type: "closeClient", client });
  }

  /** A turn ends: messages that wait for nothing else go on. */
  turnListening(): void {
    this.#listening.turn();
  }

  get wantsTurn(): boolean {
    return this.#listening.wantsTurn;
  }

  /** Messages that this turn has delivered so far. */
  get deliveries(): number {
    return this.#listening.deliveries;
  }

  /** What a master has published, to this replica's subscribers: in pieces, like what waits on the master itself. */
  publish(publications: readonly Publication[]): void {
    this.#listening.publish(publications, null);
  }

  /** Delivers to this node's subscribers: a message depends on nothing that is held. */
  publishHere(channel: string, message: string): void {
    this.#listening.deliver(channel, message);
  }
}
