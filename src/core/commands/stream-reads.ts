/** XREAD and XREADGROUP: entries of several streams behind given IDs, or new ones for a consumer; both may wait for some. */
import { arrayHeader, bulk, mapHeader, nilArray } from "../../protocol/resp/reply.ts";
import { compareIds, ID_MAX, ID_ZERO, nextId, type StreamId } from "../keyspace/stream-id.ts";
import { StreamValue } from "../keyspace/stream-value.ts";
import type { CommandSpec, Handler } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import type { KeyBlockRequest } from "./execution.ts";
import { readSource } from "./read-source.ts";
import { type GroupRead, mayName, readForGroup } from "./stream-deliveries.ts";
import { parseId } from "./stream-ids.ts";
import { parseReadOptions, type ReadOptions, streamKeys } from "./stream-read-options.ts";
import { ENOUGH_BYTES, entriesReply } from "./stream-replies.ts";

/** Most entries for a client that had to wait and has set no number: its ID may be far behind. */
const WAITED_COUNT = 1000;

function readWith(ofGroup: boolean): Handler {
  return (context, argv) => {
    const options = parseReadOptions(argv, ofGroup, context.scripts.isRunning);
    if (typeof options === "string") return options;
    const after = resolveIds(context, options);
    if (typeof after === "string") return after;
    const found = readAll(context, options, after);
    if (found !== "") return found;
    const timeoutReply = nilArray(context.version);
    if (options.blockMs === undefined || !context.mayBlock) return timeoutReply;
    return context.block(waitFor(options, options.blockMs, after, timeoutReply));
  };
}

/** Behind which entries to read: `ID_MAX` for new ones of a group. @returns an encoded error when that can't be told. */
function resolveIds(context: CommandContext, { keys, ids, group }: ReadOptions): StreamId[] | string {
  const after: StreamId[] = [];
  for (const [at, key] of keys.entries()) {
    const stream = readSource(context, key)?.value;
    if (stream !== undefined && !(stream instanceof StreamValue)) return errors.WRONG_TYPE;
    if (group !== undefined && stream?.group(group.name) === undefined)
      return errors.noKeyOrGroup(key, group.name, " in XREADGROUP with GROUP option");
    const id = resolveId(ids[at] ?? "", stream, group !== undefined);
    if (typeof id === "string") return id;
    after.push(id);
  }
  return after;
}

function resolveId(text: string, stream: StreamValue | undefined, ofGroup: boolean): StreamId | string {
  if (text === "$") return ofGroup ? errors.LAST_ID_OF_XREADGROUP : (stream?.lastId ?? ID_ZERO);
  if (text === ">") return ofGroup ? ID_MAX : errors.NEW_ID_OF_XREAD;
  return parseId(text) ?? errors.INVALID_STREAM_ID;
}

/** @returns the reply, or "" when there is nothing to read. */
function readAll(context: CommandContext, options: ReadOptions, after: readonly StreamId[]): string {
  let count = 0;
  let text = "";
  for (const [at, key] of options.keys.entries()) {
    const stream = readSource(context, key)?.value;
    if (!(stream instanceof StreamValue)) continue;
    // What a group has not got stays for its next read.
    if (options.group !== undefined && text.length >= ENOUGH_BYTES) break;
    const id = after[at] ?? ID_MAX;
    const behind = options.group === undefined ? id : positionOf(stream, options.group.name, id);
    if (behind === undefined || (behind !== "history" && compareIds(stream.lastEntryId, behind) <= 0))
      continue;
    if (!mayRead(context, options, key)) {
      // A transaction that has found much before must not answer as if there were nothing.
      if (count === 0) return errors.REPLY_TOO_LONG;
      break;
    }
    text += streamReply(context, key, readOne(context, options, { key, after: id, count: options.count }));
    count += 1;
  }
  return count === 0 ? "" : header(context, count) + text;
}

/** Whether what it changes of the group, if it reads for one, may be propagated. */
function mayRead(context: CommandContext, { group }: ReadOptions, key: string): boolean {
  return group === undefined || mayName(context, key, group.name, group.consumer);
}

/** Behind which entry a group is to read on; what its consumer has got already is there in any case. */
function positionOf(stream: StreamValue, group: string, id: StreamId): StreamId | "history" | undefined {
  return compareIds(id, ID_MAX) === 0 ? stream.group(group)?.lastId : "history";
}

function header(context: CommandContext, count: number): string {
  return context.version === 2 ? arrayHeader(count) : mapHeader(count, 3);
}

function streamReply(context: CommandContext, key: string, entries: string): string {
  return (context.version === 2 ? arrayHeader(2) : "") + bulk(key) + entries;
}

interface OneRead {
  readonly key: string;
  readonly after: StreamId;
  readonly count: number;
}

/** @returns the entries, encoded, of a key that holds a stream and, for a group, that group. */
function readOne(context: CommandContext, { group, noack }: ReadOptions, read: OneRead): string {
  const { key, after, count } = read;
  const stream = context.db.read(key)?.value;
  if (!(stream instanceof StreamValue)) return arrayHeader(0);
  if (group === undefined) return entriesReply(stream.range(nextId(after) ?? ID_ZERO, ID_MAX), count);
  const found = stream.group(group.name);
  if (found === undefined) return arrayHeader(0);
  const groupRead: GroupRead = { key, stream, group: found, consumer: group.consumer, count, noack };
  return readForGroup(context, groupRead, compareIds(after, ID_MAX) === 0 ? undefined : after);
}

function waitFor(
  options: ReadOptions,
  timeoutMs: number,
  after: readonly StreamId[],
  timeoutReply: string,
): KeyBlockRequest {
  // Of a key that is named twice, the first ID counts.
  const idOf = new Map<string, StreamId>();
  for (const [at, key] of options.keys.entries()) if (!idOf.has(key)) idOf.set(key, after[at] ?? ID_MAX);
  const { group } = options;
  const count = options.count === 0 ? WAITED_COUNT : options.count;
  return {
    kind: "keys",
    type: "stream",
    keys: [...idOf.keys()],
    timeoutMs,
    timeoutReply,
    whenGone: group !== undefined,
    serve: (later, key) => {
      const stream = later.db.read(key)?.value;
      if (!(stream instanceof StreamValue)) return group === undefined ? undefined : errors.STREAM_GONE;
      const known = group && stream.group(group.name);
      if (group !== undefined && known === undefined) return errors.GROUP_GONE;
      const id = idOf.get(key) ?? ID_MAX;
      if (compareIds(stream.lastId, known?.lastId ?? id) <= 0) return undefined;
      if (!mayRead(later, options, key)) return errors.REPLY_TOO_LONG;
      return header(later, 1) + streamReply(later, key, readOne(later, options, { key, after: id, count }));
    },
  };
}

export const STREAM_READ_COMMANDS: readonly CommandSpec[] = [
  {
    name: "xread",
    arity: -4,
    flags: ["readonly", "blocking", "movablekeys"],
    keys: streamKeys(1),
    categories: ["stream"],
    handler: readWith(false),
  },
  {
    name: "xreadgroup",
    arity: -7,
    flags: ["write", "blocking", "movablekeys"],
    // Behind GROUP and its names, which mostly come first.
    keys: streamKeys(4),
    categories: ["stream"],
    handler: readWith(true),
  },
];
