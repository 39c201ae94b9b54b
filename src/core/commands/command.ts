/**
 * What a command is: its name, arity, flags and keys as Redis's COMMAND tells them, and the function that runs it.
 * It decides which arguments are keys; it runs nothing.
 */
import { invariant } from "../../base/errors.ts";
import { CommandUsage } from "../command-statistics.ts";
import type { CommandContext } from "./context.ts";

/** Latin1 strings; the command's name first. Handlers get them only after the arity check. */
export type Argv = readonly string[];

/**
 * Runs a command and returns its encoded reply. What it changed, it must also have propagated:
 * with `context.propagate(...)`, or with `context.propagateAsIs()` when replaying `argv` comes to the same.
 */
export type Handler = (context: CommandContext, argv: Argv) => string;

/** As COMMAND INFO spells them. */
export type Flag =
  | "write"
  | "readonly"
  | "denyoom"
  | "admin"
  | "pubsub"
  | "noscript"
  | "blocking"
  | "loading"
  | "stale"
  | "skip_slowlog"
  | "skip_monitor"
  | "fast"
  | "no_auth"
  | "no_async_loading"
  | "no_multi"
  | "no_mandatory_keys"
  | "movablekeys"
  | "allow_busy"
  | "may_replicate";

/** Bits of `Command.flags`. */
export const FLAGS: Readonly<Record<Flag, number>> = {
  write: 1 << 0,
  readonly: 1 << 1,
  denyoom: 1 << 2,
  admin: 1 << 3,
  pubsub: 1 << 4,
  noscript: 1 << 5,
  blocking: 1 << 6,
  loading: 1 << 7,
  stale: 1 << 8,
  skip_slowlog: 1 << 9,
  fast: 1 << 10,
  no_auth: 1 << 11,
  no_async_loading: 1 << 12,
  no_multi: 1 << 13,
  allow_busy: 1 << 14,
  skip_monitor: 1 << 15,
  no_mandatory_keys: 1 << 16,
  movablekeys: 1 << 17,
  may_replicate: 1 << 18,
};

/** Positions of the keys in argv; a negative `last` counts from the end. */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Finds all keys where the range tells only some of them; the command then has the flag "movablekeys". */
  readonly find?: (argv: Argv) => string[];
}

type KeySpec = KeyRange | ((argv: Argv) => string[]);

export interface CommandSpec {
  /** Lower case. */
  readonly name: string;
  /** Number of arguments, the name included; negative for "at least". */
  readonly arity: number;
  readonly flags: readonly Flag[];
  /** None when left out. */
  readonly keys?: KeySpec;
  /** ACL categories that do not follow from the flags. */
  readonly categories?: readonly string[];
  /** Left out only by commands that do nothing without a subcommand. */
  readonly handler?: Handler;
  readonly subcommands?: readonly CommandSpec[];
  /** It runs at once when MULTI is open (EXEC, DISCARD, ...). */
  readonly unqueued?: boolean;
  /** It looks at data although no flag of it says so: scripts. */
  readonly looksAtData?: boolean;
  /** It may be used by a RESP2 client that is subscribed. */
  readonly whileSubscribed?: boolean;
  /** Its flag "may_replicate" does not hold for these arguments: a script that says that it writes nothing. */
  readonly onlyReads?: (context: CommandContext, argv: Argv) => boolean;
}

export const ONE_KEY: KeyRange = { first: 1, last: 1, step: 1 };
export const ALL_KEYS: KeyRange = { first: 1, last: -1, step: 1 };
export const TWO_KEYS: KeyRange = { first: 1, last: 2, step: 1 };

/** Without the flag "fast", since they may have to evict or to copy, and yet as quick as those that have it. */
const QUICK: ReadonlySet<string> = new Set(["set", "setex", "psetex"]);

/** A command of the table, ready for the hot path. */
export class Command {
  readonly spec: CommandSpec;
  /** As in errors and CLIENT LIST: `client|kill` for a subcommand. */
  readonly fullName: string;
  /** Union of `FLAGS`. */
  readonly flags: number;
  /** Flags as the node's gate must see them. */
  readonly gateFlags: number;
  readonly arity: number;
  readonly handler: Handler;
  readonly unqueued: boolean;
  readonly whileSubscribed: boolean;
  readonly subcommands: ReadonlyMap<string, Command> | undefined;
  readonly usage: CommandUsage = new CommandUsage();
  /** Its keys are looked up for reading: INFO's hits and misses. */
  readonly isReader: boolean;
  /** It takes so few steps that it is not worth a look at the clock. */
  readonly isQuick: boolean;
  readonly onlyReads: CommandSpec["onlyReads"];
  /** MONITOR tells of it. */
  readonly isShown: boolean;

  constructor(spec: CommandSpec, container?: string) {
    this.spec = spec;
    this.fullName = container === undefined ? spec.name : `${container}|${spec.name}`;
    this.flags = spec.flags.reduce((flags, flag) => flags | FLAGS[flag], 0);
    this.gateFlags = this.flags | (spec.looksAtData === true ? FLAGS.readonly : 0);
    this.arity = spec.arity;
    this.onlyReads = spec.onlyReads;
    this.isReader = this.has("readonly");
    this.isQuick = this.has("fast") || QUICK.has(spec.name);
    this.isShown = !this.has("admin") && !this.has("skip_monitor");
    this.handler = spec.handler ?? withoutHandler;
    this.unqueued = spec.unqueued ?? false;
    this.whileSubscribed = spec.whileSubscribed ?? false;
    this.subcommands =
      spec.subcommands &&
      new Map(spec.subcommands.map((subcommand) => [subcommand.name, new Command(subcommand, spec.name)]));
  }

  accepts(argumentCount: number): boolean {
    return this.arity >= 0 ? argumentCount === this.arity : argumentCount >= -this.arity;
  }

  has(flag: Flag): boolean {
    return (this.flags & FLAGS[flag]) !== 0;
  }

  /** The keys among the arguments. */
  keysOf(argv: Argv): string[] {
    const spec = this.spec.keys;
    if (spec === undefined) return [];
    if (typeof spec === "function") return spec(argv);
    if (spec.find !== undefined) return spec.find(argv);
    const last = spec.last < 0 ? argv.length + spec.last : spec.last;
    const keys: string[] = [];
    for (let at = spec.first; at <= last; at += spec.step) keys.push(arg(argv, at));
    return keys;
  }
}

/** An argument that the arity check, or the handler's own count, has made sure of. */
export function arg(argv: Argv, at: number): string {
  return argv[at] as string;
}

function withoutHandler(): string {
  invariant(false, "a command without a handler is refused for its arity");
}
