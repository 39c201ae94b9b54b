/** DEBUG, as far as tests need it: a stall, state hashes, a round trip of all data, the background expiry, one key. */
import { array, OK, simple } from "../../protocol/resp/reply.ts";
import { DIGEST_BYTES } from "../keyspace/digest.ts";
import { valueDigest } from "../keyspace/value.ts";
import { type Argv, arg, type CommandSpec } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { debugProtocol } from "./debug-protocol.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { encodingOf, referencesTo } from "./object.ts";

const MEMORY_SIZE = /^\d*([kmg]?b|[kmg])?$/i;

const HELP = helpReply("DEBUG", [
  ["DIGEST", "Hash of all databases; equal states have equal hashes."],
  ["DIGEST-VALUE <key> ...", "Hash of each key's value; zeros for a key that is not there."],
  ["LOADAOF", "As RELOAD: snapshots and the log are written alike."],
  ["OBJECT <key>", "How the key is stored."],
  ["PROTOCOL <kind>", "A reply of that kind."],
  [
    "QUICKLIST-PACKED-THRESHOLD <size>",
    "Taken and of no effect: lists keep long elements as they keep short ones.",
  ],
  ["RELOAD", "Write a snapshot of all data in memory, and read it back, while nobody is served."],
  ["SET-ACTIVE-EXPIRE (0|1)", "Turn the deletion of expired keys in the background off or on."],
  ["SET-DISABLE-DENY-SCRIPTS (0|1)", "Whether scripts may call DEBUG."],
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
    case "PROTOCOL 1":
      return debugProtocol(arg(argv, 2).toLowerCase(), context.version);
    case "QUICKLIST-PACKED-THRESHOLD 1":
      return MEMORY_SIZE.test(arg(argv, 2)) ? OK : errors.BAD_PACKED_THRESHOLD;
    case "SET-DISABLE-DENY-SCRIPTS 1":
      context.scripts.mayDebug = arg(argv, 2) !== "0";
      return OK;
    case "LOADAOF 0":
    case "RELOAD 0":
      // A snapshot under way shares the entries that would go.
      if (context.keyspace.snapshot !== null) return errors.SNAPSHOT_UNDER_WAY;
      context.reload();
      return OK;
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
      if (subcommand.toUpperCase() === "DIGEST-VALUE") return digestValues(context, argv.slice(2));
      return errors.badSubcommand("DEBUG", subcommand);
  }
}

function digestValues(context: CommandContext, keys: Argv): string {
  const digests = keys.map((key) => {
    const entry = context.db.peek(key);
    return simple(entry === undefined ? NO_DIGEST : valueDigest(entry.value).toString("hex"));
  });
  return array(digests);
}

function describeObject(context: CommandContext, key: string): string {
  const entry = context.db.entryAt(key);
  if (entry === undefined) return errors.NO_SUCH_KEY;
  const { value } = entry;
  const size = typeof value === "string" ? value.length : value.size;
  const idleSec = Math.max(0, context.keyspace.nowSec - entry.usedSec);
  return simple(
    `Value at:0x0 refcount:${referencesTo(context.db, key, entry)} encoding:${encodingOf(context.db, key, entry)} serializedlength:${size} lru:0 lru_seconds_idle:${idleSec}`,
  );
}

const NO_DIGEST = "0".repeat(2 * DIGEST_BYTES);

export const DEBUG_COMMANDS: readonly CommandSpec[] = [
  { name: "debug", arity: -2, flags: ["admin", "noscript", "loading", "stale"], handler: debug },
];
