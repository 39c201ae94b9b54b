/** SPOP, SRANDMEMBER and SSCAN: some of a set's members. SPOP replicates as the SREM of what it chose. */
import { LongText } from "../../base/long-text.ts";
import type { Randomness } from "../../base/randomness.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { arrayHeader, bulk, bulkArray, EMPTY_ARRAY, nil, setHeader } from "../../protocol/resp/reply.ts";
import { matchesGlob } from "../glob.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { SetValue } from "../keyspace/set-value.ts";
import { type Argv, arg, type CommandSpec, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { distinctBelow } from "./distinct-below.ts";
import * as errors from "./errors.ts";
import { longReply } from "./long-reply.ts";
import { INT64_MAX, parseCount, parseCursor, parseInteger } from "./numbers.ts";
import { parseScanOptions, scanReply } from "./scan.ts";
import { membersReply, readSet } from "./sets.ts";

function spop(context: CommandContext, argv: Argv): string {
  if (argv.length > 3) return errors.SYNTAX_ERROR;
  const single = argv.length === 2;
  const count = single ? 1 : parseCount(arg(argv, 2), 0);
  if (count === undefined) return errors.NOT_POSITIVE;
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  if (entry === undefined) return single ? nil(context.version) : setHeader(0, context.version);
  const set = entry.value;
  if (!(set instanceof SetValue)) return errors.WRONG_TYPE;
  if (count === 0) return setHeader(0, context.version);
  if (count >= set.size) {
    const reply = single ? bulk(set.at(0)) : membersReply(context, set);
    context.db.remove(key);
    context.propagate("DEL", key);
    context.notify(NOTIFY.set, "spop", key);
    context.notify(NOTIFY.generic, "del", key);
    return reply;
  }
  const popped = pick(set, count, context.host.random);
  const removal = encodeCommand(["SREM", key, ...popped]);
  if (!context.fits(removal.length, removal.length)) return errors.REPLY_TOO_LONG;
  context.db.beforeChange(key);
  for (const member of popped) set.delete(member);
  context.propagateFound(removal);
  context.notify(NOTIFY.set, "spop", key);
  if (single) return bulk(arg(popped, 0));
  return setHeader(count, context.version) + popped.map(bulk).join("");
}

/** @param count distinct members, `set.size` at most. */
function pick(set: SetValue, count: number, random: Randomness): string[] {
  // Much the most common, and worth less trouble.
  if (count === 1) return [set.at(random.below(set.size))];
  const picked: string[] = [];
  for (const at of distinctBelow(set.size, count, random)) picked.push(set.at(at));
  return picked;
}

function srandmember(context: CommandContext, argv: Argv): string {
  if (argv.length > 3) return errors.SYNTAX_ERROR;
  const { random } = context.host;
  if (argv.length === 2) {
    const set = readSet(context, arg(argv, 1));
    if (typeof set === "string") return set;
    return set === undefined ? nil(context.version) : bulk(set.at(random.below(set.size)));
  }
  const count = parseInteger(arg(argv, 2));
  if (count === undefined) return errors.NOT_AN_INTEGER;
  if (count < -INT64_MAX) return errors.notBetween(-INT64_MAX, INT64_MAX);
  const set = readSet(context, arg(argv, 1));
  if (typeof set === "string") return set;
  if (set === undefined || count === 0) return EMPTY_ARRAY;
  if (count >= set.size) return bulkArray([...set.members()]);
  const picks = Math.abs(Number(count));
  if (count < 0) return longReply(context, arrayHeader(picks), picks, anyMembers(set, picks, random));
  const reply = new LongText(arrayHeader(picks));
  for (const at of distinctBelow(set.size, picks, random)) reply.add(bulk(set.at(at)));
  return reply.toString();
}

function* anyMembers(set: SetValue, picks: number, random: Randomness): IterableIterator<string> {
  for (let pick = 0; pick < picks; pick += 1) yield bulk(set.at(random.below(set.size)));
}

function sscan(context: CommandContext, argv: Argv): string {
  const cursor = parseCursor(arg(argv, 2));
  if (cursor === undefined) return errors.INVALID_CURSOR;
  const set = readSet(context, arg(argv, 1));
  if (typeof set === "string") return set;
  if (set === undefined) return scanReply(0, []);
  const options = parseScanOptions(argv, 3, false);
  if (typeof options === "string") return options;
  const { pattern } = options;
  const page = set.scan(cursor, options.count);
  const matching =
    pattern === undefined ? page.items : page.items.filter((item) => matchesGlob(pattern, item));
  return scanReply(page.cursor, matching);
}

const OF_SETS = { keys: ONE_KEY, categories: ["set"] } as const;

export const SET_PICK_COMMANDS: readonly CommandSpec[] = [
  { name: "spop", arity: -2, ...OF_SETS, flags: ["write", "fast"], handler: spop },
  { name: "srandmember", arity: -2, ...OF_SETS, flags: ["readonly"], handler: srandmember },
  { name: "sscan", arity: -3, ...OF_SETS, flags: ["readonly"], handler: sscan },
];
