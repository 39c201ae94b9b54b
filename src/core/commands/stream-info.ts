/** XINFO: what is known about a stream, its groups and their consumers. */
import { LongText } from "../../base/long-text.ts";
import { array, arrayHeader, bulk, integer, map, nil } from "../../protocol/resp/reply.ts";
import type { IdAndValue } from "../keyspace/id-map.ts";
import { type Consumer, type Delivery, READS_UNKNOWN, type StreamGroup } from "../keyspace/stream-group.ts";
import { formatId, ID_MAX, ID_ZERO } from "../keyspace/stream-id.ts";
import type { StreamEntry } from "../keyspace/stream-node.ts";
import { lagOf } from "../keyspace/stream-progress.ts";
import type { StreamValue } from "../keyspace/stream-value.ts";
import { type Argv, arg, type CommandSpec, type Handler } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { parseIndex } from "./numbers.ts";
import { entriesReply, entryReply } from "./stream-replies.ts";
import { readStream } from "./streams.ts";

/** Entries, and deliveries of each group and consumer, that XINFO STREAM FULL shows unless it is told how many. */
const FULL_COUNT = 10;

type Field = readonly [string, string];

/** Runs a subcommand on the stream that its key holds. */
function about(tell: (context: CommandContext, stream: StreamValue, argv: Argv) => string): Handler {
  return (context, argv) => {
    const stream = readStream(context, arg(argv, 2));
    if (typeof stream === "string") return stream;
    return stream === undefined ? errors.NO_SUCH_KEY : tell(context, stream, argv);
  };
}

function tellStream(context: CommandContext, stream: StreamValue, argv: Argv): string {
  if (argv.length > 3) return tellFully(context, stream, argv);
  const { version } = context;
  const entryOrNil = (entry: StreamEntry | undefined): string =>
    entry === undefined ? nil(version) : entryReply(entry);
  const ends: Field[] = [
    ["groups", integer(stream.groupCount)],
    ["first-entry", entryOrNil(stream.entry(stream.firstEntryId))],
    ["last-entry", entryOrNil(stream.entry(stream.lastEntryId))],
  ];
  return map([...commonFields(stream), ...ends], version);
}

function commonFields(stream: StreamValue): Field[] {
  return [
    ["length", integer(stream.size)],
    ["radix-tree-keys", integer(stream.nodeCount)],
    // Redis's tree has inner nodes of many kinds; ours has none to tell of.
    ["radix-tree-nodes", integer(stream.nodeCount + 1)],
    ["last-generated-id", bulk(formatId(stream.lastId))],
    ["max-deleted-entry-id", bulk(formatId(stream.maxDeletedId))],
    ["entries-added", integer(stream.entriesAdded)],
    ["recorded-first-entry-id", bulk(formatId(stream.firstEntryId))],
  ];
}

function tellFully(context: CommandContext, stream: StreamValue, argv: Argv): string {
  const count = parseFullCount(argv);
  if (typeof count === "string") return count;
  const groups = stream.groups().map((group) => fullGroup(context, stream, group, count));
  const entries = entriesReply(stream.range(ID_ZERO, ID_MAX), count);
  return map([...commonFields(stream), ["entries", entries], ["groups", array(groups)]], context.version);
}

/** FULL, or FULL COUNT and a number, 0 for all. @returns the number, or an encoded error. */
function parseFullCount(argv: Argv): number | string {
  const isFull = arg(argv, 3).toUpperCase() === "FULL";
  if (!isFull || (argv.length !== 4 && argv.length !== 6)) return errors.badSubcommand("XINFO", arg(argv, 1));
  if (argv.length === 4) return FULL_COUNT;
  if (arg(argv, 4).toUpperCase() !== "COUNT") return errors.badSubcommand("XINFO", arg(argv, 1));
  const count = parseIndex(arg(argv, 5));
  if (count === undefined) return errors.NOT_AN_INTEGER;
  return count < 0 ? FULL_COUNT : count;
}

function fullGroup(context: CommandContext, stream: StreamValue, group: StreamGroup, count: number): string {
  const consumers = group.consumers().map((consumer) => fullConsumer(context, consumer, count));
  const withConsumer = (delivery: Delivery): string => bulk(delivery.consumer.name);
  const fields: Field[] = [
    ["name", bulk(group.name)],
    ["last-delivered-id", bulk(formatId(group.lastId))],
    ...progress(context, stream, group),
    ["pel-count", integer(group.pending.size)],
    ["pending", deliveries(group.pending.from(), count, withConsumer)],
    ["consumers", array(consumers)],
  ];
  return map(fields, context.version);
}

function fullConsumer(context: CommandContext, { name, seenMs, pending }: Consumer, count: number): string {
  const fields: Field[] = [
    ["name", bulk(name)],
    ["seen-time", integer(seenMs)],
    ["pel-count", integer(pending.size)],
    ["pending", deliveries(pending.from(), count)],
  ];
  return map(fields, context.version);
}

/** @param whom what to put behind the ID. */
function deliveries(
  all: Iterable<IdAndValue<Delivery>>,
  countMax: number,
  whom?: (delivery: Delivery) => string,
): string {
  const text = new LongText();
  let count = 0;
  for (const { id, value } of all) {
    text.add(arrayHeader(whom === undefined ? 3 : 4) + bulk(formatId(id)) + (whom?.(value) ?? ""));
    text.add(integer(value.atMs) + integer(value.count));
    count += 1;
    if (count === countMax) break;
  }
  return arrayHeader(count) + text.toString();
}

function progress({ version }: CommandContext, stream: StreamValue, group: StreamGroup): Field[] {
  const lag = lagOf(stream, group);
  const { entriesRead } = group;
  return [
    ["entries-read", entriesRead === READS_UNKNOWN ? nil(version) : integer(entriesRead)],
    ["lag", lag === undefined ? nil(version) : integer(lag)],
  ];
}

function tellGroups(context: CommandContext, stream: StreamValue): string {
  const groups = stream.groups().map((group) => {
    const fields: Field[] = [
      ["name", bulk(group.name)],
      ["consumers", integer(group.consumerCount)],
      ["pending", integer(group.pending.size)],
      ["last-delivered-id", bulk(formatId(group.lastId))],
      ...progress(context, stream, group),
    ];
    return map(fields, context.version);
  });
  return array(groups);
}

function tellConsumers(context: CommandContext, stream: StreamValue, argv: Argv): string {
  const group = stream.group(arg(argv, 3));
  if (group === undefined) return errors.noGroup(arg(argv, 2), arg(argv, 3));
  const consumers = group.consumers().map(({ name, pending, seenMs }) => {
    const fields: Field[] = [
      ["name", bulk(name)],
      ["pending", integer(pending.size)],
      ["idle", integer(Math.max(0, context.nowMs - seenMs))],
    ];
    return map(fields, context.version);
  });
  return array(consumers);
}

const HELP = helpReply("XINFO", [
  ["CONSUMERS <key> <groupname>", "Consumers of the group."],
  ["GROUPS <key>", "Groups of the stream."],
  ["STREAM <key> [FULL [COUNT <count>]]", "The stream itself."],
]);

const INFO = { flags: ["readonly"], keys: { first: 2, last: 2, step: 1 }, categories: ["stream"] } as const;

export const STREAM_INFO_COMMANDS: readonly CommandSpec[] = [
  {
    name: "xinfo",
    arity: -2,
    flags: [],
    subcommands: [
      { name: "stream", arity: -3, ...INFO, handler: about(tellStream) },
      { name: "groups", arity: 3, ...INFO, handler: about(tellGroups) },
      { name: "consumers", arity: 4, ...INFO, handler: about(tellConsumers) },
      { name: "help", arity: 2, flags: ["loading", "stale"], categories: ["stream"], handler: () => HELP },
    ],
  },
];
