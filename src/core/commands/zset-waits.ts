/** BZPOPMIN, BZPOPMAX and BZMPOP: pops that wait until one of their sorted sets has something. */
import { arrayHeader, bulk, double, nilArray } from "../../protocol/resp/reply.ts";
import { type Argv, arg, type CommandSpec, type Handler } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { numberedKeys } from "./numbered-keys.ts";
import { parseTimeoutSeconds } from "./timeouts.ts";
import { type PopQuery, parsePopQuery, popFirst, type ZsetEnd } from "./zset-pops.ts";

/** Pops now, or has the client wait until that is possible. */
function popOrWait(context: CommandContext, query: PopQuery, timeout: string): string {
  const timeoutMs = parseTimeoutSeconds(timeout);
  if (typeof timeoutMs === "string") return timeoutMs;
  const reply = popFirst(context, query);
  if (reply !== undefined) return reply;
  const timeoutReply = nilArray(context.version);
  if (!context.mayBlock) return timeoutReply;
  const { keys } = query;
  return context.block({
    kind: "keys",
    type: "zset",
    keys,
    timeoutMs,
    timeoutReply,
    // Of several keys, the one that was added to first.
    serve: (later, key) => popFirst(later, { ...query, keys: [key] }),
  });
}

function popWith(end: ZsetEnd): Handler {
  return (context, argv) => {
    const query: PopQuery = { keys: argv.slice(1, -1), end, count: 1, reply: flatReply };
    return popOrWait(context, query, arg(argv, argv.length - 1));
  };
}

/** The key, the member and its score in one row. */
const flatReply: PopQuery["reply"] = (context, key, popped) => {
  let reply = arrayHeader(1 + popped.length * 2) + bulk(key);
  for (const { member, score } of popped) reply += bulk(member) + double(score, context.version);
  return reply;
};

function bzmpop(context: CommandContext, argv: Argv): string {
  const query = parsePopQuery(argv, 2);
  return typeof query === "string" ? query : popOrWait(context, query, arg(argv, 1));
}

const WAITS = {
  arity: -3,
  flags: ["write", "noscript", "blocking", "fast"],
  keys: { first: 1, last: -2, step: 1 },
  categories: ["sortedset"],
} as const;

export const ZSET_WAIT_COMMANDS: readonly CommandSpec[] = [
  { name: "bzpopmin", ...WAITS, handler: popWith("min") },
  { name: "bzpopmax", ...WAITS, handler: popWith("max") },
  {
    name: "bzmpop",
    arity: -5,
    flags: ["write", "blocking", "movablekeys"],
    keys: numberedKeys(2),
    categories: ["sortedset"],
    handler: bzmpop,
  },
];
