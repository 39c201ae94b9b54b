/**
 * How a command ends: 0 done, 1 an operation failed, 2 a bad flag or file or a port in use, above 128 told to stop before it was
 * done; an error is one line on stderr that says what and what to do. Our own mistakes show their stack instead.
 */
import { constants } from "node:os";
import { CommanderError } from "commander";
import { InterrexError } from "../src/base/errors.ts";

export const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Of an exit by a signal, as shells have it. */
const EXIT_BY_SIGNAL = 128;

const USAGE_CODES = new Set(["BAD_FLAG", "BAD_CONFIG", "PORT_IN_USE"]);

/** Anything that keeps a process from starting is the caller's to mend: exit 2 whatever its code. */
class StartError extends InterrexError {}

/** Told to stop before it was done. */
export class Interrupted extends InterrexError {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super("INTERRUPTED", message);
    this.exitCode = exitCode;
  }
}

export function exitCodeBySignal(name: "SIGHUP" | "SIGINT" | "SIGTERM"): number {
  return EXIT_BY_SIGNAL + constants.signals[name];
}

/** Runs the start of a process; what it refuses becomes a `StartError`. Being told to stop meanwhile is no refusal. */
export async function starting<Result>(start: () => Promise<Result>): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof InterrexError) || error instanceof Interrupted) throw error;
    throw new StartError(error.code, error.message, { cause: error });
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof Interrupted) return error.exitCode;
  if (error instanceof StartError) return EXIT_USAGE;
  if (error instanceof InterrexError) return USAGE_CODES.has(error.code) ? EXIT_USAGE : EXIT_FAILED;
  return EXIT_FAILED;
}

/** What to print for it; `undefined` when commander has printed it already. */
export function errorText(error: unknown): string | undefined {
  if (error instanceof CommanderError) return undefined;
  if (error instanceof InterrexError) return `interrex: ${oneLine(error.message)}\n`;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `interrex: this is a bug, please report it: ${detail}\n`;
}

export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
