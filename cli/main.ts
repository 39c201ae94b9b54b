#!/usr/bin/env node
/** Entry point of the `interrex` command. */
import { outliveLostOutput } from "./lost-output.ts";
import { run } from "./program.ts";
import { processTerminal } from "./terminal.ts";

outliveLostOutput();
const exitCode = await run(process.argv.slice(2), processTerminal());
// An open handle must not keep a finished command alive; what was written goes out first.
process.stdout.write("", () => process.exit(exitCode));
