/** Commands that concern whole databases. */
import { integer, OK } from "../../protocol/resp/reply.ts";
import { DATABASES } from "../keyspace/keyspace.ts";
import { type Argv, arg, type CommandSpec } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseDatabase } from "./keys.ts";
import { isInt32, parseInteger } from "./numbers.ts";

function select(context: CommandContext, argv: Argv): string {
  const index = parseDatabase(arg(argv, 1));
  if (typeof index === "string") return index;
  context.session.db = index;
  context.db = context.keyspace.database(index);
  return OK;
}

function dbsize(context: CommandContext): string {
  context.keyspace.sawEverything();
  return integer(context.db.size);
}

/** ASYNC and SYNC are the same here: the old keys are left to the garbage collector. */
function hasFlushOption(argv: Argv): boolean {
  if (argv.length === 1) return true;
  const option = arg(argv, 1).toUpperCase();
  return argv.length === 2 && (option === "ASYNC" || option === "SYNC");
}

function flushdb(context: CommandContext, argv: Argv): string {
  if (!hasFlushOption(argv)) return errors.SYNTAX_ERROR;
  context.keyspace.sawEverything();
  if (context.db.flush()) context.propagate("FLUSHDB");
  return OK;
}

function flushall(context: CommandContext, argv: Argv): string {
  if (!hasFlushOption(argv)) return errors.SYNTAX_ERROR;
  context.keyspace.sawEverything();
  let any = false;
  for (const database of context.keyspace.databases) any = database.flush() || any;
  if (any) context.propagate("FLUSHALL");
  return OK;
}

function swapdb(context: CommandContext, argv: Argv): string {
  const first = parseInteger(arg(argv, 1));
  if (first === undefined || !isInt32(first)) return errors.INVALID_FIRST_DB;
  const second = parseInteger(arg(argv, 2));
  if (second === undefined || !isInt32(second)) return errors.INVALID_SECOND_DB;
  if (!isDatabase(first) || !isDatabase(second)) return errors.DB_OUT_OF_RANGE;
  if (first === second) return OK;
  context.keyspace.sawEverything();
  context.propagateAsIs();
  context.keyspace.swap(first, second);
  return OK;
}

function isDatabase(index: number | bigint): index is number {
  return index >= 0 && index < DATABASES;
}

const DANGEROUS = ["keyspace", "dangerous"];

export const DATABASE_COMMANDS: readonly CommandSpec[] = [
  {
    name: "select",
    arity: 2,
    flags: ["loading", "stale", "fast"],
    categories: ["connection"],
    handler: select,
  },
  { name: "dbsize", arity: 1, flags: ["readonly", "fast"], categories: ["keyspace"], handler: dbsize },
  { name: "flushdb", arity: -1, flags: ["write"], categories: DANGEROUS, handler: flushdb },
  { name: "flushall", arity: -1, flags: ["write"], categories: DANGEROUS, handler: flushall },
  { name: "swapdb", arity: 3, flags: ["write", "fast"], categories: DANGEROUS, handler: swapdb },
];
