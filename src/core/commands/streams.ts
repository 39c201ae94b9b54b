/** Streams without their groups: adding, reading by range, deleting, trimming. */
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { bulk, EMPTY_ARRAY, integer, nil, nilArray, OK, ZERO } from "../../protocol/resp/reply.ts";
import { type ExactInteger, sum } from "../keyspace/exact-integer.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import {
  compareIds,
  formatId,
  ID_MAX,
  ID_ZERO,
  nextId,
  type StreamId,
  UINT64_MAX,
} from "../keyspace/stream-id.ts";
import { type StreamTrim, StreamValue } from "../keyspace/stream-value.ts";
import { type Argv, arg, type CommandSpec, type Handler, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseIndex, parseInteger } from "./numbers.ts";
import { type GivenId, parseId, parseInterval } from "./stream-ids.ts";
import { entriesReply } from "./stream-replies.ts";
import { parseAddOptions, parseTrimOptions } from "./stream-trim-options.ts";

/** The stream at `key`; `undefined` when the key is absent, an encoded error when it holds something else. */
export function readStream(context: CommandContext, key: string): StreamValue | undefined | string {
  const value = context.db.read(key)?.value;
  if (value === undefined || value instanceof StreamValue) return value;
  return errors.WRONG_TYPE;
}

function xadd(context: CommandContext, argv: Argv): string {
  const options = parseAddOptions(argv, context.keyspace.streamNodes);
  if (typeof options === "string") return options;
  const { fieldsAt, trim } = options;
  const fieldCount = argv.length - fieldsAt;
  if (fieldCount < 2 || fieldCount % 2 === 1) return errors.wrongArityReply("xadd");
  if (options.id?.ms === 0 && options.id.seq === 0) return errors.STREAM_ID_ZERO;
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  if (entry === undefined && !options.mayMakeStream) return nil(context.version);
  const stream = entry?.value ?? new StreamValue();
  if (!(stream instanceof StreamValue)) return errors.WRONG_TYPE;
  if (compareIds(stream.lastId, ID_MAX) === 0) return errors.STREAM_EXHAUSTED;
  const id = chooseId(context, stream, options.id);
  if (id === undefined || compareIds(id, stream.lastId) <= 0) return errors.STREAM_ID_TOO_SMALL;
  if (entry === undefined) context.db.set(key, stream, 0);
  else context.db.beforeChange(key);
  stream.append(id, argv, fieldsAt, context.keyspace.streamNodes);
  context.notify(NOTIFY.stream, "xadd", key);
  const removed = trim === undefined ? 0 : stream.excess(trim);
  if (removed > 0) {
    stream.deleteOldest(removed);
    context.notify(NOTIFY.stream, "xtrim", key);
  }
  const trimmed = removed === 0 ? [] : lengthOf(stream);
  context.propagateEncoded(encodeCommand(["XADD", key, ...trimmed, formatId(id), ...argv.slice(fieldsAt)]));
  return bulk(formatId(id));
}

/** The ID of the entry to add; one that is not behind the last one, or none, is refused. */
function chooseId(
  context: CommandContext,
  stream: StreamValue,
  given: GivenId | undefined,
): StreamId | undefined {
  const { lastId } = stream;
  if (given === undefined) {
    return context.nowMs > lastId.ms ? { ms: context.nowMs, seq: 0 } : nextId(lastId);
  }
  const { ms, seq } = given;
  if (seq !== undefined) return { ms, seq };
  if (ms !== lastId.ms) return { ms, seq: 0 };
  return lastId.seq === UINT64_MAX ? undefined : { ms, seq: sum(lastId.seq, 1) };
}

/** What was removed were the oldest entries: to come to the same length is to come to the same stream. */
function lengthOf(stream: StreamValue): readonly string[] {
  return ["MAXLEN", "=", String(stream.size)];
}

function xtrim(context: CommandContext, argv: Argv): string {
  const trim: StreamTrim | string = parseTrimOptions(argv, context.keyspace.streamNodes);
  if (typeof trim === "string") return trim;
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  if (entry === undefined) return ZERO;
  const stream = entry.value;
  if (!(stream instanceof StreamValue)) return errors.WRONG_TYPE;
  const removed = stream.excess(trim);
  if (removed === 0) return ZERO;
  context.db.beforeLoss(key);
  stream.deleteOldest(removed);
  context.propagate("XTRIM", key, ...lengthOf(stream));
  context.notify(NOTIFY.stream, "xtrim", key);
  return integer(removed);
}

function xdel(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  if (entry === undefined) return ZERO;
  const stream = entry.value;
  if (!(stream instanceof StreamValue)) return errors.WRONG_TYPE;
  const ids = parseIds(argv, 2);
  if (typeof ids === "string") return ids;
  if (!ids.some((id) => stream.has(id))) return ZERO;
  context.db.beforeLoss(key);
  let deleted = 0;
  for (const id of ids) if (stream.delete(id)) deleted += 1;
  context.propagateAsIs();
  context.notify(NOTIFY.stream, "xdel", key);
  return integer(deleted);
}

/** All arguments from `from` on. @returns the IDs, or an encoded error. */
export function parseIds(argv: Argv, from: number): StreamId[] | string {
  const ids: StreamId[] = [];
  for (let at = from; at < argv.length; at += 1) {
    const id = parseId(arg(argv, at));
    if (id === undefined) return errors.INVALID_STREAM_ID;
    ids.push(id);
  }
  return ids;
}

function xlen(context: CommandContext, argv: Argv): string {
  const stream = readStream(context, arg(argv, 1));
  return typeof stream === "string" ? stream : integer(stream?.size ?? 0);
}

function rangeOf(backwards: boolean): Handler {
  return (context, argv) => {
    const [one, other] = [arg(argv, 2), arg(argv, 3)];
    const interval = backwards ? parseInterval(other, one) : parseInterval(one, other);
    if (typeof interval === "string") return interval;
    let count = -1;
    for (let at = 4; at < argv.length; at += 2) {
      if (arg(argv, at).toUpperCase() !== "COUNT" || at + 1 >= argv.length) return errors.SYNTAX_ERROR;
      const parsed = parseIndex(arg(argv, at + 1));
      if (parsed === undefined) return errors.NOT_AN_INTEGER;
      count = Math.max(0, parsed);
    }
    const stream = readStream(context, arg(argv, 1));
    if (stream === undefined) return EMPTY_ARRAY;
    if (typeof stream === "string") return stream;
    if (count === 0) return nilArray(context.version);
    const { start, end } = interval;
    return entriesReply(
      backwards ? stream.backwards(start, end) : stream.range(start, end),
      Math.max(0, count),
    );
  };
}

interface NewPosition {
  readonly id: StreamId;
  readonly entriesAdded: ExactInteger | undefined;
  readonly maxDeletedId: StreamId;
}

/** @returns what XSETID is to set, or an encoded error. */
function parsePosition(context: CommandContext, argv: Argv): NewPosition | string {
  const id = parseId(arg(argv, 2));
  if (id === undefined) return errors.INVALID_STREAM_ID;
  let entriesAdded: ExactInteger | undefined;
  let maxDeletedId = ID_ZERO;
  for (let at = 3; at < argv.length; at += 2) {
    const option = at + 1 < argv.length ? arg(argv, at).toUpperCase() : "";
    if (option === "ENTRIESADDED") {
      entriesAdded = parseInteger(arg(argv, at + 1));
      if (entriesAdded === undefined) return errors.NOT_AN_INTEGER;
      if (entriesAdded < 0 && !context.keyspace.replaying) return errors.ENTRIES_ADDED_NEGATIVE;
    } else if (option === "MAXDELETEDID") {
      const parsed = parseId(arg(argv, at + 1));
      if (parsed === undefined) return errors.INVALID_STREAM_ID;
      // A stream may have come to that, and is then rebuilt so.
      if (compareIds(id, parsed) < 0 && !context.keyspace.replaying) return errors.SETID_BELOW_DELETED;
      maxDeletedId = parsed;
    } else {
      return errors.SYNTAX_ERROR;
    }
  }
  return { id, entriesAdded, maxDeletedId };
}

function xsetid(context: CommandContext, argv: Argv): string {
  const position = parsePosition(context, argv);
  if (typeof position === "string") return position;
  const { id, entriesAdded, maxDeletedId } = position;
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  if (entry === undefined) return errors.NO_SUCH_KEY;
  const stream = entry.value;
  if (!(stream instanceof StreamValue)) return errors.WRONG_TYPE;
  if (stream.size > 0) {
    if (compareIds(id, stream.lastEntryId) < 0) return errors.SETID_BELOW_TOP;
    const isLess = entriesAdded !== undefined && stream.size > entriesAdded;
    if (isLess && !context.keyspace.replaying) return errors.ENTRIES_ADDED_BELOW_LENGTH;
  }
  context.db.beforeInnerChange(key);
  stream.lastId = id;
  if (entriesAdded !== undefined) stream.entriesAdded = entriesAdded;
  if (compareIds(maxDeletedId, ID_ZERO) !== 0) stream.maxDeletedId = maxDeletedId;
  context.propagateAsIs();
  context.notify(NOTIFY.stream, "xsetid", key);
  return OK;
}

const STREAM = { keys: ONE_KEY, categories: ["stream"] } as const;

export const STREAM_COMMANDS: readonly CommandSpec[] = [
  { name: "xadd", arity: -5, flags: ["write", "denyoom", "fast"], ...STREAM, handler: xadd },
  { name: "xdel", arity: -3, flags: ["write", "fast"], ...STREAM, handler: xdel },
  { name: "xtrim", arity: -4, flags: ["write"], ...STREAM, handler: xtrim },
  { name: "xsetid", arity: -3, flags: ["write", "denyoom", "fast"], ...STREAM, handler: xsetid },
  { name: "xlen", arity: 2, flags: ["readonly", "fast"], ...STREAM, handler: xlen },
  { name: "xrange", arity: -4, flags: ["readonly"], ...STREAM, handler: rangeOf(false) },
  { name: "xrevrange", arity: -4, flags: ["readonly"], ...STREAM, handler: rangeOf(true) },
];
