/**
 * Runs clients' commands on the member's keyspace: refuses what the node may not do, makes a command's effects a record,
 * and has its reply wait for what it saw. Which client's command runs, and what becomes of the client, is the desk's.
 */
import { invariant } from "../base/errors.ts";
import { type Epoch, type Millis, OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import type { EncodedRequest } from "../protocol/resp/encoded-request.ts";
import { PlainRequest } from "../protocol/resp/plain-request.ts";
import { error } from "../protocol/resp/reply.ts";
import { type Client, NOTHING_SEEN, type ReplyNeed } from "./client.ts";
import type { ClientPause } from "./client-pause.ts";
import { type Argv, type Command, FLAGS } from "./commands/command.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import * as errors from "./commands/errors.ts";
import type { Execution, KeyBlockRequest } from "./commands/execution.ts";
import { mayChangeNothing, type PlainSource } from "./commands/plain-commands.ts";
import { DATA_FLAGS } from "./held-commands.ts";
import { Housekeeping } from "./housekeeping.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import type { ListeningClients } from "./listening-clients.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";
import type { ReplyGate } from "./replication/reply-gate.ts";
import { needsMemory, refusalOf, type Service } from "./service.ts";
import type { ClientSession } from "./session.ts";

export interface RunnerSetup {
  readonly log: ReplicationLog;
  readonly keyspace: Keyspace;
  readonly dispatcher: Dispatcher;
  readonly gate: ReplyGate;
  readonly listening: ListeningClients;
  readonly pause: ClientPause;
  readonly ackTimeoutMs: Millis;
  readonly uncommittedBytesMax: number;
}

export class CommandRunner {
  service: Service = { kind: "none" };
  diskFull = false;
  /** As all commands of a batch know it. */
  now: Instant = { monoMs: 0, wallMs: 0 };
  readonly housekeeping: Housekeeping;
  readonly #setup: RunnerSetup;
  readonly #request = new PlainRequest();
  #turn = 0;
  /** What the command that ran last saw, what it wrote included. */
  #seen: Offset = OFFSET_ZERO;
  /** It looks at data, so that its reply speaks of the reign. */
  #touchesData = false;
  /** It was refused, or could not be confirmed. */
  #refused = false;

  constructor(setup: RunnerSetup) {
    this.#setup = setup;
    this.housekeeping = new Housekeeping({ ...setup, record: (execution) => this.#recordOwn(execution) });
  }

  beginBatch(now: Instant): void {
    this.now = now;
    this.#turn++;
    const { keyspace, dispatcher } = this.#setup;
    keyspace.nowMs = now.wallMs;
    dispatcher.beginBatch(now.monoMs);
    this.housekeeping.beginBatch(now.monoMs);
  }

  /** Has keys expire on their own where that can be recorded. Call when a batch begins, and when a pause begins or ends. */
  settleExpiry(): void {
    this.#setup.keyspace.mayExpire =
      this.service.kind === "master" &&
      !this.diskFull &&
      !this.#setup.pause.active &&
      this.service.reign.refuseWrite(this.now) === undefined;
  }

  /**
   * The dispatcher's gate: called before a command runs, and when MULTI queues it.
   *
   * @param flags of the command; for EXEC those of the queued commands too.
   * @returns an error text, or `undefined` to let it pass.
   */
  refuse(command: Command, session: ClientSession, flags: number): string | undefined {
    if (this.housekeeping.memoryFull && needsMemory(command, session, flags)) return errors.OOM;
    if ((flags & DATA_FLAGS) === 0) return undefined;
    const isQueued = session.transaction !== null && !command.unqueued;
    const isWrite = (flags & FLAGS.write) !== 0;
    const refusal = refusalOf(this.service, this.now, isWrite, isQueued) ?? this.#noRoom(isWrite);
    // What is refused, or only queued, has looked at nothing; another command of the same script may have.
    if (refusal === undefined && !isQueued) this.#touchesData = true;
    if (refusal !== undefined) this.#refused = true;
    return refusal;
  }

  /** Whether a record can be made now. */
  get mayWrite(): boolean {
    return this.#setup.keyspace.mayExpire && this.#noRoom(true) === undefined;
  }

  #noRoom(isWrite: boolean): string | undefined {
    if (!isWrite || this.service.kind !== "master") return undefined;
    if (this.diskFull) return errors.DISK_FULL;
    const { log, uncommittedBytesMax } = this.#setup;
    return log.uncommittedBytes > uncommittedBytesMax ? errors.NOREPLICAS : undefined;
  }

  /**
   * Runs one command and answers it, unless it blocks: its `block` is set then, and nothing has been said.
   *
   * @param request what `argv` was read from, if that is at hand.
   * @returns the dispatcher's one object, until the next command.
   */
  execute(client: Client, argv: string[], request: EncodedRequest | null): Execution {
    const { log, keyspace, dispatcher } = this.#setup;
    if (keyspace.isOverMemory || this.housekeeping.memoryFull) this.housekeeping.makeRoom(this.mayWrite);
    keyspace.writeOffset = log.nextOffset;
    this.#touchesData = false;
    this.#refused = false;
    const execution = dispatcher.execute(client.session, argv, request);
    const { wrote } = execution;
    const seen = wrote ? this.#record(client, execution) : execution.sawOffset;
    this.#seen = seen;
    this.#publish(execution, seen);
    if (this.#setup.pause.active) this.settleExpiry();
    if (execution.monitored !== "") this.#setup.listening.showMonitors(execution.monitored);
    if (execution.block === null && execution.reply !== "") {
      this.#answer(client, execution.reply, seen, wrote);
    }
    return execution;
  }

  /**
   * Runs those of a client's next commands that are plain requests in a row, as `execute` would one by one.
   *
   * @returns how many; 0 when the next one is to be run as any other command.
   */
  executePlain(client: Client, source: PlainSource): number {
    const count = this.#executePlain(client, source);
    this.#request.forget();
    return count;
  }

  #executePlain(client: Client, source: PlainSource): number {
    const request = this.#request;
    const { service } = this;
    const { log, keyspace, dispatcher, pause } = this.#setup;
    if (!source.findPlain(request) || !dispatcher.plain.serves(client.session)) return 0;
    if (pause.active || keyspace.isOverMemory || this.housekeeping.memoryFull) return 0;
    keyspace.writeOffset = log.nextOffset;
    const reads = request.name === "get" || request.name === "lrange";
    if (service.kind === "replica" && reads) return this.#executeReads(client, source, 0);
    if (service.kind !== "master") return 0;
    const { reign } = service;
    if (!reads && !this.mayWrite) return 0;
    const round = reads || mayChangeNothing(request.name) ? reign.readRound(this.now) : 0;
    if (round < 0) return 0;
    return reads
      ? this.#executeReads(client, source, round)
      : this.#executeWrites(client, source, reign.epoch, round);
  }

  #executeReads(client: Client, source: PlainSource, round: number): number {
    const { keyspace, dispatcher } = this.#setup;
    const count = dispatcher.plain.runReads(client.session, source, this.#request);
    if (count === 0) return 0;
    // What a replica has applied is committed.
    const offset = this.service.kind === "replica" ? OFFSET_ZERO : keyspace.sawOffset;
    this.reply(client, dispatcher.plain.reply, { offset, round, wrote: false }, count);
    return count;
  }

  /** @param round that confirms a reply which tells that nothing was changed. */
  #executeWrites(client: Client, source: PlainSource, epoch: Epoch, round: number): number {
    const { log, keyspace, dispatcher } = this.#setup;
    const { plain } = dispatcher;
    const { session } = client;
    const request = this.#request;
    const count = plain.runWrites(session, source, request);
    if (count === 0) return 0;
    const { changed, effects, start, end } = plain;
    if (changed === 0) {
      this.reply(client, plain.reply, { offset: keyspace.sawOffset, round, wrote: false }, count);
      return count;
    }
    const { bytes } = request;
    const offset =
      effects === ""
        ? log.assignCommands(epoch, session.db, { bytes, start, end })
        : log.assignEncoded(epoch, session.db, effects);
    log.applied = offset;
    session.wroteOffset = offset;
    this.reply(client, plain.reply, { offset, round: changed < count ? round : 0, wrote: true }, count);
    return count;
  }

  get seen(): Offset {
    return this.#seen;
  }

  /** The command that ran last was refused by a replica. */
  get refusedByReplica(): boolean {
    return this.#refused && this.service.kind === "replica";
  }

  /** The command that ran last was refused by a master that is cut off: its client is better off asking the sentinels. */
  get refusedInIsolation(): boolean {
    return this.#refused && this.isIsolated;
  }

  get isIsolated(): boolean {
    return this.service.kind === "master" && this.service.reign.isIsolated(this.now);
  }

  /**
   * Tries again what the client is blocked in. Its reply waits for the record that what it takes goes into.
   *
   * @returns false when the client must wait on.
   */
  retry(client: Client, argv: Argv, request: KeyBlockRequest, key: string): boolean {
    const { log, keyspace, dispatcher } = this.#setup;
    keyspace.writeOffset = log.nextOffset;
    const execution = dispatcher.retry(client.session, argv, request, key);
    const { wrote } = execution;
    const seen = wrote ? this.#record(client, execution) : execution.sawOffset;
    this.#publish(execution, seen);
    if (execution.block !== null) return false;
    if (execution.reply !== "") this.replyWithData(client, execution.reply, seen, wrote);
    return true;
  }

  #answer(client: Client, text: string, seen: Offset, wrote: boolean): void {
    // What is not data depends on nothing.
    if (!this.#touchesData) this.reply(client, text);
    else if (!this.replyWithData(client, text, seen, wrote)) this.#refused = true;
  }

  /** @returns false when nobody could confirm the reply, and an error was sent in its place. */
  replyWithData(client: Client, text: string, seen: Offset, wrote: boolean): boolean {
    // What a replica has applied is committed.
    if (this.service.kind !== "master") {
      this.reply(client, text);
      return true;
    }
    const round = wrote ? 0 : this.service.reign.readRound(this.now);
    if (round < 0) this.reply(client, error(errors.UNCONFIRMED));
    else this.reply(client, text, { offset: seen, round, wrote });
    return round >= 0;
  }

  /** @param count how many commands `text` answers. */
  reply(client: Client, text: string, need: ReplyNeed = NOTHING_SEEN, count = 1): void {
    const deadlineMs = this.now.monoMs + this.#setup.ackTimeoutMs;
    this.#setup.gate.push(client, { text, count }, need, deadlineMs, this.#turn);
  }

  /** A command's effects are in one record, whole. On anything but a master there are none. */
  #record(client: Client, execution: Execution): Offset {
    const { log } = this.#setup;
    invariant(this.service.kind === "master", "only a master that may execute makes records");
    const offset = log.assignEffects(this.service.reign.epoch, execution);
    log.applied = offset;
    client.session.wroteOffset = offset;
    return offset;
  }

  /** A record of what no client asked for. */
  #recordOwn(execution: Execution): void {
    if (!execution.wrote) return;
    invariant(this.service.kind === "master", "only a master that may execute makes records");
    const { log } = this.#setup;
    log.applied = log.assignEffects(this.service.reign.epoch, execution);
    this.#publish(execution, log.applied);
  }

  /** What the execution published goes out once all that it saw is safe. */
  #publish({ publications }: Execution, seen: Offset): void {
    this.#setup.listening.publish(publications, this.service.kind === "master" ? seen : null);
  }
}
