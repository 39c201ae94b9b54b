/** The options of SORT and SORT_RO, and what a pattern of BY or GET stands for. */
import { ownText } from "../../base/flat-text.ts";
import { HashValue } from "../keyspace/hash-value.ts";
import { type Argv, arg } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseIndex } from "./numbers.ts";
import { readSource } from "./read-source.ts";

export interface SortOptions {
  readonly descending: boolean;
  readonly alpha: boolean;
  readonly offset: number;
  /** Negative for no limit. */
  readonly limit: number;
  /** What to compare instead of the elements. */
  readonly by: string | undefined;
  /** A pattern of BY had no star: leave the order as it is. */
  readonly unsorted: boolean;
  readonly get: readonly string[];
  readonly store: string | undefined;
}

/** @returns the options, or an encoded error. */
export function parseSortOptions(argv: Argv, mayStore: boolean): SortOptions | string {
  let descending = false;
  let alpha = false;
  let offset = 0;
  let limit = -1;
  let by: string | undefined;
  let unsorted = false;
  let store: string | undefined;
  const get: string[] = [];
  for (let at = 2; at < argv.length; at += 1) {
    const option = arg(argv, at).toUpperCase();
    const left = argv.length - at - 1;
    if (option === "ASC" || option === "DESC") {
      descending = option === "DESC";
    } else if (option === "ALPHA") {
      alpha = true;
    } else if (option === "LIMIT" && left >= 2) {
      const parsedOffset = parseIndex(arg(argv, at + 1));
      const parsedLimit = parseIndex(arg(argv, at + 2));
      if (parsedOffset === undefined || parsedLimit === undefined) return errors.NOT_AN_INTEGER;
      offset = Math.max(0, parsedOffset);
      limit = parsedLimit;
      at += 2;
    } else if (option === "STORE" && mayStore && left >= 1) {
      at += 1;
      store = arg(argv, at);
    } else if (option === "BY" && left >= 1) {
      at += 1;
      by = arg(argv, at);
      unsorted ||= !by.includes("*");
    } else if (option === "GET" && left >= 1) {
      at += 1;
      get.push(arg(argv, at));
    } else {
      return errors.SYNTAX_ERROR;
    }
  }
  return { descending, alpha, offset, limit, by, unsorted, get, store };
}

/** Number of arguments of each option, as far as they concern where STORE is. */
const OPTION_LENGTHS: Readonly<Record<string, number>> = { BY: 2, GET: 2, LIMIT: 3 };

/** The key to sort, and the one to store in: by the words alone, as Redis finds them. */
export function sortKeys(argv: Argv): string[] {
  let store: string | undefined;
  for (let at = 2; at < argv.length; ) {
    const option = arg(argv, at).toUpperCase();
    if (option === "STORE") store = argv[at + 1] ?? store;
    at += OPTION_LENGTHS[option] ?? 1;
  }
  return store === undefined ? [arg(argv, 1)] : [arg(argv, 1), store];
}

/**
 * What `pattern` stands for in the case of `element`: `#` for the element itself, else a string, or a field of a hash
 * behind `->`, whose key has the element in place of the star.
 */
export function lookUpPattern(context: CommandContext, pattern: string, element: string): string | undefined {
  if (pattern === "#") return element;
  const star = pattern.indexOf("*");
  if (star === -1) return undefined;
  const arrow = pattern.indexOf("->", star + 1);
  const hasField = arrow !== -1 && arrow + 2 < pattern.length;
  const suffix = pattern.slice(star + 1, hasField ? arrow : undefined);
  const value = readSource(context, pattern.slice(0, star) + element + suffix)?.value;
  if (hasField) {
    const found = value instanceof HashValue ? value.get(pattern.slice(arrow + 2)) : undefined;
    // STORE keeps it.
    return found === undefined ? undefined : ownText(found);
  }
  return typeof value === "string" ? value : undefined;
}
