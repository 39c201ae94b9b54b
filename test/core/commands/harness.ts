/** A dispatcher on its own: a master that may write, with a host that refuses nothing and a clock set by hand. */
import type { Offset } from "../../../src/base/ids.ts";
import { type Randomness, SeededRandomness } from "../../../src/base/randomness.ts";
import type { PauseKind } from "../../../src/core/client-pause.ts";
import type { Command } from "../../../src/core/commands/command.ts";
import { Dispatcher } from "../../../src/core/commands/dispatcher.ts";
import type { Execution } from "../../../src/core/commands/execution.ts";
import type {
  ClientBuffers,
  CommandHost,
  InfoLines,
  ReplicationDescription,
  Traffic,
} from "../../../src/core/commands/host.ts";
import { TEXT_BOUNDS, type TextBounds } from "../../../src/core/commands/text-bounds.ts";
import { Keyspace } from "../../../src/core/keyspace/keyspace.ts";
import { ClientSession } from "../../../src/core/session.ts";

export class FakeHost implements CommandHost {
  readonly random: Randomness = new SeededRandomness(7);
  readonly values: Map<string, string> = new Map([
    ["maxmemory", "0"],
    ["appendfsync", "everysec"],
    ["save", ""],
  ]);
  readonly redisVersion: string = "7.0.15";
  passwordRequired = false;
  refusal: (command: Command, flags: number) => string | undefined = () => undefined;
  replication: ReplicationDescription = {
    role: "master",
    replicas: [],
    replicationId: "0".repeat(40),
    offset: 0 as Offset,
    extra: [],
  };
  replicas = 0;
  bytes: Traffic = { receivedBytes: 0, writtenBytes: 0 };
  readonly closed: number[] = [];
  readonly unblocked: [number, "timeout" | "error"][] = [];
  readonly stalls: number[] = [];
  readonly snapshots: string[] = [];
  shutdowns = 0;

  readonly parameters: CommandHost["parameters"] = {
    names: (): Iterable<string> => this.values.keys(),
    get: (name: string): string | undefined => this.values.get(name),
    set: (changes: ReadonlyMap<string, string>): { name: string; reason: string } | undefined => {
      for (const [name, value] of changes) {
        if (value === "bad") return { name, reason: "argument couldn't be parsed" };
      }
      for (const [name, value] of changes) this.values.set(name, value);
      return undefined;
    },
  };

  refuse(
    command: Command,
    _session: ClientSession,
    _argv: readonly string[],
    flags: number,
  ): string | undefined {
    return this.refusal(command, flags);
  }

  /** What the stopwatch shows; a command that takes time moves it on. */
  watchMs = 0;

  stopwatchMs(): number {
    return this.watchMs;
  }

  readonly pauses: [PauseKind, number][] = [];
  unpauses = 0;

  pauseClients(kind: PauseKind, durationMs: number): void {
    this.pauses.push([kind, durationMs]);
  }

  unpauseClients(): void {
    this.unpauses += 1;
  }

  buffersOf(): ClientBuffers | undefined {
    return { queryBytes: 26, queryFreeBytes: 10, outputBytes: 0 };
  }

  authenticate(user: string, password: string): boolean {
    return user === "default" && password === "secret";
  }

  describeReplication(): ReplicationDescription {
    return this.replication;
  }

  info(section: string): InfoLines {
    return [[`${section}_line`, 1]];
  }

  clientsMax(): number {
    return 10_000;
  }

  traffic(): Traffic {
    return this.bytes;
  }

  resetStatistics(): void {
    this.snapshots.push("resetstat");
  }

  replicasThatHold(): number {
    return this.replicas;
  }

  closeSession(session: ClientSession): void {
    this.closed.push(session.id);
  }

  unblock(session: ClientSession, how: "timeout" | "error"): boolean {
    this.unblocked.push([session.id, how]);
    return session.blocked;
  }

  readonly scriptLogs: [number, string][] = [];

  logScript(level: number, message: string): void {
    this.scriptLogs.push([level, message]);
  }

  stall(durationMs: number): void {
    this.stalls.push(durationMs);
  }

  snapshot(): void {
    this.snapshots.push("snapshot");
  }

  lastSnapshotSec(): number {
    return 1234;
  }

  shutdown(): void {
    this.shutdowns += 1;
  }
}

export class Harness {
  readonly keyspace: Keyspace = new Keyspace();
  readonly host: FakeHost = new FakeHost();
  readonly dispatcher: Dispatcher;
  readonly session: ClientSession;
  /** What a replica would have got: one item a record. */
  readonly log: { db: number; effects: string; offset: Offset }[] = [];
  #offset = 0;

  constructor(bounds: TextBounds = TEXT_BOUNDS) {
    this.dispatcher = new Dispatcher(this.keyspace, this.host, bounds);
    this.keyspace.nowMs = 1_700_000_000_000;
    this.keyspace.mayExpire = true;
    this.session = this.connect();
  }

  connect(): ClientSession {
    const session = new ClientSession({
      id: this.dispatcher.registry.size + 1,
      address: `127.0.0.1:${5000 + this.dispatcher.registry.size}`,
      localAddress: "127.0.0.1:6379",
      createdAtMs: this.keyspace.nowMs,
    });
    this.dispatcher.connect(session);
    return session;
  }

  /** Runs a command and keeps its effects as a record, as the member does. */
  execute(argv: readonly string[], session: ClientSession = this.session): Execution {
    this.keyspace.writeOffset = (this.#offset + 1) as Offset;
    const execution = this.dispatcher.execute(session, argv);
    this.#record(execution);
    return execution;
  }

  /** The reply to a command given as text; arguments are parted by single spaces. */
  run(command: string, session: ClientSession = this.session): string {
    return this.execute(command.split(" "), session).reply;
  }

  /** The reply as a plain value: errors as `(error) ...`, nil as null. */
  ask(command: string, session: ClientSession = this.session): unknown {
    return decode(this.run(command, session));
  }

  expire(budget: number): Execution {
    this.keyspace.writeOffset = (this.#offset + 1) as Offset;
    const execution = this.dispatcher.expireCycle(budget);
    this.#record(execution);
    return execution;
  }

  /** @returns whether there are keys left that may go, or need to. */
  evict(budget: number): boolean {
    this.keyspace.writeOffset = (this.#offset + 1) as Offset;
    const { execution, anyLeft } = this.dispatcher.evictSlice(budget, 0);
    this.#record(execution);
    return anyLeft;
  }

  #record(execution: Execution): void {
    if (execution.effects === "") return;
    this.#offset += 1;
    this.log.push({
      db: execution.effectsDb,
      effects: execution.effects,
      offset: this.#offset as Offset,
    });
  }
}

/** A second keyspace that has replayed all of `harness`'s records. */
export function replayed(harness: Harness): Harness {
  const replica = new Harness();
  replica.keyspace.mayExpire = false;
  for (const { db, effects, offset } of harness.log) replica.dispatcher.replay(effects, db, offset);
  return replica;
}

/** Decodes one RESP2 or RESP3 reply (latin1); arrays, sets and pushes as arrays, maps as arrays of pairs. */
export function decode(reply: string): unknown {
  const all = decodeAll(reply);
  if (all.length !== 1) throw new Error(`one reply expected, got ${JSON.stringify(reply)}`);
  return all[0];
}

export function decodeAll(text: string): unknown[] {
  const values: unknown[] = [];
  let at = 0;
  const one = (): unknown => {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) throw new Error(`cut off: ${JSON.stringify(text.slice(at))}`);
    const mark = text[at];
    const line = text.slice(at + 1, lineEnd);
    at = lineEnd + 2;
    const many = (count: number): unknown[] => Array.from({ length: count }, one);
    switch (mark) {
      case "+":
        return line;
      case "-":
        return `(error) ${line}`;
      case ":":
        return BigInt(line) <= 9007199254740991n && BigInt(line) >= -9007199254740991n
          ? Number(line)
          : BigInt(line);
      case "_":
        return null;
      case "#":
        return line === "t";
      case ",":
        return Number(line);
      case "$":
      case "=": {
        const length = Number(line);
        if (length < 0) return null;
        const value = text.slice(at, at + length);
        at += length + 2;
        return mark === "=" ? value.slice(4) : value;
      }
      case "*":
      case "~":
      case ">":
        return Number(line) < 0 ? null : many(Number(line));
      case "%":
        return Array.from({ length: Number(line) }, () => [one(), one()]);
      default:
        throw new Error(`not RESP: ${JSON.stringify(text.slice(at - 20, at + 20))}`);
    }
  };
  while (at < text.length) values.push(one());
  return values;
}
