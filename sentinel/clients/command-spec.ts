/** The shape of one client command: what is checked before it runs, and what runs. */
import { array, simple } from "../../src/protocol/resp/reply.ts";
import type { Answer, CommandContext } from "./answer.ts";
import { fail, reply } from "./answer.ts";
import { wrongArity } from "./error-texts.ts";

export interface CommandSpec {
  /** Lower case; of a subcommand, with its container: `sentinel|master`. */
  readonly name: string;
  /** As Redis counts: words, the command's own included; negative for "at least". */
  readonly arity: number;
  /** Redis's flags, for COMMAND. */
  readonly flags: readonly string[];
  /** May run before AUTH. */
  readonly beforeAuth?: boolean;
  /** May run while a RESP2 client is subscribed. */
  readonly whileSubscribed?: boolean;
  /** The groups whose master the answer tells; it is held while one of them is changing hands. */
  readonly tellsMasterOf?: (context: CommandContext) => readonly string[];
  readonly subcommands?: readonly CommandSpec[];
  /** Redis Sentinel's and not ours, and why: it is refused with these words, and told to nobody who asks what there is. */
  readonly leftOut?: string;
  run(context: CommandContext): Answer;
}

export function arityFits(spec: CommandSpec, words: number): boolean {
  return spec.arity >= 0 ? words === spec.arity : words >= -spec.arity;
}

/** One of Redis Sentinel's that is refused with the reason. @param arity Redis's, checked first. */
export function leftOut(name: string, arity: number, why: string): CommandSpec {
  const given = name.toUpperCase().replace("|", " ");
  return { name, arity, flags: [], leftOut: why, run: () => fail(`ERR ${given} is not supported: ${why}`) };
}

/** A command that is nothing without a subcommand; it gets HELP of its own. */
export function container(
  name: string,
  subcommands: readonly CommandSpec[],
  help: readonly string[],
  flags: readonly string[] = [],
): CommandSpec {
  const helpSpec: CommandSpec = {
    name: `${name}|help`,
    arity: 2,
    flags: ["loading", "stale"],
    run: () => reply(helpText(name, help)),
  };
  return {
    name,
    arity: -2,
    flags,
    subcommands: [...subcommands, helpSpec],
    run: () => fail(wrongArity(name)),
  };
}

function helpText(name: string, help: readonly string[]): string {
  const lines = [
    `${name.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...help,
    "HELP",
    "    Prints this help.",
  ];
  return array(lines.map(simple));
}

/** Each command followed by its subcommands. */
export function withSubcommands(commands: readonly CommandSpec[]): CommandSpec[] {
  return commands.flatMap((spec) => [spec, ...(spec.subcommands ?? [])]);
}
