/** The options of XADD and XTRIM: what to trim, and for XADD the ID and whether a stream may be made. */
import type { StreamNodeLimits } from "../keyspace/stream-node.ts";
import type { StreamTrim } from "../keyspace/stream-value.ts";
import { type Argv, arg } from "./command.ts";
import * as errors from "./errors.ts";
import { parseIndex } from "./numbers.ts";
import { type GivenId, parseAddedId, parseId } from "./stream-ids.ts";

/** Most entries that an approximate trim removes at once when the client does not say: so many nodes, within these. */
const NODES_LIMIT = 100;
const LIMIT_WITHOUT_NODES = 10_000;
const LIMIT_MAX = 1_000_000;

export interface AddOptions {
  readonly trim: StreamTrim | undefined;
  readonly mayMakeStream: boolean;
  /** `undefined` for `*`. */
  readonly id: GivenId | undefined;
  /** Where the fields begin. */
  readonly fieldsAt: number;
}

interface Parsed {
  keep?: StreamTrim["keep"];
  approximate: boolean;
  limit?: number;
  mayMakeStream: boolean;
}

/** @returns the options, or an encoded error. */
export function parseAddOptions(argv: Argv, nodes: StreamNodeLimits): AddOptions | string {
  const parsed: Parsed = { approximate: false, mayMakeStream: true };
  let id: GivenId | undefined;
  let at = 2;
  while (at < argv.length) {
    const option = arg(argv, at);
    if (option === "*") break;
    const next = parseTrimOption(argv, at, parsed);
    if (typeof next === "string") return next;
    if (next !== undefined) {
      at = next;
    } else if (option.toUpperCase() === "NOMKSTREAM") {
      parsed.mayMakeStream = false;
      at += 1;
    } else {
      id = parseAddedId(option);
      if (id === undefined) return errors.INVALID_STREAM_ID;
      break;
    }
  }
  const trim = toTrim(parsed, nodes);
  if (typeof trim === "string") return trim;
  if (trim === undefined && parsed.limit !== undefined) return errors.LIMIT_WITHOUT_TILDE;
  return { trim, mayMakeStream: parsed.mayMakeStream, id, fieldsAt: at + 1 };
}

/** @returns what XTRIM is to do, or an encoded error. */
export function parseTrimOptions(argv: Argv, nodes: StreamNodeLimits): StreamTrim | string {
  const parsed: Parsed = { approximate: false, mayMakeStream: false };
  for (let at = 2; at < argv.length; ) {
    const next = parseTrimOption(argv, at, parsed);
    if (typeof next === "string") return next;
    if (next === undefined) return errors.SYNTAX_ERROR;
    at = next;
  }
  return toTrim(parsed, nodes) ?? errors.NO_TRIM_STRATEGY;
}

/** @returns where the next argument is, `undefined` when this is no option of a trim, or an encoded error. */
function parseTrimOption(argv: Argv, at: number, parsed: Parsed): number | undefined | string {
  if (at + 1 >= argv.length) return undefined;
  switch (arg(argv, at).toUpperCase()) {
    case "MAXLEN":
    case "MINID":
      return parseStrategy(argv, at, parsed);
    case "LIMIT": {
      const limit = parseIndex(arg(argv, at + 1));
      if (limit === undefined) return errors.NOT_AN_INTEGER;
      if (limit < 0) return errors.STREAM_LIMIT_NEGATIVE;
      parsed.limit = limit;
      return at + 2;
    }
    default:
      return undefined;
  }
}

function parseStrategy(argv: Argv, at: number, parsed: Parsed): number | string {
  if (parsed.keep !== undefined) return errors.TWO_TRIM_STRATEGIES;
  const mark = arg(argv, at + 1);
  const isMarked = at + 2 < argv.length && (mark === "~" || mark === "=");
  parsed.approximate = isMarked && mark === "~";
  const value = arg(argv, isMarked ? at + 2 : at + 1);
  if (arg(argv, at).toUpperCase() === "MAXLEN") {
    const length = parseIndex(value);
    if (length === undefined) return errors.NOT_AN_INTEGER;
    if (length < 0) return errors.STREAM_MAXLEN_NEGATIVE;
    parsed.keep = { kind: "length", length };
  } else {
    const id = parseId(value);
    if (id === undefined) return errors.INVALID_STREAM_ID;
    parsed.keep = { kind: "from", id };
  }
  return at + (isMarked ? 3 : 2);
}

function toTrim(parsed: Parsed, { entriesMax }: StreamNodeLimits): StreamTrim | undefined | string {
  const { keep, approximate, limit } = parsed;
  if (keep === undefined)
    return limit === undefined || limit === 0 ? undefined : errors.LIMIT_WITHOUT_STRATEGY;
  if (!approximate) return limit === undefined ? { keep, approximate, limit: 0 } : errors.LIMIT_WITHOUT_TILDE;
  const usual = entriesMax === 0 ? LIMIT_WITHOUT_NODES : Math.min(NODES_LIMIT * entriesMax, LIMIT_MAX);
  return { keep, approximate, limit: limit ?? usual };
}
