/** Stream IDs as clients write them: `<ms>`, `<ms>-<seq>`, and where a command allows it `<ms>-*`, `-`, `+` and `(<id>`. */
import { type ExactInteger, exact } from "../keyspace/exact-integer.ts";
import { ID_MAX, ID_ZERO, nextId, previousId, type StreamId, UINT64_MAX } from "../keyspace/stream-id.ts";
import * as errors from "./errors.ts";
import { parseInteger } from "./numbers.ts";

/** Redis copies an ID into a buffer of fixed size. */
const ID_LENGTH_MAX = 127;
/** What C's strtoull reads. */
const UNSIGNED = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/;

/** For XADD: without `seq` the number is still to be found. */
export interface GivenId {
  readonly ms: ExactInteger;
  readonly seq: ExactInteger | undefined;
}

/** @param missingSeq stands in for a second number that is not given. @returns `undefined` for what is no ID. */
export function parseId(text: string, missingSeq: ExactInteger = 0): StreamId | undefined {
  const given = parseGivenId(text, missingSeq, false);
  return given?.seq === undefined ? undefined : { ms: given.ms, seq: given.seq };
}

/** As `parseId`, and `<ms>-*`. */
export function parseAddedId(text: string): GivenId | undefined {
  return parseGivenId(text, 0, true);
}

/** As `parseId`; `-` and `+` are the first and the last ID. */
export function parseLooseId(text: string, missingSeq: ExactInteger = 0): StreamId | undefined {
  const end = throughNul(text);
  if (end === "-" && text.length <= ID_LENGTH_MAX) return ID_ZERO;
  if (end === "+" && text.length <= ID_LENGTH_MAX) return ID_MAX;
  return parseId(text, missingSeq);
}

export interface IdInterval {
  readonly start: StreamId;
  readonly end: StreamId;
}

/** The bounds of XRANGE and its like, `(` for one that is not included. @returns them, or an encoded error. */
export function parseInterval(start: string, end: string): IdInterval | string {
  const first = parseStart(start);
  if (typeof first === "string") return first;
  const bound = parseBound(end, UINT64_MAX);
  if (bound === undefined) return errors.INVALID_STREAM_ID;
  const last = bound.excluded ? previousId(bound.id) : bound.id;
  return last === undefined ? errors.INVALID_INTERVAL_END : { start: first, end: last };
}

/** @returns the first ID that is included, or an encoded error. */
export function parseStart(text: string): StreamId | string {
  const bound = parseBound(text, 0);
  if (bound === undefined) return errors.INVALID_STREAM_ID;
  return (bound.excluded ? nextId(bound.id) : bound.id) ?? errors.INVALID_INTERVAL_START;
}

function parseBound(
  text: string,
  missingSeq: ExactInteger,
): { readonly id: StreamId; readonly excluded: boolean } | undefined {
  const excluded = text.length > 1 && text.startsWith("(");
  const id = excluded ? parseId(text.slice(1), missingSeq) : parseLooseId(text, missingSeq);
  return id && { id, excluded };
}

function parseGivenId(text: string, missingSeq: ExactInteger, mayLackSeq: boolean): GivenId | undefined {
  if (text.length > ID_LENGTH_MAX) return undefined;
  const whole = throughNul(text);
  const dash = whole.indexOf("-");
  const ms = parseUnsigned(dash === -1 ? whole : whole.slice(0, dash));
  if (ms === undefined) return undefined;
  if (dash === -1) return { ms, seq: missingSeq };
  const rest = whole.slice(dash + 1);
  if (mayLackSeq && rest === "*") return { ms, seq: undefined };
  const seq = parseUnsigned(rest);
  return seq === undefined ? undefined : { ms, seq };
}

/** As Redis's string2ull: a plain integer, else whatever strtoull makes of it. */
function parseUnsigned(text: string): ExactInteger | undefined {
  const plain = parseInteger(text);
  if (plain !== undefined) return plain < 0 ? undefined : plain;
  const [, sign, digits] = UNSIGNED.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const magnitude = BigInt(digits);
  if (magnitude > UINT64_MAX) return undefined;
  return exact(sign === "-" ? BigInt.asUintN(64, -magnitude) : magnitude);
}

/** As C sees a text. */
function throughNul(text: string): string {
  const nul = text.indexOf("\0");
  return nul === -1 ? text : text.slice(0, nul);
}
