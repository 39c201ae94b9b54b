/**
 * What a handler has at hand: the database, the session, the host, and the way to propagate.
 * One object is reused for all commands; handlers keep no reference to it.
 */
import type { Millis } from "../../base/ids.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import type { EncodedRequest } from "../../protocol/resp/encoded-request.ts";
import type { RespVersion } from "../../protocol/resp/reply.ts";
import type { CommandStatistics } from "../command-statistics.ts";
import type { Database } from "../keyspace/database.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { monitorLine, redacted, shortened } from "../monitor-feed.ts";
import { ScriptEngine } from "../scripting/script-engine.ts";
import type { ClientSession } from "../session.ts";
import type { SessionRegistry } from "../session-registry.ts";
import type { Slowlog } from "../slowlog.ts";
import type { Argv, Command } from "./command.ts";
import type { CommandTable } from "./command-table.ts";
import type { BlockRequest, Execution } from "./execution.ts";
import type { CommandHost } from "./host.ts";
import type { TextBounds } from "./text-bounds.ts";

export class CommandContext {
  readonly keyspace: Keyspace;
  readonly host: CommandHost;
  readonly registry: SessionRegistry;
  readonly table: CommandTable;
  readonly execution: Execution;
  readonly scripts: ScriptEngine;
  session: ClientSession;
  db: Database;
  argv: Argv = [];
  /** What `argv` was read from, where that is at hand. */
  request: EncodedRequest | null = null;
  /** EXEC is running queued commands, or a script is running: nothing may block. */
  inExec = false;
  readonly statistics: CommandStatistics;
  readonly slowlog: Slowlog;
  readonly bounds: TextBounds;
  /** The dispatcher's way to run one command of EXEC or of a script. */
  readonly runQueued: (command: Command, argv: Argv) => string;
  /** DEBUG RELOAD: all data goes out as a snapshot, and comes back. */
  readonly reload: () => void;

  constructor(parts: {
    keyspace: Keyspace;
    host: CommandHost;
    registry: SessionRegistry;
    table: CommandTable;
    execution: Execution;
    session: ClientSession;
    statistics: CommandStatistics;
    slowlog: Slowlog;
    bounds: TextBounds;
    runQueued: (command: Command, argv: Argv) => string;
    reload: () => void;
  }) {
    this.keyspace = parts.keyspace;
    this.host = parts.host;
    this.registry = parts.registry;
    this.table = parts.table;
    this.execution = parts.execution;
    this.session = parts.session;
    this.statistics = parts.statistics;
    this.slowlog = parts.slowlog;
    this.bounds = parts.bounds;
    this.runQueued = parts.runQueued;
    this.reload = parts.reload;
    this.db = parts.keyspace.database(0);
    this.scripts = new ScriptEngine(this);
  }

  /** Wall clock, the same for the whole command. */
  get nowMs(): Millis {
    return this.keyspace.nowMs;
  }

  get version(): RespVersion {
    return this.session.protocol;
  }

  /** An event on a key of the present database, for subscribers to keyspace notifications. @param kind a bit of `NOTIFY`. */
  notify(kind: number, event: string, key: string): void {
    if (this.keyspace.notifyFlags !== 0) this.keyspace.notify(kind, event, this.db.index, key);
  }

  /** Shows a command to clients in MONITOR; `#run` does it for all that are not told to be left out. */
  showMonitors(name: string, argv: Argv): void {
    if (this.registry.monitors.size === 0 || this.keyspace.replaying) return;
    const { address, db } = this.session;
    // Half is left for a transaction of many more commands, whose names alone are shown.
    const room = this.bounds.replyBytesMax / 2 - this.execution.monitored.length;
    this.execution.monitored += monitorLine(shortened(redacted(name, argv), room), {
      address: this.scripts.isRunning ? "lua" : address,
      db,
      nowMs: this.nowMs,
    });
  }

  /** False inside EXEC: what would block there answers as if its time were up. */
  get mayBlock(): boolean {
    return !this.inExec;
  }

  /** Has the client wait, if `mayBlock`. @returns the reply for now: none. */
  block(request: BlockRequest): string {
    this.execution.block = request;
    return "";
  }

  /** The command as the client sent it replays to the same state. */
  propagateAsIs(): void {
    const { keyspace, db, request } = this;
    if (keyspace.replaying) return;
    if (request === null) keyspace.effects.append(db.index, encodeCommand(this.argv));
    else keyspace.effects.appendRequest(db.index, request);
  }

  /** Replaying these commands' `argv` comes to the same state. */
  propagate(...argv: readonly string[]): void {
    if (!this.keyspace.replaying) this.propagateEncoded(encodeCommand(argv));
  }

  /**
   * Whether a reply may be so long, and the record longer by `foundBytes` than the arguments tell. To be asked before the change;
   * what is replayed has been asked already.
   */
  fits(replyBytes: number, foundBytes = 0): boolean {
    if (this.keyspace.replaying) return true;
    const { effects } = this.keyspace;
    const { replyBytesMax, foundBytesMax, effectsBytesMax } = this.bounds;
    return (
      replyBytes <= replyBytesMax &&
      effects.foundBytes + foundBytes <= foundBytesMax &&
      effects.bytes + foundBytes <= effectsBytesMax
    );
  }

  /** As `propagateEncoded`, for what the command has found: `fits` was asked for so much of it. */
  propagateFound(command: string, foundBytes: number = command.length): void {
    if (this.keyspace.replaying) return;
    this.keyspace.effects.foundBytes += foundBytes;
    this.propagateEncoded(command);
  }

  /** As `propagate`, for a command of any length, encoded already. */
  propagateEncoded(command: string): void {
    if (!this.keyspace.replaying) this.keyspace.effects.append(this.db.index, command);
  }
}
