/**
 * Runs commands: finds them, checks what Redis checks before a command may run, queues them under MULTI, and leaves
 * in one `Execution` what came of it. It also replays effects on members that did not run the command.
 * It decides nothing about replication: the node's gate (`CommandHost.refuse`) and the member do.
 */
import { invariant } from "../../base/errors.ts";
import { OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import { error, QUEUED } from "../../protocol/resp/reply.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { ClientSession, muted } from "../session.ts";
import { SessionRegistry } from "../session-registry.ts";
import { type Argv, type Command, FLAGS } from "./command.ts";
import { CommandReader } from "./command-reader.ts";
import type { CommandTable } from "./command-table.ts";
import { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import type { Execution, KeyBlockRequest } from "./execution.ts";
import type { CommandHost } from "./host.ts";
import { createCommandTable } from "./table.ts";
import { discardTransaction } from "./transactions.ts";

/** A transaction of more commands is refused; Redis has no such limit but memory. */
const QUEUED_COMMANDS_MAX = 1024 * 1024;
/**
 * Most bytes of arguments in one command, or in one transaction: its effects and its reply must each fit into one
 * string of V8 (512 MB), with room for the protocol around them.
 */
const ARGUMENT_BYTES_MAX = 256 * 1024 * 1024;

export class Dispatcher {
  readonly registry: SessionRegistry;
  readonly #keyspace: Keyspace;
  readonly #host: CommandHost;
  readonly #table: CommandTable;
  readonly #execution: Execution;
  readonly #context: CommandContext;
  /** Whom replayed commands run for; no client. */
  readonly #replayer: ClientSession;

  constructor(keyspace: Keyspace, host: CommandHost) {
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
      runQueued: (command, argv) => this.#run(command, argv),
    });
  }

  /** The command that `argv` names, its subcommand resolved; arity and permissions are not looked at. */
  find(argv: Argv): Command | undefined {
    const command = this.#table.find(argv[0] as string);
    if (command?.subcommands === undefined || argv.length === 1) return command;
    return command.subcommands.get((argv[1] as string).toLowerCase());
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
    this.#context.session = session;
    execution.reply = this.#process(session, argv);
    if (session.replyMode !== "on" && execution.block === null)
      execution.reply = muted(session, execution.reply);
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
    context.session = session;
    context.db = keyspace.database(session.db);
    context.argv = argv;
    let reply: string | undefined;
    try {
      reply = request.serve(context, key);
    } catch (failure) {
      reply = this.#tooLong(failure, changesBefore);
    }
    if (reply === undefined) execution.block = request;
    else execution.reply = muted(session, reply);
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
  evictSlice(budget: number): { readonly execution: Execution; readonly anyLeft: boolean } {
    const execution = this.#begin();
    const changesBefore = this.#keyspace.changes;
    const anyLeft = this.#keyspace.evict(budget);
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
    const reader = new CommandReader(bytes, start, end);
    const writeOffsetBefore = keyspace.writeOffset;
    keyspace.writeOffset = offset;
    keyspace.replaying = true;
    keyspace.nowSec = Math.floor(keyspace.nowMs / 1000);
    replayer.db = db;
    this.#context.session = replayer;
    for (let argv = reader.next(); argv !== undefined; argv = reader.next()) {
      const command = this.#table.find(argv[0] ?? "");
      invariant(command?.accepts(argv.length) === true, `S11: cannot replay ${argv[0]}`);
      const reply = this.#run(command, argv);
      invariant(!reply.startsWith("-"), `S11: replaying ${argv[0]} at offset ${offset} failed: ${reply}`);
    }
    keyspace.replaying = false;
    keyspace.settle();
    keyspace.writeOffset = writeOffsetBefore;
    return replayer.db;
  }

  #begin(): Execution {
    const execution = this.#execution;
    this.#keyspace.beginCommand();
    execution.reply = "";
    execution.block = null;
    execution.close = false;
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
      return reject(
        session,
        container === undefined
          ? errors.unknownCommand(argv)
          : errors.unknownSubcommand(container.fullName, argv[1] as string),
      );
    }
    session.lastCommand = command.fullName;
    if (!command.accepts(argv.length)) return reject(session, errors.wrongArity(command.fullName));
    let bytes = 0;
    for (let at = 0; at < argv.length; at += 1) bytes += (argv[at] as string).length;
    if (bytes > ARGUMENT_BYTES_MAX) return reject(session, errors.COMMAND_TOO_LONG);
    const flags = command.flags;
    if (!session.authenticated && (flags & FLAGS.no_auth) === 0 && this.#host.passwordRequired) {
      return reject(session, errors.NOAUTH);
    }
    const transaction = session.transaction;
    if (transaction !== null && (flags & FLAGS.no_multi) !== 0) return reject(session, errors.NOT_IN_MULTI);
    const isExec = transaction !== null && command.fullName === "exec";
    const { gateFlags } = command;
    const refusal = this.#host.refuse(
      command,
      session,
      argv,
      isExec ? gateFlags | transaction.flags : gateFlags,
    );
    if (refusal !== undefined) {
      if (!isExec) return reject(session, refusal);
      discardTransaction(this.#keyspace, session);
      return error(errors.execRefused(refusal));
    }
    if (session.protocol === 2 && session.subscriptions !== 0 && !command.whileSubscribed) {
      return reject(session, errors.onlyWhileSubscribed(command.fullName));
    }
    if (transaction !== null && !command.unqueued) {
      transaction.bytes += bytes;
      if (transaction.queue.length >= QUEUED_COMMANDS_MAX || transaction.bytes > ARGUMENT_BYTES_MAX) {
        return reject(session, errors.TRANSACTION_TOO_LONG);
      }
      transaction.queue.push({ command, argv });
      transaction.flags |= gateFlags;
      return QUEUED;
    }
    return this.#run(command, argv);
  }

  #run(command: Command, argv: Argv): string {
    const keyspace = this.#keyspace;
    const context = this.#context;
    context.db = keyspace.database(context.session.db);
    context.argv = argv;
    if (keyspace.notifyFlags !== 0) keyspace.onlyReads = command.has("readonly");
    const changesBefore = keyspace.changes;
    try {
      return command.handler(context, argv);
    } catch (failure) {
      return this.#tooLong(failure, changesBefore);
    }
  }

  /** A reply beyond the longest string of V8. A command that only looked can say so; after a change it is fatal. */
  #tooLong(failure: unknown, changesBefore: number): string {
    if (!(failure instanceof RangeError) || this.#keyspace.changes !== changesBefore) throw failure;
    return errors.REPLY_TOO_LONG;
  }
}

/** An error before the command ran; it spoils an open transaction. */
function reject(session: ClientSession, text: string): string {
  if (session.transaction !== null) session.transaction.failed = true;
  return error(text);
}
