/**
 * Runs commands: finds them, checks what Redis checks before a command may run, queues them under MULTI, and leaves
 * in one `Execution` what came of it. It also replays effects on members that did not run the command.
 * It decides nothing about replication: the node's gate (`CommandHost.refuse`) and the member do.
 */
import { invariant } from "../../base/errors.ts";
import { type Millis, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import { error, QUEUED } from "../../protocol/resp/reply.ts";
import { CommandStatistics } from "../command-statistics.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { redacted } from "../monitor-feed.ts";
import { ClientSession, muted } from "../session.ts";
import { SessionRegistry } from "../session-registry.ts";
import { Slowlog } from "../slowlog.ts";
import { type Argv, type Command, FLAGS } from "./command.ts";
import { CommandReader, RecentName } from "./command-reader.ts";
import type { CommandTable } from "./command-table.ts";
import { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import type { Execution, KeyBlockRequest } from "./execution.ts";
import type { CommandHost } from "./host.ts";
import { createCommandTable } from "./table.ts";
import { argumentBytes, effectsBytes, TEXT_BOUNDS, type TextBounds } from "./text-bounds.ts";
import { discardTransaction } from "./transactions.ts";

/** A transaction of more commands is refused; Redis has no such limit but memory. */
const QUEUED_COMMANDS_MAX = 1024 * 1024;
/** Each piece of DEBUG RELOAD must fit into one string. */
const RELOAD_SLICE_BYTES = 1024 * 1024;

/** Not for clients in MONITOR: CLIENT PAUSE does not hold them. */
const USES_KEYSPACE = FLAGS.write | FLAGS.readonly | FLAGS.may_replicate;

export class Dispatcher {
  readonly registry: SessionRegistry;
  readonly statistics: CommandStatistics = new CommandStatistics();
  readonly slowlog: Slowlog = new Slowlog();
  readonly #keyspace: Keyspace;
  readonly #host: CommandHost;
  readonly #table: CommandTable;
  readonly #execution: Execution;
  readonly #context: CommandContext;
  /** Of the commands that are replayed. */
  readonly #recentName = new RecentName();
  /** Whom replayed commands run for; no client. */
  readonly #replayer: ClientSession;
  /** The next command is the first of its batch, which began at `#batchMs`. */
  #isFirst = false;
  #batchMs: Millis = 0;

  constructor(keyspace: Keyspace, host: CommandHost, bounds: TextBounds = TEXT_BOUNDS) {
    this.#keyspace = keyspace;
    this.#host = host;
    this.registry = new SessionRegistry();
    this.#table = createCommandTable();
    this.#replayer = new ClientSession({ id: 0, address: "", localAddress: "", createdAtMs: 0 });
    this.#execution = {
      reply: "",
      effects: "",
      effectsDb: 0,
      sawOffset: OFFSET_ZERO,
      publications: [],
      monitored: "",
      pushed: false,
      block: null,
      close: false,
    };
    this.#context = new CommandContext({
      keyspace,
      host,
      registry: this.registry,
      table: this.#table,
      execution: this.#execution,
      session: this.#replayer,
      statistics: this.statistics,
      slowlog: this.slowlog,
      bounds,
      runQueued: (command, argv) => this.#runQueued(command, argv),
      reload: () => this.#reload(),
    });
  }

  /** The answer to a command on hold that shall not run any more. With an EXEC goes its transaction. */
  refuseUnrun(session: ClientSession, argv: Argv, refusal: string): string {
    if (this.find(argv)?.fullName !== "exec") return muted(session, error(refusal));
    discardTransaction(this.#keyspace, session);
    return muted(session, error(errors.execRefused(refusal)));
  }

  /** The command that `argv` names, its subcommand resolved; arity and permissions are not looked at. */
  find(argv: Argv): Command | undefined {
    const command = this.#table.find(argv[0] as string);
    if (command?.subcommands === undefined || argv.length === 1) return command;
    return command.subcommands.get((argv[1] as string).toLowerCase());
  }

  /** A batch of commands begins. @param monoMs the clock at that moment: the first command is timed from there. */
  beginBatch(monoMs: Millis): void {
    this.#isFirst = true;
    this.#batchMs = monoMs;
  }

  /** For INFO's rates: to be called every now and then. */
  sample(monoMs: Millis): void {
    this.statistics.sampleCalls(monoMs, this.#table.commands);
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
   * @returns the same object each time; read it before the next call.
   */
  execute(session: ClientSession, argv: Argv): Execution {
    const keyspace = this.#keyspace;
    const execution = this.#begin();
    const changesBefore = keyspace.changes;
    session.lastCommandAtMs = keyspace.nowMs;
    session.tookMs = 0;
    this.#context.session = session;
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
    context.db = keyspace.database(session.db);
    context.argv = argv;
    let reply: string | undefined;
    const startMs = this.slowlog.timesAll ? this.#host.stopwatchMs() : 0;
    try {
      reply = request.serve(context, key);
    } catch (failure) {
      reply = this.#tooLong(failure, madeBefore);
    }
    if (reply === undefined) execution.block = request;
    else {
      if (this.slowlog.timesAll) this.#noteSlow(argv, (this.#host.stopwatchMs() - startMs) * 1000);
      this.#countError(this.find(argv), reply);
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

  /**
   * Applies the effects of a committed record, or commands of a snapshot.
   *
   * @param effects RESP commands; of a Buffer only the part from `start` to `end`.
   * @param db where they begin.
   * @param offset the record's; a snapshot's for what it holds.
   * @returns the database in which they ended, for the next slice of a snapshot.
   */
  replay(
    effects: string | Buffer,
    db: number,
    offset: Offset,
    start = 0,
    end: number = effects.length,
  ): number {
    const keyspace = this.#keyspace;
    const replayer = this.#replayer;
    const bytes = typeof effects === "string" ? Buffer.from(effects, "latin1") : effects;
    const reader = new CommandReader(bytes, start, end, this.#recentName);
    const writeOffsetBefore = keyspace.writeOffset;
    keyspace.writeOffset = offset;
    keyspace.replaying = true;
    keyspace.onlyReads = false;
    keyspace.nowSec = Math.floor(keyspace.nowMs / 1000);
    replayer.db = db;
    this.#context.session = replayer;
    for (let argv = reader.next(); argv !== undefined; argv = reader.next()) {
      const command = this.find(argv);
      // Each text is made only when it is wanted: this is run for each record.
      if (command?.accepts(argv.length) !== true) invariant(false, `S11: cannot replay ${argv[0]}`);
      this.#context.db = keyspace.database(replayer.db);
      this.#context.argv = argv;
      const reply = command.handler(this.#context, argv);
      if (isError(reply)) invariant(false, `S11: replaying ${argv[0]} at offset ${offset} failed: ${reply}`);
    }
    keyspace.replaying = false;
    keyspace.settle();
    keyspace.writeOffset = writeOffsetBefore;
    return replayer.db;
  }

  /** The state is the same afterwards; whoever looks at it waits for all records so far, since they are one now. */
  #reload(): void {
    const keyspace = this.#keyspace;
    const context = this.#context;
    const { session, argv } = context;
    const { changes, lastChangeOffset } = keyspace;
    const slices: string[] = [];
    const cursor = keyspace.beginSnapshot();
    for (let slice = cursor.nextSlice(RELOAD_SLICE_BYTES); slice !== undefined; ) {
      slices.push(slice);
      slice = cursor.nextSlice(RELOAD_SLICE_BYTES);
    }
    keyspace.clear();
    let db = 0;
    for (const slice of slices) db = this.replay(slice, db, lastChangeOffset);
    // What was deleted by records that are not committed yet is not remembered any more.
    keyspace.markAllChanged(lastChangeOffset);
    keyspace.changes = changes;
    context.session = session;
    context.argv = argv;
    context.db = keyspace.database(session.db);
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
    execution.effects = keyspace.effects.text;
    execution.effectsDb = keyspace.effects.startDb;
    execution.sawOffset = keyspace.sawOffset;
    execution.publications = keyspace.publications;
    keyspace.settle();
    // Else a key that has expired but is still held would read as absent here, and as present where this is replayed.
    invariant(
      execution.effects === "" || keyspace.mayExpire,
      "S11: only a master that may expire keys writes",
    );
    if ((keyspace.changes !== changesBefore) !== (execution.effects !== "")) {
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
        container === undefined
          ? errors.unknownCommand(argv)
          : errors.unknownSubcommand(container.fullName, argv[1] as string),
      );
    }
    session.lastCommand = command.fullName;
    if (!command.accepts(argv.length))
      return this.#reject(session, command, errors.wrongArity(command.fullName));
    const bytes = argumentBytes(argv);
    const { argumentBytesMax } = this.#context.bounds;
    if (bytes > argumentBytesMax) return this.#reject(session, command, errors.COMMAND_TOO_LONG);
    const flags = command.flags;
    if (!this.mayKnow(session, command)) {
      return this.#reject(session, command, errors.NOAUTH);
    }
    const transaction = session.transaction;
    if (transaction !== null && (flags & FLAGS.no_multi) !== 0)
      return this.#reject(session, command, errors.NOT_IN_MULTI);
    const isExec = transaction !== null && command.fullName === "exec";
    const gateFlags = this.flagsOf(command, argv);
    const refusal = this.#host.refuse(
      command,
      session,
      argv,
      isExec ? gateFlags | transaction.flags : gateFlags,
    );
    if (refusal !== undefined) {
      if (!isExec) return this.#reject(session, command, refusal);
      discardTransaction(this.#keyspace, session);
      this.#context.showMonitors(command.fullName, argv);
      return this.#reject(session, command, errors.execRefused(refusal));
    }
    if (session.protocol === 2 && session.subscriptions !== 0 && !command.whileSubscribed) {
      return this.#reject(session, command, errors.onlyWhileSubscribed(command.fullName));
    }
    const { monitors } = this.registry;
    if (monitors.size !== 0 && (gateFlags & USES_KEYSPACE) !== 0 && monitors.has(session)) {
      return this.#reject(session, command, errors.MONITOR_USES_KEYSPACE);
    }
    if (transaction !== null && !command.unqueued) {
      transaction.bytes += bytes;
      if (transaction.queue.length >= QUEUED_COMMANDS_MAX || transaction.bytes > argumentBytesMax) {
        return this.#reject(session, command, errors.TRANSACTION_TOO_LONG);
      }
      transaction.queue.push({ command, argv });
      transaction.flags |= gateFlags;
      return QUEUED;
    }
    return this.#run(command, argv);
  }

  /** One command of EXEC or of a script: all of them make one record. */
  #runQueued(command: Command, argv: Argv): string {
    const before = this.#keyspace.effects.text.length;
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
    const timed = this.#isFirst || !command.isQuick || this.slowlog.timesAll;
    let startMs = 0;
    if (timed) startMs = this.#isFirst ? this.#batchMs : this.#host.stopwatchMs();
    this.#isFirst = false;
    let reply: string;
    try {
      reply = command.handler(context, argv);
    } catch (failure) {
      reply = this.#tooLong(failure, madeBefore);
    }
    command.usage.calls += 1;
    this.#countError(command, reply);
    if (timed) {
      context.session.tookMs = this.#host.stopwatchMs() - startMs;
      this.#noteTime(command, argv, context.session.tookMs * 1000);
    }
    if (this.registry.monitors.size !== 0 && command.isShown) context.showMonitors(command.fullName, argv);
    return reply;
  }

  #countError(command: Command | undefined, reply: string): void {
    if (!isError(reply)) return;
    if (command !== undefined) command.usage.failed += 1;
    this.statistics.noteError(reply);
  }

  #noteTime(command: Command, argv: Argv, durationUs: number): void {
    command.usage.noteTime(durationUs);
    const { slowlog } = this;
    if (durationUs < slowlog.thresholdUs || slowlog.thresholdUs < 0) return;
    if (!command.has("skip_slowlog") && this.#execution.block === null) this.#noteSlow(argv, durationUs);
  }

  #noteSlow(argv: Argv, durationUs: number): void {
    const { address, name } = this.#context.session;
    const shown = redacted(this.find(argv)?.fullName ?? "", argv);
    this.slowlog.note(shown, Math.round(durationUs), { address, name, nowMs: this.#keyspace.nowMs });
  }

  /** A command's flags as the gate must see them: a script's depend on what its first line says. */
  flagsOf(command: Command, argv: Argv): number {
    if (command.onlyReads?.(this.#context, argv) !== true) return command.gateFlags;
    return command.gateFlags & ~FLAGS.may_replicate;
  }

  /** An error before the command ran; it spoils an open transaction. */
  #reject(session: ClientSession, command: Command | undefined, text: string): string {
    if (session.transaction !== null) session.transaction.failed = true;
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

/** Begins with "-". Comparing looks at the first characters where they are; asking for one would first copy the reply. */
function isError(reply: string): boolean {
  return !(reply < "-") && reply < ".";
}
