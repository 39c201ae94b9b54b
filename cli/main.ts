#!/usr/bin/env node
/**
 * Entry point of the `interrex` command. Nothing else is loaded before the signals are heard; a machine that can't even load it
 * is told so.
 */
import { endByDefault } from "./default-end.ts";
import { loadErrorText } from "./load-error.ts";

endByDefault();
try {
  const { runCommand } = await import("./run-command.ts");
  await runCommand(process.argv.slice(2));
} catch (error) {
  const text = loadErrorText(error);
  if (text === undefined) throw error;
  process.stderr.write(text);
  process.exitCode = 2;
}
