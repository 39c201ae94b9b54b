/** SLOWLOG and MONITOR: what clients may see of what others do. */
import { array, bulk, bulkArray, integer, OK } from "../../protocol/resp/reply.ts";
import { type Argv, arg, type CommandSpec, type Flag } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { parseInteger } from "./numbers.ts";

const DEFAULT_COUNT = 10;

function slowlogGet(context: CommandContext, argv: Argv): string {
  if (argv.length > 3) return errors.wrongArityReply("slowlog|get");
  const count = argv.length === 3 ? parseInteger(arg(argv, 2)) : DEFAULT_COUNT;
  if (count === undefined || count < -1) return errors.SLOWLOG_COUNT;
  const entries = context.slowlog.latest(Number(count));
  return array(
    entries.map((entry) =>
      array([
        integer(entry.id),
        integer(entry.atSec),
        integer(entry.durationUs),
        bulkArray(entry.argv),
        bulk(entry.address),
        bulk(entry.name),
      ]),
    ),
  );
}

function slowlogReset(context: CommandContext): string {
  context.slowlog.clear();
  return OK;
}

/** A client in MONITOR that says so again gets no reply, as in Redis. */
function monitor(context: CommandContext): string {
  const { session, registry } = context;
  if (!context.mayBlock) return errors.MONITOR_IN_MULTI;
  if (registry.monitors.has(session)) return "";
  registry.monitors.add(session);
  return OK;
}

const HELP = helpReply("SLOWLOG", [
  ["GET [<count>]", "The latest slow commands, 10 unless told otherwise, -1 for all."],
  ["LEN", "How many are kept."],
  ["RESET", "Forget them."],
]);

const ADMIN: readonly Flag[] = ["admin", "loading", "stale"];

export const WATCHING_COMMANDS: readonly CommandSpec[] = [
  {
    name: "slowlog",
    arity: -2,
    flags: [],
    subcommands: [
      { name: "get", arity: -2, flags: ADMIN, handler: slowlogGet },
      { name: "len", arity: 2, flags: ADMIN, handler: (context) => integer(context.slowlog.size) },
      { name: "reset", arity: 2, flags: ADMIN, handler: slowlogReset },
      { name: "help", arity: 2, flags: ["loading", "stale"], handler: () => HELP },
    ],
  },
  { name: "monitor", arity: 1, flags: ["admin", "noscript", "loading", "stale"], handler: monitor },
];
