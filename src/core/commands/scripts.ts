/** EVAL and SCRIPT: which script, which keys, may it run. The script engine does the rest. */
import { array, bulk, OK, ONE, ZERO } from "../../protocol/resp/reply.ts";
import type { Script } from "../scripting/script-cache.ts";
import { type Argv, arg, type CommandSpec, FLAGS, type Flag } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { parseInteger } from "./numbers.ts";

const SHA_LENGTH = 40;

interface Kind {
  readonly bySha: boolean;
  readonly readOnly: boolean;
}

function evaluate({ bySha, readOnly }: Kind) {
  return (context: CommandContext, argv: Argv): string => {
    // Before the commands that it calls.
    context.showMonitors("eval", argv);
    if (bySha && arg(argv, 1).length !== SHA_LENGTH) return errors.NO_SCRIPT;
    const keyCount = parseInteger(arg(argv, 2));
    if (keyCount === undefined) return errors.NOT_AN_INTEGER;
    if (keyCount > argv.length - 3) return errors.TOO_MANY_SCRIPT_KEYS;
    if (keyCount < 0) return errors.NEGATIVE_SCRIPT_KEYS;
    const script = bySha
      ? (context.scripts.find(arg(argv, 1)) ?? errors.NO_SCRIPT)
      : context.scripts.load(arg(argv, 1));
    if (typeof script === "string") return script;
    const refusal = refuse(context, argv, script, readOnly);
    if (refusal !== undefined) return refusal;
    // Nobody knows what it will look at.
    if (keyCount === 0) context.keyspace.sawEverything();
    const keysEnd = 3 + Number(keyCount);
    return context.scripts.run(script, argv.slice(3, keysEnd), argv.slice(keysEnd), readOnly);
  };
}

/** A script that says by its first line that it writes is refused as a whole where it could not. */
function refuse(context: CommandContext, argv: Argv, script: Script, readOnly: boolean): string | undefined {
  if (script.flags === undefined || script.flags.has("no-writes")) return undefined;
  if (readOnly) return errors.SCRIPT_WRITES_IN_RO;
  const command = context.table.find(arg(argv, 0));
  if (command === undefined) return undefined;
  const denied = script.flags.has("allow-oom") ? FLAGS.write : FLAGS.write | FLAGS.denyoom;
  const refusal = context.host.refuse(command, context.session, argv, command.gateFlags | denied);
  if (refusal === undefined) return undefined;
  return refusal === errors.READONLY ? errors.SCRIPT_WRITES_ON_REPLICA : errors.refused(refusal);
}

function load(context: CommandContext, argv: Argv): string {
  const script = context.scripts.load(arg(argv, 2), true);
  return typeof script === "string" ? script : bulk(script.sha);
}

function exists(context: CommandContext, argv: Argv): string {
  return array(argv.slice(2).map((sha) => (context.scripts.find(sha) === undefined ? ZERO : ONE)));
}

function flush(context: CommandContext, argv: Argv): string {
  const option = argv[2]?.toUpperCase();
  if (argv.length > 3 || (option !== undefined && option !== "SYNC" && option !== "ASYNC")) {
    return errors.SCRIPT_FLUSH_OPTION;
  }
  context.scripts.flush();
  return OK;
}

function debug(_context: CommandContext, argv: Argv): string {
  switch (arg(argv, 2).toUpperCase()) {
    case "NO":
      return OK;
    case "YES":
    case "SYNC":
      return errors.NO_SCRIPT_DEBUGGER;
    default:
      return errors.SCRIPT_DEBUG_OPTION;
  }
}

function scriptKeys(argv: Argv): string[] {
  const count = Number(argv[2]);
  const isSound = Number.isInteger(count) && count > 0 && count <= argv.length - 3;
  return isSound ? argv.slice(3, 3 + count) : [];
}

const HELP = helpReply("SCRIPT", [
  ["DEBUG NO", "There is no debugger."],
  ["EXISTS <sha1> [<sha1> ...]", "Whether scripts are in the cache."],
  ["FLUSH [ASYNC|SYNC]", "Empty the cache of scripts."],
  ["KILL", "End the script that runs: there is none, as nobody is served while one runs."],
  ["LOAD <script>", "Put a script into the cache without running it."],
]);

const EVAL_FLAGS: readonly Flag[] = ["noscript", "stale", "skip_monitor", "no_mandatory_keys", "movablekeys"];
const CATEGORIES = ["scripting"];

function evalCommand(name: string, kind: Kind): CommandSpec {
  return {
    name,
    arity: -3,
    flags: kind.readOnly ? ["readonly", ...EVAL_FLAGS] : ["may_replicate", ...EVAL_FLAGS],
    keys: scriptKeys,
    onlyReads: (context, argv) => context.scripts.saysItOnlyReads(argv[1] ?? "", kind.bySha),
    categories: CATEGORIES,
    looksAtData: true,
    handler: evaluate(kind),
  };
}

function subcommand(name: string, arity: number, flags: readonly Flag[], handler: CommandSpec["handler"]) {
  return { name, arity, flags, categories: CATEGORIES, ...(handler && { handler }) };
}

export const SCRIPT_COMMANDS: readonly CommandSpec[] = [
  evalCommand("eval", { bySha: false, readOnly: false }),
  evalCommand("evalsha", { bySha: true, readOnly: false }),
  evalCommand("eval_ro", { bySha: false, readOnly: true }),
  evalCommand("evalsha_ro", { bySha: true, readOnly: true }),
  {
    name: "script",
    arity: -2,
    flags: [],
    subcommands: [
      subcommand("debug", 3, ["noscript"], debug),
      subcommand("exists", -3, ["noscript"], exists),
      subcommand("flush", -2, ["noscript"], flush),
      subcommand("help", 2, ["loading", "stale"], () => HELP),
      subcommand("kill", 2, ["noscript", "allow_busy"], () => errors.NO_SCRIPT_RUNS),
      subcommand("load", 3, ["noscript", "stale"], load),
    ],
  },
];
