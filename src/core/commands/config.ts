/** CONFIG. The node owns the parameters; here only patterns, pairs and error texts are dealt with. */
import { bulk, map, OK } from "../../protocol/resp/reply.ts";
import { matchesGlob } from "../glob.ts";
import { type Argv, arg, type CommandSpec, type Flag } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";

function get(context: CommandContext, argv: Argv): string {
  const { parameters } = context.host;
  const patterns = argv.slice(2).map((pattern) => pattern.toLowerCase());
  const found: [string, string][] = [];
  for (const name of parameters.names()) {
    if (!patterns.some((pattern) => matchesGlob(pattern, name))) continue;
    found.push([name, bulk(parameters.get(name) ?? "")]);
  }
  return map(found, context.version);
}

function set(context: CommandContext, argv: Argv): string {
  const { parameters } = context.host;
  if (argv.length % 2 !== 0) return errors.wrongArityReply("config|set");
  const changes = new Map<string, string>();
  for (let at = 2; at < argv.length; at += 2) {
    const name = arg(argv, at).toLowerCase();
    if (parameters.get(name) === undefined) return errors.unknownParameter(arg(argv, at));
    if (changes.has(name)) return errors.badParameter(name, "duplicate parameter");
    changes.set(name, arg(argv, at + 1));
  }
  const refused = parameters.set(changes);
  return refused === undefined ? OK : errors.badParameter(refused.name, refused.reason);
}

const HELP = helpReply("CONFIG", [
  ["GET <pattern> ...", "Parameters that match, with their values."],
  ["SET <name> <value> ...", "Change parameters, all or none."],
  ["RESETSTAT", "Reset the statistics of INFO."],
  ["REWRITE", "Not supported: the configuration file is not written by the server."],
]);

const ADMIN: readonly Flag[] = ["admin", "noscript", "loading", "stale"];

export const CONFIG_COMMANDS: readonly CommandSpec[] = [
  {
    name: "config",
    arity: -2,
    flags: [],
    subcommands: [
      { name: "get", arity: -3, flags: ADMIN, handler: get },
      { name: "set", arity: -4, flags: ADMIN, handler: set },
      {
        name: "resetstat",
        arity: 2,
        flags: ADMIN,
        handler: (context) => {
          context.host.resetStatistics();
          context.keyspace.evictedKeys = 0;
          return OK;
        },
      },
      { name: "rewrite", arity: 2, flags: ADMIN, handler: () => errors.NO_CONFIG_FILE },
      { name: "help", arity: 2, flags: ["loading", "stale"], handler: () => HELP },
    ],
  },
];
