/** KEYS and SCAN, and the options and reply that HSCAN shares. The guarantee of SCAN is kept by `Database.scan`. */
import { array, arrayHeader, bulk, bulkArray } from "../../protocol/resp/reply.ts";
import { matchesGlob } from "../glob.ts";
import { type Argv, arg, type CommandSpec } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseCursor, parseIndex } from "./numbers.ts";

const COUNT_DEFAULT = 10;

export interface ScanOptions {
  readonly count: number;
  /** `undefined` matches all. */
  readonly pattern: string | undefined;
  /** Lower case. */
  readonly type: string | undefined;
}

/** @param from index of the first option. @returns the options, or an encoded error. */
export function parseScanOptions(argv: Argv, from: number, withType: boolean): ScanOptions | string {
  let count = COUNT_DEFAULT;
  let pattern: string | undefined;
  let type: string | undefined;
  for (let at = from; at < argv.length; at += 2) {
    const option = arg(argv, at).toUpperCase();
    if (at + 1 >= argv.length) return errors.SYNTAX_ERROR;
    const value = arg(argv, at + 1);
    if (option === "COUNT") {
      const parsed = parseIndex(value);
      if (parsed === undefined) return errors.NOT_AN_INTEGER;
      if (parsed < 1) return errors.SYNTAX_ERROR;
      count = parsed;
    } else if (option === "MATCH") {
      pattern = value === "*" ? undefined : value;
    } else if (option === "TYPE" && withType) {
      type = value.toLowerCase();
    } else {
      return errors.SYNTAX_ERROR;
    }
  }
  return { count, pattern, type };
}

export function scanReply(cursor: number, items: readonly string[]): string {
  return arrayHeader(2) + bulk(String(cursor)) + bulkArray(items);
}

function scan(context: CommandContext, argv: Argv): string {
  const cursor = parseCursor(arg(argv, 1));
  if (cursor === undefined) return errors.INVALID_CURSOR;
  const options = parseScanOptions(argv, 2, true);
  if (typeof options === "string") return options;
  context.keyspace.sawEverything();
  const page = context.db.scan(cursor, options.count, options.type);
  const { pattern } = options;
  return scanReply(
    page.cursor,
    pattern === undefined ? page.keys : page.keys.filter((key) => matchesGlob(pattern, key)),
  );
}

function keys(context: CommandContext, argv: Argv): string {
  const pattern = arg(argv, 1);
  context.keyspace.sawEverything();
  const found: string[] = [];
  for (const key of context.db.liveKeys()) {
    if (pattern === "*" || matchesGlob(pattern, key)) found.push(bulk(key));
  }
  return array(found);
}

export const SCAN_COMMANDS: readonly CommandSpec[] = [
  { name: "scan", arity: -2, flags: ["readonly"], categories: ["keyspace"], handler: scan },
  { name: "keys", arity: 2, flags: ["readonly"], categories: ["keyspace", "dangerous"], handler: keys },
];
