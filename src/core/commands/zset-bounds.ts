/** Ranges of a sorted set, by rank, score or bytes, as stretches of ranks. */
import type { ZsetValue } from "../keyspace/zset-value.ts";
import { parseBoundDouble } from "./doubles.ts";
import * as errors from "./errors.ts";
import { parseIndex } from "./numbers.ts";

/** The members of ranks `from` to `to`, the latter not included; none when `to` is not greater. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What a range comes to in a certain sorted set. */
export type Range = (zset: ZsetValue) => Stretch;

export type RangeKind = "rank" | "score" | "lex";

/** @returns the range from `min` to `max`, or an encoded error. */
export function parseRange(kind: RangeKind, min: string, max: string): Range | string {
  switch (kind) {
    case "rank":
      return parseRankRange(min, max);
    case "score":
      return parseScoreRange(min, max);
    case "lex":
      return parseLexRange(min, max);
  }
}

function parseRankRange(min: string, max: string): Range | string {
  const start = parseIndex(min);
  const end = parseIndex(max);
  if (start === undefined || end === undefined) return errors.NOT_AN_INTEGER;
  return ({ size }) => ({
    from: Math.max(0, start < 0 ? start + size : start),
    to: Math.min(size, (end < 0 ? end + size : end) + 1),
  });
}

interface Bound<Place> {
  readonly place: Place;
  readonly exclusive: boolean;
}

function parseScoreRange(min: string, max: string): Range | string {
  const low = parseScore(min);
  const high = parseScore(max);
  if (low === undefined || high === undefined) return errors.BOUND_NOT_A_FLOAT;
  const isBelow = (score: number): boolean => score < low.place || (low.exclusive && score === low.place);
  const isWithin = (score: number): boolean =>
    score < high.place || (!high.exclusive && score === high.place);
  return (zset) => ({ from: zset.countBefore(isBelow), to: zset.countBefore(isWithin) });
}

function parseScore(text: string): Bound<number> | undefined {
  const exclusive = text.startsWith("(");
  const place = parseBoundDouble(exclusive ? text.slice(1) : text);
  return place === undefined ? undefined : { place, exclusive };
}

function parseLexRange(min: string, max: string): Range | string {
  const low = parseMember(min);
  const high = parseMember(max);
  if (low === undefined || high === undefined) return errors.BAD_LEX_BOUND;
  return (zset) => ({ from: lexPlace(zset, low, false), to: lexPlace(zset, high, true) });
}

/** Number of members before the bound. @param upper the bound itself counts, unless it is exclusive. */
function lexPlace(zset: ZsetValue, bound: Bound<string> | "first" | "last", upper: boolean): number {
  if (bound === "first") return 0;
  if (bound === "last") return zset.size;
  const { place, exclusive } = bound;
  const included = upper !== exclusive;
  return zset.countBeforeMember((member) => member < place || (included && member === place));
}

function parseMember(text: string): Bound<string> | "first" | "last" | undefined {
  if (text === "-") return "first";
  if (text === "+") return "last";
  const exclusive = text.startsWith("(");
  return exclusive || text.startsWith("[") ? { place: text.slice(1), exclusive } : undefined;
}
