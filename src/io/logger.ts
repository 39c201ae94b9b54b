/**
 * The log of a process: JSON lines through pino. Decides the shape of a line and where it goes; refuses prose
 * without an `event`, so that what is logged can be searched and tested.
 */
import { createRequire } from "node:module";
import { type DestinationStream, destination as fileDestination, pino, stdTimeFunctions } from "pino";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** What a line says to machines. Put an error under `err`: it is written with its stack and cause. */
export interface LogFields {
  /** A stable name, for example `peer-refused` or `+odown`. */
  readonly event: string;
  readonly [field: string]: unknown;
}

type Log = (fields: LogFields, text: string) => void;

/** `log.warn({ event: "+odown", group, epoch }, "master is objectively down")`. */
export interface Logger {
  readonly trace: Log;
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
  readonly fatal: Log;
  /** A logger that adds `bindings` to every line. */
  child(bindings: Readonly<Record<string, unknown>>): Logger;
}

export interface LoggerOptions {
  /** `silent` logs nothing. */
  readonly level: LogLevel;
  /** Whose log it is, for example `n1`; on every line as `id`. */
  readonly id: string;
  /** For people: one-liners, coloured on a terminal, where `pino-pretty` is installed, else JSON lines after all. */
  readonly pretty?: boolean;
  /** Takes whole lines, or is the descriptor of what does. Default: standard error, since standard output belongs to the command's answer. */
  readonly destination?: DestinationStream | number;
}

const STANDARD_ERROR = 2;

/**
 * Lines are written before the call returns, so that a process which stops at once has said why. One that can't be written, as on a full
 * disk or into a full pipe whose reader stands still, is lost; nothing else happens.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { destination = STANDARD_ERROR } = options;
  const lines = typeof destination === "number" ? linesTo(destination) : destination;
  const colorize = options.destination === undefined && process.stderr.isTTY === true;
  const forPeople = options.pretty === true ? prettyPrinter(colorize) : null;
  return pino(
    {
      level: options.level,
      base: { id: options.id },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    forPeople === null ? lines : { write: (line) => void lines.write(forPeople(line)) },
  );
}

function linesTo(fd: number): DestinationStream {
  // A reader that is only behind is waited for once, a tenth of a second; then for none before it reads on: while this waits nobody is served.
  let waited = false;
  const waitOnce = (): boolean => {
    const isFirst = !waited;
    waited = true;
    return isFirst;
  };
  const open = (): DestinationStream => {
    const file = fileDestination({ fd, sync: true, retryEAGAIN: waitOnce });
    file.on("write", (bytes) => {
      if (bytes > 0) waited = false;
    });
    file.on("error", (error: NodeJS.ErrnoException) => {
      // What it could not write it would keep, without limit, and put before all that comes later. A broken pipe it leaves alone by itself.
      if (error.code !== "EPIPE") current = open();
    });
    return file;
  };
  let current = open();
  // No `flushSync`: pino calls it after a fatal line, and on a full disk it never returns.
  return { write: (line) => current.write(line) };
}

interface PinoPretty {
  prettyFactory(options: { readonly colorize: boolean }): (line: string) => string;
}

/** `null` where pino-pretty, a development dependency, isn't installed. */
function prettyPrinter(colorize: boolean): ((line: string) => string) | null {
  const require = createRequire(import.meta.url);
  let path: string;
  try {
    path = require.resolve("pino-pretty");
  } catch {
    return null;
  }
  const pretty: PinoPretty = require(path);
  return pretty.prettyFactory({ colorize });
}
