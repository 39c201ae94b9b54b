/** How a process that serves says what kind of end it had. */
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startBuilt } from "./built-command.ts";

const SCRIPT = join(import.meta.dirname, "stopping-badly.mjs");

it.each([
  ["cleanly", 0, ""],
  ["failing meanwhile", 1, "interrex: Stopped: EIO: an append\n"],
  ["with an error", 1, "interrex: Stopped: EIO: the last sync\n"],
])("one that is told to stop, and stops %s, exits with %i", async (way, code, said) => {
  const command = startBuilt([way], import.meta.dirname, SCRIPT);
  onTestFinished(() => void command.process.kill("SIGKILL"));
  expect(await command.firstLine).toBe("ready");
  command.process.kill("SIGTERM");
  expect(await command.exited).toEqual({ code, signal: null });
  expect(command.stderr).toBe(said);
});
