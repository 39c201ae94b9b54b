/** HSCAN and HRANDFIELD: some of a hash's fields. */
import type { Randomness } from "../../base/randomness.ts";
import { arrayHeader, bulk, EMPTY_ARRAY, nil } from "../../protocol/resp/reply.ts";
import { matchesGlob } from "../glob.ts";
import type { HashValue } from "../keyspace/hash-value.ts";
import { type Argv, arg, type CommandSpec, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { distinctBelow } from "./distinct-below.ts";
import * as errors from "./errors.ts";
import { readHash } from "./hashes.ts";
import { longReply } from "./long-reply.ts";
import { INT64_MAX, parseCursor, parseInteger } from "./numbers.ts";
import { parseScanOptions, scanReply } from "./scan.ts";

function hscan(context: CommandContext, argv: Argv): string {
  const cursor = parseCursor(arg(argv, 2));
  if (cursor === undefined) return errors.INVALID_CURSOR;
  const hash = readHash(context, arg(argv, 1));
  if (typeof hash === "string") return hash;
  if (hash === undefined) return scanReply(0, []);
  const options = parseScanOptions(argv, 3, false);
  if (typeof options === "string") return options;
  const page = hash.scan(cursor, options.count);
  const items: string[] = [];
  for (const [field, value] of page.items) {
    if (options.pattern === undefined || matchesGlob(options.pattern, field)) items.push(field, value);
  }
  return scanReply(page.cursor, items);
}

function hrandfield(context: CommandContext, argv: Argv): string {
  const { random } = context.host;
  if (argv.length === 2) {
    const hash = readHash(context, arg(argv, 1));
    if (typeof hash === "string") return hash;
    const field = hash?.randomField(random);
    return field === undefined ? nil(context.version) : bulk(field);
  }
  const count = parseInteger(arg(argv, 2));
  if (count === undefined) return errors.NOT_AN_INTEGER;
  if (count < -INT64_MAX) return errors.notBetween(-INT64_MAX, INT64_MAX);
  const withValues = argv.length > 3;
  if (argv.length > 4 || (withValues && arg(argv, 3).toUpperCase() !== "WITHVALUES")) {
    return errors.SYNTAX_ERROR;
  }
  if (withValues && (count < -INT64_MAX / 2n || count > INT64_MAX / 2n)) return errors.OUT_OF_RANGE;
  const hash = readHash(context, arg(argv, 1));
  if (typeof hash === "string") return hash;
  if (hash === undefined || count === 0) return EMPTY_ARRAY;
  const nested = withValues && context.version === 3;
  const picks = count < 0 ? -Number(count) : Math.min(Number(count), hash.size);
  const head = arrayHeader(withValues && !nested ? picks * 2 : picks);
  const fields = pickFields(hash, Number(count), random);
  return longReply(context, head, picks, fieldPieces(fields, withValues, nested));
}

/** `count` distinct ones, or for a negative count that many with repetition. */
function pickFields(hash: HashValue, count: number, random: Randomness): Iterable<[string, string]> {
  if (count >= hash.size) return hash.entries();
  return hash.entriesAt(
    count < 0 ? anyBelow(hash.size, -count, random) : distinctBelow(hash.size, count, random),
  );
}

function* anyBelow(bound: number, count: number, random: Randomness): IterableIterator<number> {
  for (let picked = 0; picked < count; picked += 1) yield random.below(bound);
}

function* fieldPieces(
  fields: Iterable<[string, string]>,
  withValues: boolean,
  nested: boolean,
): IterableIterator<string> {
  for (const [field, value] of fields) {
    const both = withValues ? bulk(field) + bulk(value) : bulk(field);
    yield nested ? arrayHeader(2) + both : both;
  }
}

export const HASH_PICK_COMMANDS: readonly CommandSpec[] = [
  { name: "hscan", arity: -3, flags: ["readonly"], keys: ONE_KEY, categories: ["hash"], handler: hscan },
  {
    name: "hrandfield",
    arity: -2,
    flags: ["readonly"],
    keys: ONE_KEY,
    categories: ["hash"],
    handler: hrandfield,
  },
];
