/** COMMAND: which commands there are, as far as redis-cli and client libraries look. Documents none of them: redis-cli has its own help then. */
import {
  array,
  bulk,
  bulkArray,
  integer,
  nil,
  type RespVersion,
  setHeader,
  simple,
} from "../../src/protocol/resp/reply.ts";
import { type Answer, fail, reply } from "./answer.ts";
import { type CommandSpec, container, withSubcommands } from "./command-spec.ts";
import { INVALID_COMMAND, SYNTAX_ERROR } from "./error-texts.ts";
import { globMatches } from "./glob.ts";

const FLAGS = ["loading", "stale"];

const HELP: readonly string[] = [
  "(no subcommand)",
  "    Return details about all commands.",
  "COUNT",
  "    Return the total number of commands in this sentinel.",
  "INFO [<command-name> ...]",
  "    Return details about multiple commands.",
  "LIST [FILTERBY (MODULE <name> | ACLCAT <category> | PATTERN <pattern>)]",
  "    Return a list of all commands.",
];

/** @param all the whole table, this command included; asked for only once it is complete. */
export function commandCommand(all: () => readonly CommandSpec[]): CommandSpec {
  const there = (): CommandSpec[] => withSubcommands(all()).filter(({ leftOut }) => leftOut === undefined);
  const subcommands: CommandSpec[] = [
    { name: "command|count", arity: 2, flags: FLAGS, run: () => reply(integer(all().length)) },
    {
      name: "command|info",
      arity: -2,
      flags: FLAGS,
      run: ({ argv, session }) => {
        if (argv.length === 2) return reply(describeAll(all(), session.protocol));
        const details = argv.slice(2).map((name) => {
          const spec = there().find((known) => known.name === name.toLowerCase());
          return spec === undefined ? nil(session.protocol) : describe(spec, session.protocol);
        });
        return reply(array(details));
      },
    },
    { name: "command|list", arity: -2, flags: FLAGS, run: ({ argv }) => list(argv, there()) },
    { name: "command|getkeys", arity: -4, flags: FLAGS, run: () => fail(INVALID_COMMAND) },
    { name: "command|getkeysandflags", arity: -4, flags: FLAGS, run: () => fail(INVALID_COMMAND) },
  ];
  return {
    ...container("command", subcommands, HELP, FLAGS),
    arity: -1,
    run: ({ session }) => reply(describeAll(all(), session.protocol)),
  };
}

function list(argv: readonly string[], commands: readonly CommandSpec[]): Answer {
  const names = commands.map(({ name }) => name);
  if (argv.length === 2) return reply(bulkArray(names));
  const [, , word = "", by = "", value = ""] = argv;
  if (argv.length !== 5 || word.toLowerCase() !== "filterby") return fail(SYNTAX_ERROR);
  switch (by.toLowerCase()) {
    case "pattern":
      return reply(bulkArray(names.filter((name) => globMatches(value.toLowerCase(), name))));
    case "aclcat":
    case "module":
      // There are neither.
      return reply(bulkArray([]));
    default:
      return fail(SYNTAX_ERROR);
  }
}

function describeAll(commands: readonly CommandSpec[], version: RespVersion): string {
  return array(commands.map((spec) => describe(spec, version)));
}

/** Name, arity, flags, keys (none: first, last, step), categories, tips, key specifications, subcommands. */
function describe({ name, arity, flags, subcommands = [] }: CommandSpec, version: RespVersion): string {
  const told = subcommands.filter(({ leftOut }) => leftOut === undefined);
  const none = setHeader(0, version);
  return array([
    bulk(name),
    integer(arity),
    setHeader(flags.length, version) + flags.map(simple).join(""),
    integer(0),
    integer(0),
    integer(0),
    none,
    none,
    none,
    // As in Redis a set only while it is empty.
    told.length === 0 ? none : describeAll(told, version),
  ]);
}
