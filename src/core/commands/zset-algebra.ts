/** Unions, intersections and differences of sorted sets, and of sets, whose members count as having score 1. */
import { LongText } from "../../base/long-text.ts";
import { arrayHeader, bulk, double, integer } from "../../protocol/resp/reply.ts";
import { ScoreTree } from "../keyspace/score-tree.ts";
import { SetValue } from "../keyspace/set-value.ts";
import { isCompact, ZsetValue } from "../keyspace/zset-value.ts";
import { type Argv, arg, type CommandSpec, type Handler } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { numberedKeys } from "./numbered-keys.ts";
import { readSource } from "./read-source.ts";
import { storeResult } from "./store-result.ts";
import {
  type Aggregate,
  type AlgebraCommand,
  type AlgebraOptions,
  type Operation,
  parseAlgebraOptions,
  parseInputKeys,
} from "./zset-algebra-options.ts";

interface Source {
  /** `undefined` when the key is absent. */
  readonly value: SetValue | ZsetValue | undefined;
  readonly weight: number;
}

/** @returns what the keys hold, or the encoded error of the first one that holds something else. */
function readSources(context: CommandContext, keys: readonly string[]): Source["value"][] | string {
  const values: Source["value"][] = [];
  for (const key of keys) {
    const value = readSource(context, key)?.value;
    const fits = value === undefined || value instanceof SetValue || value instanceof ZsetValue;
    if (!fits) return errors.WRONG_TYPE;
    values.push(value);
  }
  return values;
}

function* entriesOf(value: Source["value"]): IterableIterator<[member: string, score: number]> {
  if (value instanceof ZsetValue)
    for (const [member, score] of value.entries()) yield [value.lasting(member), score];
  else for (const member of value?.members() ?? []) yield [member, 1];
}

function scoreIn(value: Source["value"], member: string): number | undefined {
  if (value instanceof ZsetValue) return value.score(member);
  return value?.has(member) === true ? 1 : undefined;
}

/** Infinity times 0 counts as 0. */
function weighted(score: number, weight: number): number {
  const product = score * weight;
  return Number.isNaN(product) ? 0 : product;
}

function aggregated(one: number, other: number, aggregate: Aggregate): number {
  if (aggregate === "SUM") {
    const sum = one + other;
    // Both infinities together.
    return Number.isNaN(sum) ? 0 : sum;
  }
  // Not by Math.min and max: NaN, which infinity times 0 is, must not win.
  const otherWins = aggregate === "MIN" ? other < one : other > one;
  return otherWins ? other : one;
}

function union(sources: readonly Source[], aggregate: Aggregate): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { value, weight } of sources) {
    for (const [member, score] of entriesOf(value)) {
      const known = scores.get(member);
      const added = weighted(score, weight);
      scores.set(member, known === undefined ? added : aggregated(known, added, aggregate));
    }
  }
  return scores;
}

/** Members that all sources have. @param sources the smallest first. */
function* intersection(
  sources: readonly Source[],
  aggregate: Aggregate,
): IterableIterator<[member: string, score: number]> {
  const [smallest, ...others] = sources;
  if (smallest === undefined) return;
  for (const [member, score] of entriesOf(smallest.value)) {
    let total: number | undefined = weighted(score, smallest.weight);
    for (const { value, weight } of others) {
      const found = scoreIn(value, member);
      total = found === undefined ? undefined : aggregated(total, found * weight, aggregate);
      if (total === undefined) break;
    }
    if (total !== undefined) yield [member, total];
  }
}

function* difference(sources: readonly Source[]): IterableIterator<[member: string, score: number]> {
  const [first, ...others] = sources;
  const present = others.filter(({ value }) => value !== undefined);
  for (const [member, score] of entriesOf(first?.value)) {
    if (!present.some(({ value }) => scoreIn(value, member) !== undefined)) yield [member, score];
  }
}

function combined(
  operation: Operation,
  values: readonly Source["value"][],
  options: AlgebraOptions,
): Iterable<[member: string, score: number]> {
  const sources = values.map((value, at) => ({ value, weight: options.weights[at] ?? 1 }));
  if (operation === "diff") return difference(sources);
  sources.sort((one, other) => (one.value?.size ?? 0) - (other.value?.size ?? 0));
  return operation === "union" ? union(sources, options.aggregate) : intersection(sources, options.aggregate);
}

function algebra(command: AlgebraCommand): Handler {
  const countAt = command.purpose === "store" ? 2 : 1;
  return (context: CommandContext, argv: Argv) => {
    const keys = parseInputKeys(argv, countAt, command.name);
    if (typeof keys === "string") return keys;
    const values = readSources(context, keys);
    if (typeof values === "string") return values;
    const options = parseAlgebraOptions(argv, countAt + 1 + keys.length, command, keys.length);
    if (typeof options === "string") return options;
    const members = combined(command.operation, values, options);
    if (command.purpose === "count") return countReply(members, options.limit);
    if (command.purpose === "store")
      return storeResult(context, arg(argv, 1), zsetOf([...members]), command.name);
    const result = new ScoreTree();
    for (const [member, score] of members) result.insert(score, member);
    return resultReply(context, result, options.withScores);
  };
}

function zsetOf(members: readonly [member: string, score: number][]): ZsetValue {
  let longest = 0;
  for (const [member] of members) longest = Math.max(longest, member.length);
  const zset = new ZsetValue(!isCompact(members.length, longest));
  for (const [member, score] of members) zset.set(member, score, undefined);
  return zset;
}

function countReply(members: Iterable<unknown>, limit: number): string {
  let count = 0;
  for (const _member of members) {
    count += 1;
    if (count === limit) break;
  }
  return integer(count);
}

function resultReply(context: CommandContext, result: ScoreTree, withScores: boolean): string {
  const { version } = context;
  const nested = withScores && version === 3;
  const reply = new LongText(arrayHeader(withScores && !nested ? result.size * 2 : result.size));
  for (const [member, score] of result.entries()) {
    if (nested) reply.add(arrayHeader(2));
    reply.add(bulk(member));
    if (withScores) reply.add(double(score, version));
  }
  return reply.toString();
}

const READS = {
  arity: -3,
  flags: ["readonly", "movablekeys"],
  keys: numberedKeys(1),
  categories: ["sortedset"],
} as const;

const STORES = {
  arity: -4,
  flags: ["write", "denyoom", "movablekeys"],
  keys: {
    first: 1,
    last: 1,
    step: 1,
    find: (argv: Argv): string[] => {
      const sources = numberedKeys(2)(argv);
      return sources.length === 0 ? [] : [arg(argv, 1), ...sources];
    },
  },
  categories: ["sortedset"],
} as const;

function spec(name: string, operation: Operation, purpose: AlgebraCommand["purpose"]): CommandSpec {
  const handler = algebra({ name, operation, purpose });
  return { name, ...(purpose === "store" ? STORES : READS), handler };
}

export const ZSET_ALGEBRA_COMMANDS: readonly CommandSpec[] = [
  spec("zunion", "union", "tell"),
  spec("zinter", "inter", "tell"),
  spec("zdiff", "diff", "tell"),
  spec("zintercard", "inter", "count"),
  spec("zunionstore", "union", "store"),
  spec("zinterstore", "inter", "store"),
  spec("zdiffstore", "diff", "store"),
];
