/** Parsers of flag values. Each refuses in words that fit after the flag's name. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { PORT_MAX, PRIORITY_MAX } from "../cluster/config/fields.ts";
import { PASSWORD_VARIABLE } from "../cluster/processes/child-environment.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A whole number within bounds, both included. */
export function wholeNumberFlag(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

/** Redis's 0, "never promote", is a flag of its own here. */
export function priorityFlag(text: string): number {
  if (/^0+$/.test(text)) {
    throw new InvalidArgumentError("Give 1 or more; for a node that is never promoted give --observer.");
  }
  return wholeNumberFlag(1, PRIORITY_MAX)(text);
}

export function portFlag(text: string): number {
  return wholeNumberFlag(1, PORT_MAX)(text);
}

/** An empty one, as of a variable that is not set, would be the working directory. */
export function pathFlag(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("Give a path.");
}

/** `host:port` or `[v6-address]:port`. */
function hostPortFlag(text: string): HostPort {
  const match = /^(?:\[([0-9A-Za-z:.%_-]+)\]|([0-9A-Za-z._-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port >= 1 && port <= PORT_MAX) return { host, port };
  throw new InvalidArgumentError("Give HOST:PORT, such as 127.0.0.1:26379.");
}

/** Collects a flag that may be repeated. */
export function hostPortListFlag(text: string, before: readonly HostPort[] | undefined): HostPort[] {
  return [...(before ?? []), hostPortFlag(text)];
}

export function hostPortText({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The environment spares a password the process list. An empty variable counts as none: see `forgetEmptyPassword`. */
export function passwordOption(of: string): Option {
  return new Option("--password <text>", `password of ${of}`).env(PASSWORD_VARIABLE);
}

/** Who empties an exported variable has taken the password back; commander would take it for one that was given. */
export function forgetEmptyPassword(command: Command): void {
  const isExported = command.getOptionValueSource("password") === "env";
  if (isExported && command.getOptionValue("password") === "") command.setOptionValue("password", undefined);
}
