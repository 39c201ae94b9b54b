/** Intersections, unions and differences of sets. */
import { integer } from "../../protocol/resp/reply.ts";
import { SetValue } from "../keyspace/set-value.ts";
import { ALL_KEYS, type Argv, arg, type CommandSpec, type Handler } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { numberedKeys } from "./numbered-keys.ts";
import { parseCount } from "./numbers.ts";
import { readSource } from "./read-source.ts";
import { membersReply } from "./sets.ts";
import { storeResult } from "./store-result.ts";

/** Makes one set of some; `undefined` stands for a key that is absent. */
type Combine = (sets: readonly (SetValue | undefined)[]) => SetValue;

/** @returns the sets, or the encoded error of the first key that holds something else. */
function readSets(context: CommandContext, keys: Argv): (SetValue | undefined)[] | string {
  const sets: (SetValue | undefined)[] = [];
  for (const key of keys) {
    const set = readSource(context, key)?.value;
    if (set !== undefined && !(set instanceof SetValue)) return errors.WRONG_TYPE;
    sets.push(set);
  }
  return sets;
}

/** The members that all sets have, in the order of the smallest one. */
function* common(sets: readonly (SetValue | undefined)[]): IterableIterator<string> {
  const present = sets.filter((set) => set !== undefined);
  const [smallest, ...others] = present.sort((one, other) => one.size - other.size);
  if (smallest === undefined || present.length < sets.length) return;
  for (const member of smallest.members()) if (others.every((set) => set.has(member))) yield member;
}

function intersection(sets: readonly (SetValue | undefined)[]): SetValue {
  const result = new SetValue();
  for (const member of common(sets)) result.add(member);
  return result;
}

function union(sets: readonly (SetValue | undefined)[]): SetValue {
  const result = new SetValue();
  for (const set of sets) for (const member of set?.members() ?? []) result.add(member);
  return result;
}

/** The members that only the first set has, by whichever way looks at fewer members, as in Redis. */
function difference(sets: readonly (SetValue | undefined)[]): SetValue {
  const [first, ...rest] = sets;
  const result = new SetValue();
  if (first === undefined) return result;
  const others = rest.filter((set) => set !== undefined).sort((one, other) => other.size - one.size);
  const total = sets.reduce((sum, set) => sum + (set?.size ?? 0), 0);
  if ((first.size * sets.length) / 2 <= total) {
    for (const member of first.members()) if (!others.some((set) => set.has(member))) result.add(member);
    return result;
  }
  for (const member of first.members()) result.add(member);
  for (const set of others) for (const member of set.members()) result.delete(member);
  return result;
}

function tell(combine: Combine): Handler {
  return (context, argv) => {
    const sets = readSets(context, argv.slice(1));
    return typeof sets === "string" ? sets : membersReply(context, combine(sets));
  };
}

function store(combine: Combine, event: string): Handler {
  return (context, argv) => {
    const sets = readSets(context, argv.slice(2));
    return typeof sets === "string" ? sets : storeResult(context, arg(argv, 1), combine(sets), event);
  };
}

function sintercard(context: CommandContext, argv: Argv): string {
  const count = parseCount(arg(argv, 1), 1);
  if (count === undefined) return errors.NUMKEYS_NOT_POSITIVE;
  if (count > argv.length - 2) return errors.TOO_MANY_KEYS;
  let limit = 0;
  for (let at = 2 + count; at < argv.length; at += 2) {
    if (arg(argv, at).toUpperCase() !== "LIMIT" || at + 1 >= argv.length) return errors.SYNTAX_ERROR;
    const parsed = parseCount(arg(argv, at + 1), 0);
    if (parsed === undefined) return errors.LIMIT_NEGATIVE;
    limit = parsed;
  }
  const sets = readSets(context, argv.slice(2, 2 + count));
  if (typeof sets === "string") return sets;
  let found = 0;
  for (const _member of common(sets)) {
    found += 1;
    if (found === limit) break;
  }
  return integer(found);
}

const READS = { arity: -2, flags: ["readonly"], keys: ALL_KEYS, categories: ["set"] } as const;
const STORES = { arity: -3, flags: ["write", "denyoom"], keys: ALL_KEYS, categories: ["set"] } as const;

export const SET_ALGEBRA_COMMANDS: readonly CommandSpec[] = [
  { name: "sinter", ...READS, handler: tell(intersection) },
  { name: "sunion", ...READS, handler: tell(union) },
  { name: "sdiff", ...READS, handler: tell(difference) },
  { name: "sinterstore", ...STORES, handler: store(intersection, "sinterstore") },
  { name: "sunionstore", ...STORES, handler: store(union, "sunionstore") },
  { name: "sdiffstore", ...STORES, handler: store(difference, "sdiffstore") },
  {
    name: "sintercard",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: numberedKeys(1),
    categories: ["set"],
    handler: sintercard,
  },
];
