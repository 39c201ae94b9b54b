/** The options of ZRANGE and of the commands that it replaced: what is asked for, in one shape. */
import { type Argv, arg } from "./command.ts";
import * as errors from "./errors.ts";
import { parseIndex } from "./numbers.ts";
import { parseRange, type Range, type RangeKind, type Stretch } from "./zset-bounds.ts";

/** What the command's name says; `undefined` lets the options say it. */
export interface RangeCommand {
  readonly kind: RangeKind | undefined;
  readonly backwards: boolean | undefined;
  /** Where in argv the key stands; the bounds follow. */
  readonly keyAt: number;
  /** It stores what it finds. */
  readonly stores: boolean;
}

export interface RangeQuery {
  readonly range: Range;
  readonly kind: RangeKind;
  readonly backwards: boolean;
  readonly withScores: boolean;
  readonly offset: number;
  /** Negative for no limit. */
  readonly limit: number;
}

/** @returns the query, or an encoded error. */
export function parseRangeQuery(argv: Argv, command: RangeCommand): RangeQuery | string {
  let { kind, backwards } = command;
  let withScores = false;
  let offset = 0;
  let limit = -1;
  for (let at = command.keyAt + 3; at < argv.length; at += 1) {
    const option = arg(argv, at).toUpperCase();
    if (option === "WITHSCORES" && !command.stores) {
      withScores = true;
    } else if (option === "LIMIT" && at + 2 < argv.length) {
      const parsedOffset = parseIndex(arg(argv, at + 1));
      const parsedLimit = parseIndex(arg(argv, at + 2));
      if (parsedOffset === undefined || parsedLimit === undefined) return errors.NOT_AN_INTEGER;
      offset = parsedOffset;
      limit = parsedLimit;
      at += 2;
    } else if (option === "REV" && backwards === undefined) {
      backwards = true;
    } else if ((option === "BYLEX" || option === "BYSCORE") && kind === undefined) {
      kind = option === "BYLEX" ? "lex" : "score";
    } else {
      return errors.SYNTAX_ERROR;
    }
  }
  kind ??= "rank";
  backwards ??= false;
  if (kind === "rank" && limit !== -1) return errors.LIMIT_OF_RANKS;
  if (kind === "lex" && withScores) return errors.WITHSCORES_BY_LEX;
  const one = arg(argv, command.keyAt + 1);
  const other = arg(argv, command.keyAt + 2);
  // Backwards the greater bound comes first; ranks are counted from the other end instead.
  const range = backwards && kind !== "rank" ? parseRange(kind, other, one) : parseRange(kind, one, other);
  return typeof range === "string" ? range : { range, kind, backwards, withScores, offset, limit };
}

/** The part of `stretch` that a query wants: the first rank, and how many from there on, or back. */
export function selected(
  query: RangeQuery,
  stretch: Stretch,
  size: number,
): { readonly rank: number; readonly count: number } {
  const { from, to } = stretch;
  const found = Math.max(0, to - from);
  if (query.kind === "rank") return { rank: query.backwards ? size - 1 - from : from, count: found };
  // As in Redis a negative offset passes over everything.
  const left = query.offset < 0 ? 0 : Math.max(0, found - query.offset);
  const count = query.limit < 0 ? left : Math.min(left, query.limit);
  return { rank: query.backwards ? to - 1 - query.offset : from + query.offset, count };
}
