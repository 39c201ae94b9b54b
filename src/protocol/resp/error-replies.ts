/** Error replies that data nodes and sentinels give alike, encoded, as Redis 7.0 words them. */
import { error } from "./reply.ts";

/** Longest part of a client's text that an error repeats. */
const QUOTED_MAX = 128;

export const SYNTAX_ERROR: string = error("ERR syntax error");
export const BAD_CLIENT_ID: string = error("ERR Invalid client ID");
export const CLIENT_ID_NOT_POSITIVE: string = error("ERR client-id should be greater than 0");

export function noSuchUser(name: string): string {
  return error(`ERR No such user '${printable(name, QUOTED_MAX)}'`);
}

export function unknownClientType(type: string): string {
  return error(`ERR Unknown client type '${printable(type, QUOTED_MAX)}'`);
}

/** Cut at the first NUL, as C prints it. */
export function printable(text: string, lengthMax: number = text.length): string {
  const nul = text.indexOf("\0");
  return text.slice(0, nul === -1 ? lengthMax : Math.min(nul, lengthMax));
}
