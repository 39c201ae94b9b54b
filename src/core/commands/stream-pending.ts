/** XPENDING: what a group's consumers have got and not acknowledged. */
import { LongText } from "../../base/long-text.ts";
import { arrayHeader, bulk, EMPTY_ARRAY, integer, nil, nilArray } from "../../protocol/resp/reply.ts";
import type { StreamGroup } from "../keyspace/stream-group.ts";
import { compareIds, formatId } from "../keyspace/stream-id.ts";
import { type Argv, arg, type CommandSpec, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseIndex } from "./numbers.ts";
import { type IdInterval, parseInterval } from "./stream-ids.ts";
import { readStream } from "./streams.ts";

interface PendingQuery extends IdInterval {
  readonly minIdleMs: number;
  readonly count: number;
  readonly consumer: string | undefined;
}

/** @returns the query; `undefined` for a summary, an encoded error for what is neither. */
function parseQuery(argv: Argv): PendingQuery | undefined | string {
  if (argv.length === 3) return undefined;
  if (argv.length < 6 || argv.length > 9) return errors.SYNTAX_ERROR;
  const hasIdle = arg(argv, 3).toUpperCase() === "IDLE";
  const minIdleMs = hasIdle ? parseIndex(arg(argv, 4)) : 0;
  if (minIdleMs === undefined) return errors.NOT_AN_INTEGER;
  if (hasIdle && argv.length < 8) return errors.SYNTAX_ERROR;
  const at = hasIdle ? 5 : 3;
  const count = parseIndex(arg(argv, at + 2));
  if (count === undefined) return errors.NOT_AN_INTEGER;
  const interval = parseInterval(arg(argv, at), arg(argv, at + 1));
  if (typeof interval === "string") return interval;
  return { ...interval, minIdleMs, count, consumer: argv[at + 3] };
}

function xpending(context: CommandContext, argv: Argv): string {
  const query = parseQuery(argv);
  if (typeof query === "string") return query;
  const [key, name] = [arg(argv, 1), arg(argv, 2)];
  const stream = readStream(context, key);
  if (typeof stream === "string") return stream;
  const group = stream?.group(name);
  if (group === undefined) return errors.noKeyOrGroup(key, name);
  return query === undefined ? summary(context, group) : list(context, group, query);
}

function summary({ version }: CommandContext, group: StreamGroup): string {
  const { pending } = group;
  const [first, last] = [pending.first(), pending.last()];
  const head = arrayHeader(4) + integer(pending.size);
  if (first === undefined || last === undefined)
    return head + nil(version) + nil(version) + nilArray(version);
  const holders = group.consumers().filter((consumer) => consumer.pending.size > 0);
  let text = head + bulk(formatId(first.id)) + bulk(formatId(last.id)) + arrayHeader(holders.length);
  for (const holder of holders)
    text += arrayHeader(2) + bulk(holder.name) + bulk(String(holder.pending.size));
  return text;
}

function list(context: CommandContext, group: StreamGroup, query: PendingQuery): string {
  const consumer = query.consumer === undefined ? group : group.consumer(query.consumer);
  if (consumer === undefined || query.count <= 0) return EMPTY_ARRAY;
  const text = new LongText();
  let count = 0;
  for (const { id, value } of consumer.pending.from(query.start)) {
    if (compareIds(id, query.end) > 0) break;
    const idleMs = context.nowMs - value.atMs;
    if (query.minIdleMs !== 0 && idleMs < query.minIdleMs) continue;
    text.add(arrayHeader(4) + bulk(formatId(id)) + bulk(value.consumer.name));
    text.add(integer(Math.max(0, idleMs)) + integer(value.count));
    count += 1;
    if (count === query.count) break;
  }
  return arrayHeader(count) + text.toString();
}

export const STREAM_PENDING_COMMANDS: readonly CommandSpec[] = [
  {
    name: "xpending",
    arity: -3,
    flags: ["readonly"],
    keys: ONE_KEY,
    categories: ["stream"],
    handler: xpending,
  },
];
