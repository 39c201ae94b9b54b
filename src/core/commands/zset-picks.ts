/** ZRANDMEMBER and ZSCAN: some of a sorted set's members. */
import { arrayHeader, bulk, double, EMPTY_ARRAY, formatDouble, nil } from "../../protocol/resp/reply.ts";
import { matchesGlob } from "../glob.ts";
import type { ZsetValue } from "../keyspace/zset-value.ts";
import { type Argv, arg, type CommandSpec, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { distinctBelow } from "./distinct-below.ts";
import * as errors from "./errors.ts";
import { longReply } from "./long-reply.ts";
import { INT64_MAX, parseCursor, parseInteger } from "./numbers.ts";
import { parseScanOptions, scanReply } from "./scan.ts";
import { readZset } from "./zsets.ts";

function zrandmember(context: CommandContext, argv: Argv): string {
  if (argv.length === 2) {
    const zset = readZset(context, arg(argv, 1));
    if (typeof zset === "string") return zset;
    return zset === undefined ? nil(context.version) : picksReply(context, zset, 1, false, false);
  }
  const count = parseInteger(arg(argv, 2));
  if (count === undefined) return errors.NOT_AN_INTEGER;
  if (count < -INT64_MAX) return errors.notBetween(-INT64_MAX, INT64_MAX);
  const withScores = argv.length > 3;
  if (argv.length > 4 || (withScores && arg(argv, 3).toUpperCase() !== "WITHSCORES")) {
    return errors.SYNTAX_ERROR;
  }
  if (withScores && (count < -INT64_MAX / 2n || count > INT64_MAX / 2n)) return errors.OUT_OF_RANGE;
  const zset = readZset(context, arg(argv, 1));
  if (typeof zset === "string") return zset;
  if (zset === undefined || count === 0) return EMPTY_ARRAY;
  return picksReply(context, zset, Number(count), withScores, true);
}

/** @param count that many distinct ones, or for a negative count that many with repetition. */
function picksReply(
  context: CommandContext,
  zset: ZsetValue,
  count: number,
  withScores: boolean,
  asArray: boolean,
): string {
  const { version } = context;
  const nested = withScores && version === 3;
  const picks = count < 0 ? -count : Math.min(count, zset.size);
  const head = asArray ? arrayHeader(withScores && !nested ? picks * 2 : picks) : "";
  return longReply(context, head, picks, memberPieces());

  function* memberPieces(): IterableIterator<string> {
    for (const rank of ranks(context, zset.size, count, picks)) {
      let piece = nested ? arrayHeader(2) : "";
      zset.walk(rank, 1, false, (score, member) => {
        piece += bulk(member);
        if (withScores) piece += double(score, version);
      });
      yield piece;
    }
  }
}

function* ranks(
  context: CommandContext,
  size: number,
  count: number,
  picks: number,
): IterableIterator<number> {
  const { random } = context.host;
  if (count >= 0 && picks < size) {
    yield* distinctBelow(size, picks, random);
    return;
  }
  for (let pick = 0; pick < picks; pick += 1) yield count < 0 ? random.below(size) : pick;
}

function zscan(context: CommandContext, argv: Argv): string {
  const cursor = parseCursor(arg(argv, 2));
  if (cursor === undefined) return errors.INVALID_CURSOR;
  const zset = readZset(context, arg(argv, 1));
  if (typeof zset === "string") return zset;
  if (zset === undefined) return scanReply(0, []);
  const options = parseScanOptions(argv, 3, false);
  if (typeof options === "string") return options;
  const page = zset.scan(cursor, options.count);
  const items: string[] = [];
  for (const [member, score] of page.items) {
    if (options.pattern !== undefined && !matchesGlob(options.pattern, member)) continue;
    items.push(member, formatDouble(score));
  }
  return scanReply(page.cursor, items);
}

const READS = { flags: ["readonly"], keys: ONE_KEY, categories: ["sortedset"] } as const;

export const ZSET_PICK_COMMANDS: readonly CommandSpec[] = [
  { name: "zrandmember", arity: -2, ...READS, handler: zrandmember },
  { name: "zscan", arity: -3, ...READS, handler: zscan },
];
