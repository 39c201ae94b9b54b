/**
 * Runs GETs and SETs, several in a row, where nothing stands in the way of the shortest path: short strings,
 * and nobody who watches them, waits for them or listens. It comes to what the commands themselves would, and leaves all else to
 * them with nothing done.
 */
import { AROUND_BULK_BYTES, BulkWriter } from "../../protocol/resp/bulk-writer.ts";
import { PlainRequest } from "../../protocol/resp/plain-request.ts";
import { OK } from "../../protocol/resp/reply.ts";
import { STRING_BYTES_MAX } from "../keyspace/block-layout.ts";
import type { Database } from "../keyspace/database.ts";
import { ABSENT } from "../keyspace/key-table.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { PlainStrings } from "../keyspace/plain-strings.ts";
import type { ClientSession } from "../session.ts";
import type { SessionRegistry } from "../session-registry.ts";
import type { Command } from "./command.ts";
import { type CommandTimer, NOT_TIMED } from "./command-timer.ts";
import type { CommandHost } from "./host.ts";

/** So many commands in a row are run at most, before anybody else is asked. */
const RUN_MAX = 16;

/** How many SETs were run: their reply. */
const OKS: readonly string[] = Array.from({ length: RUN_MAX + 1 }, (_, count) => OK.repeat(count));

/** Where requests come from, one after the other. */
export interface PlainSource {
  /** @returns whether the next command is such a request; it still is the next one until it is skipped. */
  findPlain(request: PlainRequest): boolean;
  skip(request: PlainRequest): void;
}

export interface PlainSetup {
  readonly keyspace: Keyspace;
  readonly host: CommandHost;
  readonly registry: SessionRegistry;
  readonly timer: CommandTimer;
  commandOf(name: string): Command;
}

export class PlainCommands {
  /** Of all commands of the last run that was not empty, and where the last of its requests ended. */
  reply = "";
  end = 0;
  readonly #setup: PlainSetup;
  readonly #get: Command;
  readonly #set: Command;
  readonly #strings: PlainStrings;
  readonly #replies = new BulkWriter(RUN_MAX * (STRING_BYTES_MAX + AROUND_BULK_BYTES));
  /** The one that is looked at behind the first, which is still wanted then. */
  readonly #next = new PlainRequest();

  constructor(setup: PlainSetup) {
    this.#setup = setup;
    this.#get = setup.commandOf("get");
    this.#set = setup.commandOf("set");
    this.#strings = new PlainStrings(setup.keyspace);
  }

  /** Whether nothing but the commands themselves may stand in the way: for any other client all is to be run the long way. */
  serves(session: ClientSession): boolean {
    const { host, registry, timer } = this.#setup;
    return (
      session.transaction === null &&
      session.replyMode === "on" &&
      session.subscriptions === 0 &&
      (session.authenticated || !host.passwordRequired) &&
      registry.monitors.size === 0 &&
      !timer.slowlog.timesAll
    );
  }

  /**
   * Runs as many GETs as are next, of a client that is served, as `Dispatcher.execute` would one by one; what they saw is the keyspace's `sawOffset`.
   *
   * @param first of them.
   * @returns how many; 0 when the first is to be run as any other command.
   */
  runGets(session: ClientSession, source: PlainSource, first: PlainRequest): number {
    const database = this.#begin(session);
    const { table } = database;
    const strings = this.#strings;
    const replies = this.#replies;
    let count = 0;
    let request = first;
    do {
      const at = strings.look(database, request);
      if (at === ABSENT) break;
      table.writeString(at, replies);
      source.skip(request);
      count += 1;
      request = this.#next;
    } while (count < RUN_MAX && source.findPlain(request) && !request.isSet);
    if (count === 0) return 0;
    this.reply = replies.takeText();
    this.#next.forget();
    this.#end(session, this.#get, first, count);
    return count;
  }

  /** As `runGets`, of SETs; their effects are the requests themselves, from the first on as they lie. */
  runSets(session: ClientSession, source: PlainSource, first: PlainRequest): number {
    const database = this.#begin(session);
    const strings = this.#strings;
    let count = 0;
    let request = first;
    do {
      if (!strings.put(database, request)) break;
      source.skip(request);
      this.end = request.end;
      count += 1;
      request = this.#next;
    } while (count < RUN_MAX && source.findPlain(request) && request.isSet);
    if (count === 0) return 0;
    this.#setup.keyspace.settle();
    this.reply = OKS[count] as string;
    this.#next.forget();
    this.#end(session, this.#set, first, count);
    return count;
  }

  /** Runs the SETs of a record that are next. */
  replay(database: Database, source: PlainSource, request: PlainRequest): void {
    while (source.findPlain(request) && request.isSet && this.#strings.put(database, request))
      source.skip(request);
    request.forget();
  }

  #begin(session: ClientSession): Database {
    const { keyspace } = this.#setup;
    keyspace.beginCommand();
    return keyspace.database(session.db);
  }

  #end(session: ClientSession, command: Command, first: PlainRequest, count: number): void {
    session.lastCommandAtMs = this.#setup.keyspace.nowMs;
    session.tookMs = 0;
    session.lastCommand = command.fullName;
    command.usage.calls += count;
    const { timer } = this.#setup;
    const startMs = timer.begin(command);
    if (startMs !== NOT_TIMED) timer.end(startMs, command, session, first, { calls: count });
  }
}
