#!/usr/bin/env node
/** Entry point of the `interrex` command. */
import { run } from "./program.ts";
import { processTerminal } from "./terminal.ts";

// A reader that has heard enough (`interrex status | head -1`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const exitCode = await run(process.argv.slice(2), processTerminal());
// An open handle must not keep a finished command alive; what was written goes out first.
process.stdout.write("", () => process.exit(exitCode));
