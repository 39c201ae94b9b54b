/** Runs a command line of `interrex`, and decides how a wrong one is answered. Does none of the work itself. */
import { createRequire } from "node:module";
import { Command } from "commander";
import { COMMANDS } from "./commands.ts";
import { errorText, exitCodeOf, oneLine } from "./exit.ts";
import { forgetEmptyPassword } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

const HELP_WIDTH = 100;

/**
 * Runs one command line to its end.
 *
 * @param args without `node` and the script.
 * @returns the exit code: 0, 1 (failed) or 2 (bad flag, bad file, port in use).
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const program = await buildProgram(args, terminal);
    await program.parseAsync(unknownAlone(args), { from: "user" });
    return 0;
  } catch (error) {
    const text = errorText(error);
    if (text !== undefined) terminal.err(text);
    return exitCodeOf(error);
  }
}

/** Asked for the help of an unknown command, commander prints that of all of them: without the asking it says what is wrong. */
function unknownAlone(args: readonly string[]): readonly string[] {
  const name = args[0] === "help" ? args[1] : args[0];
  if (name === undefined || name.startsWith("-") || name === "help") return args;
  return COMMANDS.some((command) => command.name === name) ? args : [name];
}

async function buildProgram(args: readonly string[], terminal: Terminal): Promise<Command> {
  const program = new Command("interrex")
    .description("A Redis-compatible key-value store that stays available.")
    .version(ownVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .showSuggestionAfterError()
    .hook("preAction", (_, command) => forgetEmptyPassword(command))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: (text, write) => write(`interrex: ${oneLine(text.replace(/^error: /, ""))}\n`),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    });
  // Help and suggestions need them all.
  const asked = COMMANDS.filter(({ name }) => name === args[0]);
  for (const { group, load } of asked.length > 0 ? asked : COMMANDS) {
    program.commandsGroup(group);
    (await load())(program, terminal);
  }
  return program;
}

function ownVersion(): string {
  // By our own name: the path differs between the sources and dist.
  const manifest = createRequire(import.meta.url)("interrex/package.json") as { version: string };
  return manifest.version;
}
