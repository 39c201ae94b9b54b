/** The `interrex` command: runs what the command line says, and ends the process. */
import { EXIT_FAILED } from "./exit.ts";
import { outliveLostOutput } from "./lost-output.ts";
import { run } from "./program.ts";
import { processTerminal } from "./terminal.ts";

export async function runCommand(args: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  let lost = false;
  outliveLostOutput((error) => {
    if (!lost) terminal.err(`interrex: The answer can't be written to standard output: ${error.message}\n`);
    lost = true;
    // What serves is stopped in order: nobody has learnt where, or even that, it does.
    process.emit("SIGTERM", "SIGTERM");
  });
  const exitCode = await run(args, terminal);
  // An open handle must not keep a finished command alive; what was written goes out first, and what could not be is told a turn later.
  process.stdout.write("", () => setImmediate(() => process.exit(lost ? EXIT_FAILED : exitCode)));
}
