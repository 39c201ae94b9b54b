/** Sorted set commands on single members: ZADD and its kin, ZREM, scores and ranks. Ranges and picks have own files. */
import { arrayHeader, double, integer, nil, ZERO } from "../../protocol/resp/reply.ts";
import type { Entry } from "../keyspace/entry.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { ZsetValue } from "../keyspace/zset-value.ts";
import { type Argv, arg, type CommandSpec, type Handler, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { parseDouble } from "./doubles.ts";
import * as errors from "./errors.ts";
import { parseZaddOptions, type ZaddOptions } from "./zadd-options.ts";

/** The sorted set at `key`; `undefined` when the key is absent, an encoded error when it holds something else. */
export function readZset(context: CommandContext, key: string): ZsetValue | undefined | string {
  const value = context.db.read(key)?.value;
  if (value === undefined || value instanceof ZsetValue) return value;
  return errors.WRONG_TYPE;
}

/** What one key is being changed to: nothing is noted as changed before something is. */
class Change {
  readonly zset: ZsetValue;
  added = 0;
  updated = 0;
  readonly #context: CommandContext;
  readonly #key: string;
  readonly #entry: Entry | undefined;

  constructor(context: CommandContext, key: string, entry: Entry | undefined, zset: ZsetValue) {
    this.#context = context;
    this.#key = key;
    this.#entry = entry;
    this.zset = zset;
  }

  set(member: string, score: number, known: number | undefined): void {
    if (this.added + this.updated === 0 && this.#entry !== undefined) {
      this.#context.db.beforeChange(this.#key);
    }
    this.zset.set(member, score, known);
    if (known === undefined) this.added += 1;
    else this.updated += 1;
  }

  /** @param event what this is called for subscribers. */
  finish(event: "zadd" | "zincr"): void {
    if (this.added + this.updated === 0) return;
    if (this.#entry === undefined) this.#context.db.set(this.#key, this.zset, 0);
    this.#context.propagateAsIs();
    this.#context.notify(NOTIFY.zset, event, this.#key);
  }
}

/**
 * Adds the member or changes its score, if the options allow it.
 *
 * @returns the score that it has now; `undefined` when the options forbid the change, "nan" when it would be none.
 */
function setScore(
  change: Change,
  options: ZaddOptions,
  member: string,
  score: number,
): number | undefined | "nan" {
  const known = change.zset.score(member);
  if (known === undefined) {
    if (options.condition === "XX") return undefined;
    change.set(member, score, known);
    return score;
  }
  if (options.condition === "NX") return undefined;
  const wanted = options.increment ? known + score : score;
  if (Number.isNaN(wanted)) return "nan";
  if (options.only === "LT" && wanted >= known) return undefined;
  if (options.only === "GT" && wanted <= known) return undefined;
  if (wanted !== known) change.set(member, wanted, known);
  return wanted;
}

function zadd(context: CommandContext, argv: Argv): string {
  return addPairs(context, argv, parseZaddOptions(argv));
}

function zincrby(context: CommandContext, argv: Argv): string {
  return addPairs(context, argv, {
    first: 2,
    condition: undefined,
    only: undefined,
    changed: false,
    increment: true,
  });
}

/** @param options or an encoded error. */
function addPairs(context: CommandContext, argv: Argv, options: ZaddOptions | string): string {
  if (typeof options === "string") return options;
  const scores: number[] = [];
  for (let at = options.first; at < argv.length; at += 2) {
    const score = parseDouble(arg(argv, at));
    if (score === undefined) return errors.NOT_A_FLOAT;
    scores.push(score);
  }
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  const zset = entry === undefined ? new ZsetValue() : entry.value;
  if (!(zset instanceof ZsetValue)) return errors.WRONG_TYPE;
  const change = new Change(context, key, entry, zset);
  let last: number | undefined;
  for (const [pair, score] of scores.entries()) {
    const result = setScore(change, options, arg(argv, options.first + pair * 2 + 1), score);
    // Only an increment comes to that, and it is the only pair.
    if (result === "nan") return errors.SCORE_NAN;
    last = result;
  }
  change.finish(options.increment ? "zincr" : "zadd");
  if (options.increment) return last === undefined ? nil(context.version) : double(last, context.version);
  return integer(options.changed ? change.added + change.updated : change.added);
}

function zrem(context: CommandContext, argv: Argv): string {
  const { db } = context;
  const key = arg(argv, 1);
  const entry = db.read(key);
  if (entry === undefined) return ZERO;
  const zset = entry.value;
  if (!(zset instanceof ZsetValue)) return errors.WRONG_TYPE;
  let removed = 0;
  for (let at = 2; at < argv.length; at += 1) {
    const member = arg(argv, at);
    if (removed === 0) {
      if (zset.score(member) === undefined) continue;
      db.beforeChange(key);
    }
    if (zset.delete(member)) removed += 1;
  }
  if (removed === 0) return ZERO;
  context.propagateAsIs();
  context.notify(NOTIFY.zset, "zrem", key);
  if (zset.size === 0) {
    db.remove(key);
    context.notify(NOTIFY.generic, "del", key);
  }
  return integer(removed);
}

function zcard(context: CommandContext, argv: Argv): string {
  const zset = readZset(context, arg(argv, 1));
  return typeof zset === "string" ? zset : integer(zset?.size ?? 0);
}

function scoreReply(score: number | undefined, context: CommandContext): string {
  return score === undefined ? nil(context.version) : double(score, context.version);
}

function zscore(context: CommandContext, argv: Argv): string {
  const zset = readZset(context, arg(argv, 1));
  return typeof zset === "string" ? zset : scoreReply(zset?.score(arg(argv, 2)), context);
}

function zmscore(context: CommandContext, argv: Argv): string {
  const zset = readZset(context, arg(argv, 1));
  if (typeof zset === "string") return zset;
  let reply = arrayHeader(argv.length - 2);
  for (let at = 2; at < argv.length; at += 1) reply += scoreReply(zset?.score(arg(argv, at)), context);
  return reply;
}

function rankWith(reversed: boolean): Handler {
  return (context, argv) => {
    const zset = readZset(context, arg(argv, 1));
    if (typeof zset === "string") return zset;
    const rank = zset?.rank(arg(argv, 2));
    if (zset === undefined || rank === undefined) return nil(context.version);
    return integer(reversed ? zset.size - 1 - rank : rank);
  };
}

const OF_ZSETS = { keys: ONE_KEY, categories: ["sortedset"] } as const;
const ADDS = { ...OF_ZSETS, flags: ["write", "denyoom", "fast"] } as const;
const READS = { ...OF_ZSETS, flags: ["readonly", "fast"] } as const;

export const ZSET_COMMANDS: readonly CommandSpec[] = [
  { name: "zadd", arity: -4, ...ADDS, handler: zadd },
  { name: "zincrby", arity: 4, ...ADDS, handler: zincrby },
  { name: "zrem", arity: -3, ...OF_ZSETS, flags: ["write", "fast"], handler: zrem },
  { name: "zcard", arity: 2, ...READS, handler: zcard },
  { name: "zscore", arity: 3, ...READS, handler: zscore },
  { name: "zmscore", arity: -3, ...READS, handler: zmscore },
  { name: "zrank", arity: 3, ...READS, handler: rankWith(false) },
  { name: "zrevrank", arity: 3, ...READS, handler: rankWith(true) },
];
