/** DEBUG, as far as tests need it: a stall, the state hash, the background expiry, a look at one key. */
import { OK, simple } from "../../protocol/resp/reply.ts";
import { type Argv, arg, type CommandSpec } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { encodingOf } from "./object.ts";

const HELP = helpReply("DEBUG", [
  ["DIGEST", "Hash of all databases; equal states have equal hashes."],
  ["OBJECT <key>", "How the key is stored."],
  ["SET-ACTIVE-EXPIRE (0|1)", "Turn the deletion of expired keys in the background off or on."],
  ["SLEEP <seconds>", "Stall the server."],
]);

function debug(context: CommandContext, argv: Argv): string {
  const subcommand = arg(argv, 1);
  switch (`${subcommand.toUpperCase()} ${argv.length - 2}`) {
    case "HELP 0":
      return HELP;
    case "DIGEST 0":
      context.keyspace.sawEverything();
      return simple(context.keyspace.digest());
    case "OBJECT 1":
      return describeObject(context, arg(argv, 2));
    case "SET-ACTIVE-EXPIRE 1":
      context.keyspace.activeExpire = arg(argv, 2) !== "0";
      return OK;
    case "SLEEP 1": {
      // As C's strtod: what is no number counts as none.
      const seconds = Number.parseFloat(arg(argv, 2));
      context.host.stall(Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : 0);
      return OK;
    }
    default:
      return errors.badSubcommand("DEBUG", subcommand);
  }
}

function describeObject(context: CommandContext, key: string): string {
  const entry = context.db.peek(key);
  if (entry === undefined) return errors.NO_SUCH_KEY;
  const { value } = entry;
  const size = typeof value === "string" ? value.length : value.size;
  const idleSec = Math.max(0, context.keyspace.nowSec - entry.usedSec);
  return simple(
    `Value at:0x0 refcount:1 encoding:${encodingOf(value)} serializedlength:${size} lru:0 lru_seconds_idle:${idleSec}`,
  );
}

export const DEBUG_COMMANDS: readonly CommandSpec[] = [
  { name: "debug", arity: -2, flags: ["admin", "noscript", "loading", "stale"], handler: debug },
];
