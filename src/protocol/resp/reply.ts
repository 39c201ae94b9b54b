/**
 * Encodes replies as RESP2 or RESP3 text (latin1: one character is one byte).
 * It decides only the shape on the wire; what to reply, and every error text, is decided by the caller.
 */

import { LongText } from "../../base/long-text.ts";
import { general } from "../../base/printf.ts";

/** The version that a connection has chosen with HELLO; 2 until then. */
export type RespVersion = 2 | 3;

export const OK = "+OK\r\n";
export const PONG = "+PONG\r\n";
export const QUEUED = "+QUEUED\r\n";
export const ZERO = ":0\r\n";
export const ONE = ":1\r\n";
export const EMPTY_BULK = "$0\r\n\r\n";
export const EMPTY_ARRAY = "*0\r\n";

/** Headers of bulk strings of common lengths, so that the hot path concatenates less. */
const BULK_HEADERS: readonly string[] = Array.from({ length: 1024 }, (_, length) => `$${length}\r\n`);
const ARRAY_HEADERS: readonly string[] = Array.from({ length: 64 }, (_, count) => `*${count}\r\n`);

/** `$<length>\r\n`. */
export function bulkHeader(length: number): string {
  return BULK_HEADERS[length] ?? `$${length}\r\n`;
}

/** `*<count>\r\n`: so many encoded values follow. */
export function arrayHeader(count: number): string {
  return ARRAY_HEADERS[count] ?? `*${count}\r\n`;
}

/** A bulk string; binary safe. */
export function bulk(text: string): string {
  return `${bulkHeader(text.length) + text}\r\n`;
}

/** A simple string. `text` must hold no CR or LF. */
export function simple(text: string): string {
  return `+${text}\r\n`;
}

/** An error. `text` starts with its code (`ERR ...`); CR and LF in it become spaces, as in Redis. */
export function error(text: string): string {
  return `-${/[\r\n]/.test(text) ? text.replace(/[\r\n]/g, " ") : text}\r\n`;
}

/**
 * Whether an encoded reply is an error. Comparing looks at its first characters where they are; asking for one would first copy all of it.
 */
export function isError(reply: string): boolean {
  return !(reply < "-") && reply < ".";
}

/** A 64-bit integer. */
export function integer(value: number | bigint): string {
  return `:${value}\r\n`;
}

/** "No such value": `$-1` in RESP2, `_` in RESP3. */
export function nil(version: RespVersion): string {
  return version === 2 ? "$-1\r\n" : "_\r\n";
}

/** "No such list" (an aborted EXEC, an unknown master): `*-1` in RESP2, `_` in RESP3. */
export function nilArray(version: RespVersion): string {
  return version === 2 ? "*-1\r\n" : "_\r\n";
}

/** A bulk string, or nil for `undefined`. */
export function bulkOrNil(text: string | undefined, version: RespVersion): string {
  return text === undefined ? nil(version) : bulk(text);
}

/** An array of values that are encoded already. */
export function array(encoded: readonly string[]): string {
  const text = new LongText(arrayHeader(encoded.length));
  for (const item of encoded) text.add(item);
  return text.toString();
}

/** An array of bulk strings. */
export function bulkArray(values: readonly string[]): string {
  const text = new LongText(arrayHeader(values.length));
  for (const value of values) text.add(bulk(value));
  return text.toString();
}

/** Head of a map of `pairs` entries: `%` in RESP3, a flat array of keys and values in RESP2. */
export function mapHeader(pairs: number, version: RespVersion): string {
  return version === 2 ? arrayHeader(pairs * 2) : `%${pairs}\r\n`;
}

/** A map whose keys are texts and whose values are encoded already. */
export function map(entries: readonly (readonly [string, string])[], version: RespVersion): string {
  let text = mapHeader(entries.length, version);
  for (const [key, encoded] of entries) text += bulk(key) + encoded;
  return text;
}

/** Head of a set: `~` in RESP3, an array in RESP2. */
export function setHeader(count: number, version: RespVersion): string {
  return version === 2 ? arrayHeader(count) : `~${count}\r\n`;
}

/** Head of an out-of-band message: `>` in RESP3, an array in RESP2. */
export function pushHeader(count: number, version: RespVersion): string {
  return version === 2 ? arrayHeader(count) : `>${count}\r\n`;
}

/** Text for people (INFO, CLIENT LIST): a verbatim string in RESP3, a bulk string in RESP2. */
export function verbatim(text: string, version: RespVersion): string {
  return version === 2 ? bulk(text) : `=${text.length + 4}\r\ntxt:${text}\r\n`;
}

/** A boolean: `#t` in RESP3, an integer in RESP2. */
export function bool(value: boolean, version: RespVersion): string {
  if (version === 2) return value ? ONE : ZERO;
  return value ? "#t\r\n" : "#f\r\n";
}

/** A double: `,` in RESP3, a bulk string in RESP2. */
export function double(value: number, version: RespVersion): string {
  const text = formatDouble(value);
  return version === 2 ? bulk(text) : `,${text}\r\n`;
}

/** A double as Redis 7.0 prints it: C's `%.17g`; `inf`, `-inf` and `nan`. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  if (Object.is(value, -0)) return "-0";
  if (Number.isSafeInteger(value)) return String(value);
  return general(value, 17);
}
