/**
 * Runs the commonest commands, several of a kind in a row, where nothing stands in the way of the shortest path: short strings,
 * collections that stay, and nobody who watches them, waits for them or listens. It comes to what the commands themselves would, and leaves all
 * else to them with nothing done.
 */
import type { Millis } from "../../base/ids.ts";
import { AROUND_BULK_BYTES, BulkWriter } from "../../protocol/resp/bulk-writer.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { PLAIN_NAMES, type PlainName, PlainRequest } from "../../protocol/resp/plain-request.ts";
import {
  arrayHeader,
  bulk,
  EMPTY_ARRAY,
  integer,
  nil,
  OK,
  ONE,
  type RespVersion,
  ZERO,
} from "../../protocol/resp/reply.ts";
import { STRING_BYTES_MAX } from "../keyspace/block-layout.ts";
import type { Database } from "../keyspace/database.ts";
import { ABSENT } from "../keyspace/key-table.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { PlainCollections } from "../keyspace/plain-collections.ts";
import { ELSE, PlainStrings } from "../keyspace/plain-strings.ts";
import type { ClientSession } from "../session.ts";
import type { SessionRegistry } from "../session-registry.ts";
import type { Command } from "./command.ts";
import { type CommandTimer, NOT_TIMED } from "./command-timer.ts";
import { parseDouble } from "./doubles.ts";
import type { CommandHost } from "./host.ts";
import { rangeReply } from "./lists.ts";
import { parseIndex } from "./numbers.ts";
import { pairReply } from "./zset-pops.ts";

/** So many commands in a row are run at most, before anybody else is asked. */
const RUN_MAX = 16;
/** Nor one more behind replies of so many bytes: what comes out of a list may be long, and all replies of a run are one text. */
const REPLY_BYTES_MAX = 64 * 1024;

/** What a command is answered that is to be run as any other. */
const DECLINED = "";
/** A range of more is left to LRANGE itself, which tells what is too long for a reply. */
const RANGE_BYTES_MAX = 1024 * 1024;

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
  /** Of all commands of the last run that was not empty. */
  reply = "";
  /** How many of them changed something. */
  changed = 0;
  /** What the record of their changes is to hold: this text, or else the requests themselves, which lie from `start` to `end`. */
  effects = "";
  start = 0;
  end = 0;
  readonly #setup: PlainSetup;
  readonly #commands: Record<PlainName, Command>;
  readonly #strings: PlainStrings;
  readonly #collections: PlainCollections;
  readonly #replies = new BulkWriter(RUN_MAX * (STRING_BYTES_MAX + AROUND_BULK_BYTES));
  /** The one that is looked at behind the first, which is still wanted then. */
  readonly #next = new PlainRequest();

  constructor(setup: PlainSetup) {
    this.#setup = setup;
    this.#commands = Object.fromEntries(PLAIN_NAMES.map((name) => [name, setup.commandOf(name)])) as Record<
      PlainName,
      Command
    >;
    this.#strings = new PlainStrings(setup.keyspace);
    this.#collections = new PlainCollections(setup.keyspace);
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
   * Runs as many commands as are next and only read, of a client that is served, as `Dispatcher.execute` would one by one; what they saw is
   * the keyspace's `sawOffset`.
   *
   * @param first of them.
   * @returns how many; 0 when the first is to be run as any other command.
   */
  runReads(session: ClientSession, source: PlainSource, first: PlainRequest): number {
    const database = this.#begin(session);
    return first.name === "get"
      ? this.#runGets(session, database, source, first)
      : this.#runRange(session, database, source, first);
  }

  #runGets(session: ClientSession, database: Database, source: PlainSource, first: PlainRequest): number {
    const { table } = database;
    const strings = this.#strings;
    const replies = this.#replies;
    let count = 0;
    let request = first;
    do {
      const at = strings.look(database, request);
      if (at === ELSE) break;
      if (at !== ABSENT) table.writeString(at, replies);
      else replies.add(nil(session.protocol));
      source.skip(request);
      count += 1;
      request = this.#next;
    } while (count < RUN_MAX && source.findPlain(request) && request.name === "get");
    this.#next.forget();
    if (count === 0) return 0;
    this.reply = replies.takeText();
    this.#end(session, first, count);
    return count;
  }

  #runRange(session: ClientSession, database: Database, source: PlainSource, request: PlainRequest): number {
    const first = parseIndex(request.middle);
    const last = parseIndex(request.value);
    if (first === undefined || last === undefined) return 0;
    const list = this.#collections.lookAtList(database, request);
    if (list === undefined) return 0;
    // Not quick, as all others here are: what it takes is told by looking at the clock before as well.
    const startMs = this.#setup.timer.begin(this.#commands.lrange);
    const reply = rangeReply(list, first, last, RANGE_BYTES_MAX);
    if (reply === undefined) return 0;
    this.#collections.readDone(database);
    this.reply = reply;
    source.skip(request);
    this.#end(session, request, 1, startMs);
    return 1;
  }

  /**
   * As `runReads`, of as many as write the same way: see `changed` and `effects`. Those that change something lie side by side, with any that
   * turned out to change nothing before or behind them.
   */
  runWrites(session: ClientSession, source: PlainSource, first: PlainRequest): number {
    const { keyspace } = this.#setup;
    const database = this.#begin(session);
    const { name } = first;
    let replies = "";
    let count = 0;
    let request = first;
    let isChange = false;
    this.changed = 0;
    this.effects = "";
    do {
      const changesBefore = keyspace.changes;
      const reply = this.#write(database, request, session.protocol);
      if (reply === DECLINED) break;
      if (name !== "set") replies += reply;
      source.skip(request);
      isChange = keyspace.changes !== changesBefore;
      if (isChange) {
        if (this.changed === 0) this.start = request.start;
        this.changed += 1;
        this.end = request.end;
      }
      count += 1;
      request = this.#next;
    } while (
      (isChange || this.changed === 0) &&
      count < RUN_MAX &&
      replies.length < REPLY_BYTES_MAX &&
      source.findPlain(request) &&
      request.name === name
    );
    if (count === 0) return 0;
    keyspace.settle();
    this.reply = name === "set" ? (OKS[count] as string) : replies;
    this.#next.forget();
    this.#end(session, first, count);
    return count;
  }

  /** Runs the writes of a record that are next. */
  replay(database: Database, source: PlainSource, request: PlainRequest): void {
    while (source.findPlain(request) && this.#write(database, request, 2) !== DECLINED) source.skip(request);
    request.forget();
  }

  /** @returns the reply, or that it is declined, as all that reads is. */
  #write(database: Database, request: PlainRequest, version: RespVersion): string {
    const collections = this.#collections;
    switch (request.name) {
      case "set":
        return this.#strings.put(database, request) ? OK : DECLINED;
      case "incr":
        return ofNumber(this.#strings.increment(database, request));
      case "lpush":
        return ofNumber(collections.push(database, request, "first"));
      case "rpush":
        return ofNumber(collections.push(database, request, "last"));
      case "lpop":
        return this.#popped(collections.pop(database, request, "first"), database, request, version);
      case "rpop":
        return this.#popped(collections.pop(database, request, "last"), database, request, version);
      case "sadd":
        return ofFlag(collections.addMember(database, request));
      case "srem":
        return ofFlag(collections.removeMember(database, request));
      case "spop": {
        const member = collections.popAny(database, request, this.#setup.host.random);
        if (member !== undefined) this.effects += encodeCommand(["SREM", request.key, member]);
        return this.#popped(member, database, request, version);
      }
      case "hset":
        return ofFlag(collections.setField(database, request));
      case "zadd": {
        const score = parseDouble(request.middle);
        return score === undefined ? DECLINED : ofFlag(collections.setScore(database, request, score));
      }
      case "zpopmin": {
        const popped = collections.popLowest(database, request);
        if (popped !== undefined) return arrayHeader(2) + pairReply(popped.member, popped.score, version);
        return collections.isAbsent(database, request) ? EMPTY_ARRAY : DECLINED;
      }
      case "get":
      case "lrange":
        return DECLINED;
    }
  }

  #popped(text: string | undefined, database: Database, request: PlainRequest, version: RespVersion): string {
    if (text !== undefined) return bulk(text);
    return this.#collections.isAbsent(database, request) ? nil(version) : DECLINED;
  }

  #begin(session: ClientSession): Database {
    const { keyspace } = this.#setup;
    keyspace.beginCommand();
    return keyspace.database(session.db);
  }

  /** @param startedMs as the timer gave it, of a command that is not quick. */
  #end(session: ClientSession, first: PlainRequest, count: number, startedMs?: Millis): void {
    const command = this.#commands[first.name];
    session.lastCommandAtMs = this.#setup.keyspace.nowMs;
    session.tookMs = 0;
    session.lastCommand = command.fullName;
    command.usage.calls += count;
    const { timer } = this.#setup;
    const startMs = startedMs ?? timer.begin(command);
    if (startMs !== NOT_TIMED) timer.end(startMs, command, session, first, { calls: count });
  }
}

/** Whether a write may turn out to be none, as an element is there already, or none to be taken: its reply then tells only what it saw. */
export function mayChangeNothing(name: PlainName): boolean {
  switch (name) {
    case "lpop":
    case "rpop":
    case "sadd":
    case "srem":
    case "spop":
    case "zadd":
    case "zpopmin":
      return true;
    default:
      return false;
  }
}

function ofNumber(value: number | undefined): string {
  return value === undefined ? DECLINED : integer(value);
}

function ofFlag(flag: boolean | undefined): string {
  if (flag === undefined) return DECLINED;
  return flag ? ONE : ZERO;
}
