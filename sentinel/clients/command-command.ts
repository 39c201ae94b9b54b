/** COMMAND: which commands there are, as far as redis-cli and client libraries look. Documents none of them. */
import { array, bulk, bulkArray, integer, map, nil, simple } from "../../src/protocol/resp/reply.ts";
import { fail, reply } from "./answer.ts";
import { type CommandSpec, container } from "./command-spec.ts";
import { INVALID_COMMAND } from "./error-texts.ts";

const FLAGS = ["loading", "stale", "sentinel"];

const HELP: readonly string[] = [
  "(no subcommand)",
  "    Return details about all commands.",
  "COUNT",
  "    Return the total number of commands in this sentinel.",
  "DOCS [<command-name> ...]",
  "    Return nothing: the commands are Redis's, and documented there.",
  "INFO [<command-name> ...]",
  "    Return details about multiple commands.",
  "LIST",
  "    Return a list of all commands.",
];

/** @param all the whole table, this command included; asked for only once it is complete. */
export function commandCommand(all: () => readonly CommandSpec[]): CommandSpec {
  const subcommands: CommandSpec[] = [
    { name: "command|count", arity: 2, flags: FLAGS, run: () => reply(integer(all().length)) },
    {
      name: "command|docs",
      arity: -2,
      flags: FLAGS,
      run: ({ session }) => reply(map([], session.protocol)),
    },
    {
      name: "command|info",
      arity: -2,
      flags: FLAGS,
      run: ({ argv, session }) => {
        const names = argv.length === 2 ? all().map(({ name }) => name) : argv.slice(2);
        const details = names.map((name) => {
          const spec = all().find((known) => known.name === name.toLowerCase());
          return spec === undefined ? nil(session.protocol) : describe(spec);
        });
        return reply(array(details));
      },
    },
    {
      name: "command|list",
      arity: 2,
      flags: FLAGS,
      run: () => reply(bulkArray(all().map(({ name }) => name))),
    },
    { name: "command|getkeys", arity: -3, flags: FLAGS, run: () => fail(INVALID_COMMAND) },
  ];
  return {
    ...container("command", subcommands, HELP),
    arity: -1,
    flags: FLAGS,
    run: () => reply(array(all().map((spec) => describe(spec)))),
  };
}

/** Name, arity, flags, keys (none: first, last, step), categories, tips, key specifications, subcommands. */
function describe(spec: CommandSpec): string {
  return array([
    bulk(spec.name),
    integer(spec.arity),
    array(spec.flags.map(simple)),
    integer(0),
    integer(0),
    integer(0),
    array([]),
    array([]),
    array([]),
    array((spec.subcommands ?? []).map(describe)),
  ]);
}
