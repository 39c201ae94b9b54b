/** COMMAND: the table of commands, described in Redis 7.0's shape. Key specifications and tips are left empty. */
import {
  array,
  bulk,
  bulkArray,
  EMPTY_ARRAY,
  integer,
  map,
  nil,
  type RespVersion,
  setHeader,
  simple,
} from "../../protocol/resp/reply.ts";
import { withSubcommands } from "../command-statistics.ts";
import { matchesGlob } from "../glob.ts";
import { type Argv, arg, type Command, type CommandSpec, type Flag } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { keyAccess } from "./key-access.ts";

/** ACL categories: those that follow from the flags, and the command's own. */
function categoriesOf(command: Command): string[] {
  const categories = new Set(command.spec.categories ?? []);
  if (command.has("write")) categories.add("write");
  if (command.has("readonly") && !categories.has("scripting")) categories.add("read");
  if (command.has("admin")) categories.add("admin").add("dangerous");
  if (command.has("pubsub")) categories.add("pubsub");
  if (command.has("blocking")) categories.add("blocking");
  categories.add(command.has("fast") ? "fast" : "slow");
  return [...categories];
}

function describe(command: Command, version: RespVersion): string {
  const keys = command.spec.keys;
  const range = keys === undefined || typeof keys === "function" ? { first: 0, last: 0, step: 0 } : keys;
  const statuses = (names: readonly string[]): string =>
    setHeader(names.length, version) + names.map(simple).join("");
  const subcommands = [...(command.subcommands?.values() ?? [])];
  const none = setHeader(0, version);
  return array([
    bulk(command.fullName),
    integer(command.arity),
    statuses(command.spec.flags.filter((flag) => flag !== "may_replicate")),
    integer(range.first),
    integer(range.last),
    integer(range.step),
    statuses(categoriesOf(command).map((category) => `@${category}`)),
    none,
    none,
    // As in Redis a set only while it is empty.
    subcommands.length === 0 ? none : array(subcommands.map((subcommand) => describe(subcommand, version))),
  ]);
}

function all(context: CommandContext): string {
  return array(context.table.commands.map((command) => describe(command, context.version)));
}

function info(context: CommandContext, argv: Argv): string {
  if (argv.length === 2) return all(context);
  const described = argv.slice(2).map((name) => {
    const command = context.table.findByFullName(name);
    return command === undefined ? nil(context.version) : describe(command, context.version);
  });
  return array(described);
}

function docs(context: CommandContext, argv: Argv): string {
  const { table, version } = context;
  if (argv.length === 2) return errors.DOCS_OF_ALL;
  const entries: [string, string][] = [];
  for (const name of argv.slice(2)) {
    const command = table.findByFullName(name);
    if (command === undefined) continue;
    const group = command.spec.categories?.[0] ?? (command.has("pubsub") ? "pubsub" : "server");
    entries.push([command.fullName, map([["group", bulk(group)]], version)]);
  }
  return map(entries, version);
}

function list(context: CommandContext, argv: Argv): string {
  const names = (commands: readonly Command[]): string => bulkArray(commands.map(({ fullName }) => fullName));
  const commands = [...withSubcommands(context.table.commands)];
  if (argv.length === 2) return names(commands);
  if (argv.length !== 5 || arg(argv, 2).toUpperCase() !== "FILTERBY") return errors.SYNTAX_ERROR;
  const value = arg(argv, 4);
  switch (arg(argv, 3).toUpperCase()) {
    case "MODULE":
      return EMPTY_ARRAY;
    case "ACLCAT":
      return names(commands.filter((command) => categoriesOf(command).includes(value.toLowerCase())));
    case "PATTERN":
      return names(commands.filter((command) => matchesGlob(value.toLowerCase(), command.fullName)));
    default:
      return errors.SYNTAX_ERROR;
  }
}

/** @param encode one key of the command, the `at`-th. */
function getkeysWith(encode: (context: CommandContext, command: Command, key: string, at: number) => string) {
  return (context: CommandContext, argv: Argv): string => {
    const inner = argv.slice(2);
    const container = context.table.find(arg(inner, 0));
    const command =
      container?.subcommands === undefined || inner.length === 1
        ? container
        : container.subcommands.get(arg(inner, 1).toLowerCase());
    if (command === undefined) return errors.BAD_COMMAND;
    if (command.spec.keys === undefined) return errors.NO_KEY_ARGUMENTS;
    if (!command.accepts(inner.length)) return errors.BAD_ARGUMENT_COUNT;
    const keys = command.keysOf(inner);
    if (keys.length === 0 && !command.has("no_mandatory_keys")) return errors.BAD_ARGUMENTS;
    context.argv = inner;
    return array(keys.map((key, at) => encode(context, command, key, at)));
  };
}

const getkeys = getkeysWith((_context, _command, key) => bulk(key));

const getkeysandflags = getkeysWith(({ argv, version }, command, key, at) => {
  const access = keyAccess(command.fullName, argv, at);
  return array([bulk(key), setHeader(access.length, version) + access.map(simple).join("")]);
});

const HELP = helpReply("COMMAND", [
  ["(no subcommand)", "Describe all commands."],
  ["COUNT", "Number of commands."],
  ["DOCS <command> [<command> ...]", "The groups of commands."],
  ["GETKEYS <command> [<arg> ...]", "The keys among a command's arguments."],
  ["GETKEYSANDFLAGS <command> [<arg> ...]", "The keys, and what the command does with each."],
  ["INFO [<command> ...]", "Describe some commands."],
  ["LIST [FILTERBY (MODULE|ACLCAT|PATTERN) <value>]", "Names of commands."],
]);

const FLAGS: readonly Flag[] = ["loading", "stale"];
const SHARED = { flags: FLAGS, categories: ["connection"] } as const;

export const INTROSPECTION_COMMANDS: readonly CommandSpec[] = [
  {
    name: "command",
    arity: -1,
    ...SHARED,
    handler: all,
    subcommands: [
      {
        name: "count",
        arity: 2,
        ...SHARED,
        handler: (context) => integer(context.table.commands.length),
      },
      { name: "info", arity: -2, ...SHARED, handler: info },
      { name: "docs", arity: -2, ...SHARED, handler: docs },
      { name: "list", arity: -2, ...SHARED, handler: list },
      { name: "getkeys", arity: -4, ...SHARED, handler: getkeys },
      { name: "getkeysandflags", arity: -4, ...SHARED, handler: getkeysandflags },
      { name: "help", arity: 2, ...SHARED, handler: () => HELP },
    ],
  },
];
