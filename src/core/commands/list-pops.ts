/** Pops from the first of several lists that has something: LMPOP, and BLPOP, BRPOP, BLMPOP, which wait for one. */
import { arrayHeader, bulk, bulkArray, nilArray } from "../../protocol/resp/reply.ts";
import type { ListEnd } from "../keyspace/list-value.ts";
import { type Argv, arg, type CommandSpec, type Handler } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseEnd } from "./list-moves.ts";
import { mayTake, readList, takeElements } from "./lists.ts";
import { numberedKeys, parseNumberedKeys } from "./numbered-keys.ts";
import { parseCount } from "./numbers.ts";
import { parseTimeoutSeconds } from "./timeouts.ts";

interface Pop {
  readonly keys: readonly string[];
  readonly end: ListEnd;
  /** Of LMPOP, which replies with an array of elements; `undefined` for one that is not in an array. */
  readonly count: number | undefined;
}

/** @returns the reply, or `undefined` when none of the keys has anything. */
function pop(context: CommandContext, { keys, end, count }: Pop): string | undefined {
  for (const key of keys) {
    const list = readList(context, key);
    if (list === undefined) continue;
    if (typeof list === "string") return list;
    if (!mayTake(context, list, end, count ?? 1)) return errors.REPLY_TOO_LONG;
    const taken = takeElements(context, key, end, count ?? 1);
    const command = end === "first" ? "LPOP" : "RPOP";
    if (count === undefined) context.propagate(command, key);
    else context.propagate(command, key, String(taken.length));
    return arrayHeader(2) + bulk(key) + (count === undefined ? bulk(taken[0] ?? "") : bulkArray(taken));
  }
  return undefined;
}

function popOrWait(context: CommandContext, asked: Pop, timeout: string): string {
  const timeoutMs = parseTimeoutSeconds(timeout);
  if (typeof timeoutMs === "string") return timeoutMs;
  const reply = pop(context, asked);
  if (reply !== undefined) return reply;
  const { keys } = asked;
  const timeoutReply = nilArray(context.version);
  if (!context.mayBlock) return timeoutReply;
  return context.block({
    kind: "keys",
    type: "list",
    keys,
    timeoutMs,
    timeoutReply,
    // Of several keys, the one that was pushed to first.
    serve: (later, key) => pop(later, { ...asked, keys: [key] }),
  });
}

function popWith(end: ListEnd): Handler {
  return (context, argv) =>
    popOrWait(context, { keys: argv.slice(1, -1), end, count: undefined }, arg(argv, argv.length - 1));
}

/** @param at where the number of keys is. @returns what LMPOP asks for, or an encoded error. */
function parsePop(argv: Argv, at: number): Pop | string {
  const found = parseNumberedKeys(argv, at, 1);
  if (typeof found === "string") return found;
  const { keys, next } = found;
  const end = parseEnd(arg(argv, next));
  if (end === undefined) return errors.SYNTAX_ERROR;
  if (argv.length === next + 1) return { keys, end, count: 1 };
  if (argv.length < next + 3 || arg(argv, next + 1).toUpperCase() !== "COUNT") return errors.SYNTAX_ERROR;
  const count = parseCount(arg(argv, next + 2), 1);
  if (count === undefined) return errors.COUNT_NOT_POSITIVE;
  return argv.length === next + 3 ? { keys, end, count } : errors.SYNTAX_ERROR;
}

function lmpop(context: CommandContext, argv: Argv): string {
  const asked = parsePop(argv, 1);
  return typeof asked === "string" ? asked : (pop(context, asked) ?? nilArray(context.version));
}

function blmpop(context: CommandContext, argv: Argv): string {
  // Redis looks at the timeout last.
  const asked = parsePop(argv, 2);
  return typeof asked === "string" ? asked : popOrWait(context, asked, arg(argv, 1));
}

const BUT_THE_LAST = { first: 1, last: -2, step: 1 };
const WAITS = {
  arity: -3,
  flags: ["write", "noscript", "blocking"],
  keys: BUT_THE_LAST,
  categories: ["list"],
} as const;

export const LIST_POP_COMMANDS: readonly CommandSpec[] = [
  {
    name: "lmpop",
    arity: -4,
    flags: ["write", "movablekeys"],
    keys: numberedKeys(1),
    categories: ["list"],
    handler: lmpop,
  },
  { name: "blpop", ...WAITS, handler: popWith("first") },
  { name: "brpop", ...WAITS, handler: popWith("last") },
  {
    name: "blmpop",
    arity: -5,
    flags: ["write", "blocking", "movablekeys"],
    keys: numberedKeys(2),
    categories: ["list"],
    handler: blmpop,
  },
];
