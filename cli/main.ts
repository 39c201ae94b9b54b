#!/usr/bin/env node
/** Entry point of the `interrex` command. */
import { run } from "./program.ts";
import { processTerminal } from "./terminal.ts";

// A reader that has heard enough (`interrex status | head -1`) is no error, nor is a terminal that is gone: what was started must still be ended.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
}

const exitCode = await run(process.argv.slice(2), processTerminal());
// An open handle must not keep a finished command alive; what was written goes out first.
process.stdout.write("", () => process.exit(exitCode));
