/** Which connections a CLIENT KILL means. */
import type { ClientSession } from "../session.ts";
import { type Argv, arg } from "./command.ts";
import * as errors from "./errors.ts";
import { parseInteger } from "./numbers.ts";

export type SessionFilter = (session: ClientSession) => boolean;

/** @returns the filter, or an encoded error. @param own the session that asks; the new form spares it by default. */
export function parseKillFilter(argv: Argv, own: ClientSession): SessionFilter | string {
  if (argv.length === 3) {
    const address = arg(argv, 2);
    return (session) => session.address === address;
  }
  if (argv.length % 2 !== 0) return errors.SYNTAX_ERROR;
  const filters: SessionFilter[] = [];
  let skipOwn = true;
  for (let at = 2; at < argv.length; at += 2) {
    const value = arg(argv, at + 1);
    if (arg(argv, at).toUpperCase() === "SKIPME") {
      const choice = value.toUpperCase();
      if (choice !== "YES" && choice !== "NO") return errors.SYNTAX_ERROR;
      skipOwn = choice === "YES";
      continue;
    }
    const filter = oneFilter(arg(argv, at).toUpperCase(), value);
    if (typeof filter === "string") return filter;
    filters.push(filter);
  }
  return (session) => !(skipOwn && session === own) && filters.every((filter) => filter(session));
}

function oneFilter(name: string, value: string): SessionFilter | string {
  switch (name) {
    case "ID": {
      const id = parseInteger(value);
      if (id === undefined || id < 1) return errors.CLIENT_ID_NOT_POSITIVE;
      return (session) => session.id === Number(id);
    }
    case "ADDR":
      return (session) => session.address === value;
    case "LADDR":
      return (session) => session.localAddress === value;
    case "USER":
      // There is one user.
      return value === "default" ? () => true : errors.noSuchUser(value);
    case "TYPE":
      return typeFilter(value);
    default:
      return errors.SYNTAX_ERROR;
  }
}

/** Replication does not run over client connections here, so no client is a master or a replica. */
function typeFilter(value: string): SessionFilter | string {
  switch (value.toLowerCase()) {
    case "normal":
      return (session) => session.subscriptions === 0;
    case "pubsub":
      return (session) => session.subscriptions > 0;
    case "master":
    case "replica":
    case "slave":
      return () => false;
    default:
      return errors.unknownClientType(value);
  }
}
