/**
 * Runs commands: finds them, checks what Redis checks before a command may run, queues them under MULTI, and leaves
 * in one `Execution` what came of it. Members that did not run a command replay its effects (`effect-replay.ts`).
 * It decides nothing about replication: the node's gate (`CommandHost.refuse`) and the member do.
 */
import { invariant } from "../../base/errors.ts";
import type { Millis, Offset } from "../../base/ids.ts";
import type { EncodedRequest } from "../../protocol/resp/encoded-request.ts";
import { error, isError, QUEUED } from "../../protocol/resp/reply.ts";
import { CommandStatistics } from "../command-statistics.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { ClientSession, muted } from "../session.ts";
import { SessionRegistry } from "../session-registry.ts";
import type { Slowlog } from "../slowlog.ts";
import { type Argv, type Command, FLAGS } from "./command.ts";
import type { CommandTable } from "./command-table.ts";
import { CommandTimer, NOT_TIMED } from "./command-timer.ts";
import { CommandContext } from "./context.ts";
import { EffectReplay } from "./effect-replay.ts";
import * as errors from "./errors.ts";
import { Execution, type KeyBlockRequest } from "./execution.ts";
import type { CommandHost } from "./host.ts";
import { PlainCommands } from "./plain-commands.ts";
import { createCommandTable } from "./table.ts";
import { argumentBytes, effectsBytes, TEXT_BOUNDS, type TextBounds } from "./text-bounds.ts";
import { discardTransaction } from "./transactions.ts";

/** A transaction of more commands is refused; Redis has no such limit but memory. */
const QUEUED_COMMANDS_MAX = 1024 * 1024;

/** Not for clients in MONITOR: CLIENT PAUSE does not hold them. */
const USES_KEYSPACE = FLAGS.write | FLAGS.readonly | FLAGS.may_replicate;

export class Dispatcher {
  readonly registry: SessionRegistry;
  readonly statistics: CommandStatistics = new CommandStatistics();
  /** The commonest commands on the shortest path. */
  readonly plain: PlainCommands;
  readonly #keyspace: Keyspace;
  readonly #host: CommandHost;
  readonly #table: CommandTable;
  readonly #execution: Execution;
  readonly #context: CommandContext;
  readonly #replay: EffectReplay;
  readonly #timer: CommandTimer;

  constructor(keyspace: Keyspace, host: CommandHost, bounds: TextBounds = TEXT_BOUNDS) {
    this.#keyspace = keyspace;
    this.#host = host;
    this.registry = new SessionRegistry();
    this.#timer = new CommandTimer(keyspace, host);
    this.#table = createCommandTable();
    this.plain = new PlainCommands({
      keyspace,
      host,
      registry: this.registry,
      timer: this.#timer,
      commandOf: (name) => this.#table.find(name) as Command,
    });
    this.#execution = new Execution(keyspace.effects);
    // No client: whom commands run for that are replayed.
    const replayer = new ClientSession({ id: 0, address: "", localAddress: "", createdAtMs: 0 });
    this.#context = new CommandContext({
      keyspace,
      host,
      registry: this.registry,
      table: this.#table,
      execution: this.#execution,
      session: replayer,
      statistics: this.statistics,
      slowlog: this.slowlog,
      bounds,
      runQueued: (command, argv) => this.#runQueued(command, argv),
      reload: () => this.#replay.reload(),
    });
    this.#replay = new EffectReplay(keyspace, this.#context, replayer, this.plain);
  }

  get slowlog(): Slowlog {
    return this.#timer.slowlog;
  }

  /** The answer to a command on hold that shall not run any more. With an EXEC goes its transaction. */
  refuseUnrun(session: ClientSession, argv: Argv, refusal: string): string {
    if (this.find(argv)?.fullName !== "exec") return muted(session, error(refusal));
    discardTransaction(this.#keyspace, session);
    return muted(session, error(errors.execRefused(refusal)));
  }

  /** The command that `argv` names, its subcommand resolved; arity and permissions are not looked at. */
  find(argv: Argv): Command | undefined {
    return this.#table.resolve(argv);
  }

  /** A batch of commands begins. @param monoMs the clock at that moment: the first command is timed from there. */
  beginBatch(monoMs: Millis): void {
    this.#timer.beginBatch(monoMs);
  }

  /** For INFO's rates: to be called every now and then. */
  sample(monoMs: Millis): void {
    this.statistics.sample(monoMs, this.#table.commands, () => this.#host.traffic());
  }

  /** Whether the client may run the command before it has authenticated, or has. */
  mayKnow(session: ClientSession, command: Command): boolean {
    return session.authenticated || (command.flags & FLAGS.no_auth) !== 0 || !this.#host.passwordRequired;
  }

  connect(session: ClientSession): void {
    this.registry.add(session);
  }

  /** The connection is gone: drops its transaction, watches and subscriptions. */
  disconnect(session: ClientSession): void {
    discardTransaction(this.#keyspace, session);
    this.registry.remove(session);
  }

  /**
   * Runs one command of a client. The keyspace's `nowMs`, `writeOffset` and `mayExpire` must be set.
   *
   * @param request what `argv` was read from, if that is at hand.
   * @returns the same object each time; read it before the next call.
   */
  execute(session: ClientSession, argv: Argv, request: EncodedRequest | null = null): Execution {
    const keyspace = this.#keyspace;
    const execution = this.#begin();
    const changesBefore = keyspace.changes;
    session.lastCommandAtMs = keyspace.nowMs;
    session.tookMs = 0;
    this.#context.session = session;
    this.#context.request = request;
    execution.reply = this.#process(session, argv);
    if (session.replyMode !== "on" && execution.block === null) {
      const heard = muted(session, execution.reply);
      if (!execution.pushed) execution.reply = heard;
    }
    this.#finish(changesBefore);
    return execution;
  }

  /**
   * Tries again what a blocked client waits for: `key` has changed. As for `execute`, the keyspace must be set up.
   *
   * @param argv the command that blocked.
   * @returns the same object as `execute`; its `block` is still set when the client must wait on.
   */
  retry(session: ClientSession, argv: Argv, request: KeyBlockRequest, key: string): Execution {
    const keyspace = this.#keyspace;
    const context = this.#context;
    const execution = this.#begin();
    const changesBefore = keyspace.changes;
    const madeBefore = changesBefore - keyspace.expired;
    context.session = session;
    context.request = null;
    context.db = keyspace.database(session.db);
    context.argv = argv;
    let reply: string | undefined;
    const startMs = this.#timer.beginServing();
    try {
      reply = request.serve(context, key);
    } catch (failure) {
      reply = this.#tooLong(failure, madeBefore);
    }
    if (reply === undefined) execution.block = request;
    else {
      const command = this.find(argv);
      this.#timer.endServing(startMs, command, session, argv);
      this.#countError(command, reply);
      execution.reply = muted(session, reply);
    }
    this.#finish(changesBefore);
    return execution;
  }

  /**
   * Deletes up to `budget` expired keys; `execution.effects` holds their DELs. Deterministic, bounded by count alone.
   *
   * @returns the same object as `execute`; its effects are empty when nothing was due.
   */
  expireCycle(budget: number): Execution {
    const execution = this.#begin();
    const changesBefore = this.#keyspace.changes;
    this.#keyspace.expireCycle(budget);
    this.#finish(changesBefore);
    return execution;
  }

  /**
   * Evicts up to `budget` keys while there is too little memory; `execution.effects` holds their DELs.
   *
   * @returns the same object as `execute`, and whether there are keys that may go, or need to.
   */
  evictSlice(
    budget: number,
    downToBytes: number,
  ): { readonly execution: Execution; readonly anyLeft: boolean } {
    const execution = this.#begin();
    const changesBefore = this.#keyspace.changes;
    const anyLeft = this.#keyspace.evict(budget, downToBytes);
    this.#finish(changesBefore);
    return { execution, anyLeft };
  }

  /** See `EffectReplay.run`. */
  replay(effects: string | Buffer, db: number, offset: Offset, start?: number, end?: number): number {
    return this.#replay.run(effects, db, offset, start, end);
  }

  #begin(): Execution {
    const execution = this.#execution;
    this.#keyspace.beginCommand();
    execution.reply = "";
    execution.block = null;
    execution.close = false;
    execution.pushed = false;
    execution.monitored = "";
    return execution;
  }

  #finish(changesBefore: number): void {
    const keyspace = this.#keyspace;
    const execution = this.#execution;
    execution.sawOffset = keyspace.sawOffset;
    execution.publications = keyspace.publications;
    keyspace.settle();
    // Else a key that has expired but is still held would read as absent here, and as present where this is replayed.
    invariant(!execution.wrote || keyspace.mayExpire, "S11: only a master that may expire keys writes");
    if ((keyspace.changes !== changesBefore) !== execution.wrote) {
      invariant(false, `S11: ${this.#context.argv[0]} changed and propagated, or did neither`);
    }
  }

  /** The checks in Redis's order, then the command. */
  #process(session: ClientSession, argv: Argv): string {
    const command = this.find(argv);
    if (command === undefined) {
      const container = this.#table.find(argv[0] as string);
      return this.#reject(
        session,
        container,
        argv,
        container === undefined
          ? errors.unknownCommand(argv)
          : errors.unknownSubcommand(container.fullName, argv[1] as string),
      );
    }
    session.lastCommand = command.fullName;
    if (!command.accepts(argv.length))
      return this.#reject(session, command, argv, errors.wrongArity(command.fullName));
    const bytes = argumentBytes(argv);
    const { argumentBytesMax } = this.#context.bounds;
    if (bytes > argumentBytesMax) return this.#reject(session, command, argv, errors.COMMAND_TOO_LONG);
    const flags = command.flags;
    if (!this.mayKnow(session, command)) {
      return this.#reject(session, command, argv, errors.NOAUTH);
    }
    const transaction = session.transaction;
    if (transaction !== null && (flags & FLAGS.no_multi) !== 0)
      return this.#reject(session, command, argv, errors.NOT_IN_MULTI);
    const isExec = transaction !== null && command.fullName === "exec";
    const gateFlags = this.flagsOf(command, argv);
    const refusal = this.#host.refuse(
      command,
      session,
      argv,
      isExec ? gateFlags | transaction.flags : gateFlags,
    );
    if (refusal !== undefined) return this.#reject(session, command, argv, refusal);
    if (session.protocol === 2 && session.subscriptions !== 0 && !command.whileSubscribed) {
      return this.#reject(session, command, argv, errors.onlyWhileSubscribed(command.fullName));
    }
    const { monitors } = this.registry;
    if (monitors.size !== 0 && (gateFlags & USES_KEYSPACE) !== 0 && monitors.has(session)) {
      return this.#reject(session, command, argv, errors.MONITOR_USES_KEYSPACE);
    }
    if (transaction !== null && !command.unqueued) {
      transaction.bytes += bytes;
      if (transaction.queue.length >= QUEUED_COMMANDS_MAX || transaction.bytes > argumentBytesMax) {
        return this.#reject(session, command, argv, errors.TRANSACTION_TOO_LONG);
      }
      transaction.queue.push({ command, argv });
      transaction.flags |= gateFlags;
      return QUEUED;
    }
    return this.#run(command, argv);
  }

  /** One command of EXEC or of a script: all of them make one record. */
  #runQueued(command: Command, argv: Argv): string {
    // Theirs is that of EXEC, or of the script.
    this.#context.request = null;
    const before = this.#keyspace.effects.bytes;
    if (before > 0 && (command.flags & FLAGS.write) !== 0) {
      const { effectsBytesMax } = this.#context.bounds;
      if (before + effectsBytes(argv) > effectsBytesMax) return error(errors.TRANSACTION_TOO_LONG);
    }
    return this.#run(command, argv);
  }

  #run(command: Command, argv: Argv): string {
    const keyspace = this.#keyspace;
    const context = this.#context;
    context.db = keyspace.database(context.session.db);
    context.argv = argv;
    keyspace.onlyReads = command.isReader;
    const madeBefore = keyspace.changes - keyspace.expired;
    const startMs = this.#timer.begin(command);
    let reply: string;
    try {
      reply = command.handler(context, argv);
    } catch (failure) {
      reply = this.#tooLong(failure, madeBefore);
    }
    command.usage.calls += 1;
    this.#countError(command, reply);
    if (startMs !== NOT_TIMED) {
      this.#timer.end(
        startMs,
        command,
        context.session,
        { argv },
        { isBlocked: this.#execution.block !== null },
      );
    }
    if (this.registry.monitors.size !== 0 && command.isShown) context.showMonitors(command.fullName, argv);
    return reply;
  }

  #countError(command: Command | undefined, reply: string): void {
    if (!isError(reply)) return;
    if (command !== undefined) command.usage.failed += 1;
    this.statistics.noteError(reply);
  }

  /** A command's flags as the gate must see them: a script's depend on what its first line says. */
  flagsOf(command: Command, argv: Argv): number {
    if (command.onlyReads?.(this.#context, argv) !== true) return command.gateFlags;
    return command.gateFlags & ~FLAGS.may_replicate;
  }

  /** An error before the command ran; it spoils an open transaction, and ends it where it is EXEC that can't run. */
  #reject(session: ClientSession, command: Command | undefined, argv: Argv, why: string): string {
    let text = why;
    if (command?.fullName === "exec") {
      discardTransaction(this.#keyspace, session);
      this.#context.showMonitors(command.fullName, argv);
      text = errors.execRefused(why);
    } else if (session.transaction !== null) session.transaction.failed = true;
    if (command !== undefined) command.usage.rejected += 1;
    const reply = error(text);
    this.statistics.noteError(reply);
    return reply;
  }

  /**
   * A reply beyond the longest string of V8. A command that only looked can say so; after a change it is fatal.
   *
   * @param madeBefore changes without those that are whole by themselves: keys that have expired.
   */
  #tooLong(failure: unknown, madeBefore: number): string {
    const { changes, expired } = this.#keyspace;
    if (!(failure instanceof RangeError) || changes - expired !== madeBefore) throw failure;
    return errors.REPLY_TOO_LONG;
  }
}
