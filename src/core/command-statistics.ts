/**
 * What commands came to, for INFO commandstats and errorstats: calls, time, failures, and how often each kind of error
 * was replied. It is told of each call; reading is cheap only for telling, so totals are added up when asked for.
 */
import type { Millis } from "../base/ids.ts";
import type { Command } from "./commands/command.ts";
import type { Traffic } from "./commands/host.ts";
import { Rate } from "./rate.ts";

/** Longest first word of an error that is counted by itself. */
const CODE_LENGTH_MAX = 31;
/** Beyond so many kinds of errors (scripts can make them up) they are counted together. */
const CODES_MAX = 128;
const OTHERS = "ERR";

export class CommandStatistics {
  readonly #errors = new Map<string, number>();
  #errorReplies = 0;
  readonly #calls = new Rate();
  readonly #received = new Rate();
  readonly #written = new Rate();

  get callsPerSec(): number {
    return this.#calls.perSec;
  }

  /** Bytes a second, of all clients. */
  get traffic(): Traffic {
    return { receivedBytes: this.#received.perSec, writtenBytes: this.#written.perSec };
  }

  /** To be called every now and then. @param traffic so far. */
  sample(nowMs: Millis, commands: Iterable<Command>, traffic: () => Traffic): void {
    if (!this.#calls.isDue(nowMs)) return;
    let calls = 0;
    for (const { usage } of withSubcommands(commands)) calls += usage.calls;
    this.#calls.note(nowMs, calls);
    const { receivedBytes, writtenBytes } = traffic();
    this.#received.note(nowMs, receivedBytes);
    this.#written.note(nowMs, writtenBytes);
  }

  get errorReplies(): number {
    return this.#errorReplies;
  }

  /** How often each first word of an error was replied. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  /** @param reply encoded, an error. */
  noteError(reply: string): void {
    this.#errorReplies += 1;
    const end = reply.indexOf(" ");
    const known = end > 1 && end <= CODE_LENGTH_MAX + 1 ? reply.slice(1, end) : OTHERS;
    const code = this.#errors.has(known) || this.#errors.size < CODES_MAX ? known : OTHERS;
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  /** CONFIG RESETSTAT. */
  reset(commands: Iterable<Command>): void {
    this.#errors.clear();
    this.#errorReplies = 0;
    for (const command of withSubcommands(commands)) command.usage.reset();
  }
}

/** The account of one command. */
export class CommandUsage {
  calls = 0;
  /** Refused before they ran: arity, authentication, the node's gate. */
  rejected = 0;
  failed = 0;
  /** Calls that were timed, and what they took. Quick ones within a batch are not timed. */
  #timed = 0;
  #timedUs = 0;

  noteTime(durationUs: number): void {
    this.#timed += 1;
    this.#timedUs += durationUs;
  }

  /** Of all calls, those that were not timed counted like the others. */
  get totalUs(): number {
    return this.#timed === 0 ? 0 : Math.round((this.#timedUs / this.#timed) * this.calls);
  }

  reset(): void {
    this.calls = 0;
    this.rejected = 0;
    this.failed = 0;
    this.#timed = 0;
    this.#timedUs = 0;
  }
}

export function* withSubcommands(commands: Iterable<Command>): Iterable<Command> {
  for (const command of commands) {
    yield command;
    if (command.subcommands !== undefined) yield* command.subcommands.values();
  }
}
