/** LMOVE, RPOPLPUSH, and BLMOVE, BRPOPLPUSH, which wait for the source: from one end of a list to one of another. */
import { bulk, nil, nilArray } from "../../protocol/resp/reply.ts";
import type { ListEnd } from "../keyspace/list-value.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { type Argv, arg, type CommandSpec, TWO_KEYS } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { changeList, dropIfEmpty, readList } from "./lists.ts";
import { parseTimeoutSeconds } from "./timeouts.ts";

interface Move {
  readonly source: string;
  readonly target: string;
  readonly from: ListEnd;
  readonly to: ListEnd;
  /** What replicas replay. */
  readonly effect: readonly string[];
}

/** LEFT or RIGHT; `undefined` for anything else. */
export function parseEnd(text: string): ListEnd | undefined {
  const end = text.toUpperCase();
  if (end === "LEFT") return "first";
  return end === "RIGHT" ? "last" : undefined;
}

/** @returns the move that LMOVE and BLMOVE ask for, or an encoded error. */
function parseMove(argv: Argv): Move | string {
  const from = parseEnd(arg(argv, 3));
  const to = parseEnd(arg(argv, 4));
  if (from === undefined || to === undefined) return errors.SYNTAX_ERROR;
  return {
    source: arg(argv, 1),
    target: arg(argv, 2),
    from,
    to,
    effect: ["LMOVE", ...argv.slice(1, 5)],
  };
}

/** The move of RPOPLPUSH and BRPOPLPUSH. */
function popPush(argv: Argv): Move {
  const source = arg(argv, 1);
  const target = arg(argv, 2);
  return { source, target, from: "last", to: "first", effect: ["RPOPLPUSH", source, target] };
}

/** @returns the reply, or `undefined` when there is nothing to move. */
function move(context: CommandContext, { source, target, from, to, effect }: Move): string | undefined {
  const known = readList(context, source);
  if (known === undefined || typeof known === "string") return known;
  const reached = readList(context, target);
  if (typeof reached === "string") return reached;
  // On one list, which must not be dropped in between, it is a rotation.
  const element =
    source === target ? rotate(context, source, from, to) : shift(context, source, from, target, to);
  context.propagate(...effect);
  return bulk(element);
}

function shift(context: CommandContext, source: string, from: ListEnd, target: string, to: ListEnd): string {
  const list = changeList(context, source);
  const element = list.pop(from) ?? "";
  changeList(context, target).push(to, element);
  notifyMove(context, source, from, target, to);
  dropIfEmpty(context, source);
  return element;
}

function rotate(context: CommandContext, key: string, from: ListEnd, to: ListEnd): string {
  const list = changeList(context, key);
  const element = list.pop(from) ?? "";
  list.push(to, element);
  notifyMove(context, key, from, key, to);
  return element;
}

/** The push first, as in Redis. */
function notifyMove(
  context: CommandContext,
  source: string,
  from: ListEnd,
  target: string,
  to: ListEnd,
): void {
  context.notify(NOTIFY.list, to === "first" ? "lpush" : "rpush", target);
  context.notify(NOTIFY.list, from === "first" ? "lpop" : "rpop", source);
}

function lmove(context: CommandContext, argv: Argv): string {
  const asked = parseMove(argv);
  return typeof asked === "string" ? asked : (move(context, asked) ?? nil(context.version));
}

function rpoplpush(context: CommandContext, argv: Argv): string {
  return move(context, popPush(argv)) ?? nil(context.version);
}

function blmove(context: CommandContext, argv: Argv): string {
  const asked = parseMove(argv);
  return typeof asked === "string" ? asked : moveOrWait(context, asked, arg(argv, 5));
}

function brpoplpush(context: CommandContext, argv: Argv): string {
  return moveOrWait(context, popPush(argv), arg(argv, 3));
}

function moveOrWait(context: CommandContext, asked: Move, timeout: string): string {
  const timeoutMs = parseTimeoutSeconds(timeout);
  if (typeof timeoutMs === "string") return timeoutMs;
  const reply = move(context, asked);
  if (reply !== undefined) return reply;
  const { version } = context;
  if (!context.mayBlock) return nil(version);
  return context.block({
    kind: "keys",
    type: "list",
    keys: [asked.source],
    timeoutMs,
    timeoutReply: nilArray(version),
    serve: (later) => move(later, asked),
  });
}

const MOVES = { flags: ["write", "denyoom"], keys: TWO_KEYS, categories: ["list"] } as const;
const WAITS = {
  flags: ["write", "denyoom", "noscript", "blocking"],
  keys: TWO_KEYS,
  categories: ["list"],
} as const;

export const LIST_MOVE_COMMANDS: readonly CommandSpec[] = [
  { name: "lmove", arity: 5, ...MOVES, handler: lmove },
  { name: "rpoplpush", arity: 3, ...MOVES, handler: rpoplpush },
  { name: "blmove", arity: 6, ...WAITS, handler: blmove },
  { name: "brpoplpush", arity: 4, ...WAITS, handler: brpoplpush },
];
