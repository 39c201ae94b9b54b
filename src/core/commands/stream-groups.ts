/** XGROUP and XACK: consumer groups come and go, and learn what has been dealt with. */
import { integer, OK, ONE, ZERO } from "../../protocol/resp/reply.ts";
import type { ExactInteger } from "../keyspace/exact-integer.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { READS_UNKNOWN, StreamGroup } from "../keyspace/stream-group.ts";
import { ID_ZERO } from "../keyspace/stream-id.ts";
import { StreamValue } from "../keyspace/stream-value.ts";
import { type Argv, arg, type CommandSpec, type Handler, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { parseInteger } from "./numbers.ts";
import { readSource } from "./read-source.ts";
import { mayName, meet, propagateConsumer } from "./stream-deliveries.ts";
import { parseId, parseLooseId } from "./stream-ids.ts";
import { parseIds } from "./streams.ts";

/** Longest form that Redis takes of XGROUP CREATE. */
const CREATE_ARGUMENTS_MAX = 8;

interface GroupOptions {
  readonly makesStream: boolean;
  readonly entriesRead: ExactInteger;
}

/** @returns what stands behind the ID, or an encoded error. */
function parseGroupOptions(
  context: CommandContext,
  argv: Argv,
  mayMakeStream: boolean,
): GroupOptions | string {
  let makesStream = false;
  let entriesRead: ExactInteger = READS_UNKNOWN;
  for (let at = 5; at < argv.length; at += 1) {
    const option = arg(argv, at).toUpperCase();
    if (option === "MKSTREAM" && mayMakeStream) {
      makesStream = true;
    } else if (option === "ENTRIESREAD" && at + 1 < argv.length) {
      at += 1;
      const parsed = parseInteger(arg(argv, at));
      if (parsed === undefined) return errors.NOT_AN_INTEGER;
      // A counter may have run over, and is then replicated so.
      if (parsed < READS_UNKNOWN && !context.keyspace.replaying) return errors.ENTRIES_READ_NEGATIVE;
      entriesRead = parsed;
    } else {
      return errors.badSubcommand("XGROUP", arg(argv, 1));
    }
  }
  return { makesStream, entriesRead };
}

/** @returns the stream; `undefined` when the key is absent, an encoded error when it holds something else. */
function findStream(context: CommandContext, key: string): StreamValue | undefined | string {
  const value = context.db.read(key)?.value;
  return value === undefined || value instanceof StreamValue ? value : errors.WRONG_TYPE;
}

function create(context: CommandContext, argv: Argv): string {
  const options = parseGroupOptions(context, argv, true);
  if (typeof options === "string") return options;
  const [key, name] = [arg(argv, 2), arg(argv, 3)];
  const known = findStream(context, key);
  if (typeof known === "string") return known;
  if (known === undefined && !options.makesStream) return errors.XGROUP_NEEDS_KEY;
  if (argv.length > CREATE_ARGUMENTS_MAX) return errors.badSubcommand("XGROUP", arg(argv, 1));
  const id = arg(argv, 4) === "$" ? (known?.lastId ?? ID_ZERO) : parseId(arg(argv, 4));
  if (id === undefined) return errors.INVALID_STREAM_ID;
  const stream = known ?? new StreamValue();
  if (stream.group(name) !== undefined) return errors.BUSY_GROUP;
  if (known === undefined) context.db.set(key, stream, 0);
  else context.db.beforeInnerChange(key);
  stream.addGroup(new StreamGroup(name, id, options.entriesRead));
  context.propagateAsIs();
  context.notify(NOTIFY.stream, "xgroup-create", key);
  return OK;
}

/** Runs a subcommand that needs the stream to be there. */
function onStream(act: (context: CommandContext, argv: Argv, stream: StreamValue) => string): Handler {
  return (context, argv) => {
    const stream = findStream(context, arg(argv, 2));
    if (typeof stream === "string") return stream;
    return stream === undefined ? errors.XGROUP_NEEDS_KEY : act(context, argv, stream);
  };
}

/** Runs a subcommand that needs the group to be there. */
function onGroup(
  act: (context: CommandContext, argv: Argv, stream: StreamValue, group: StreamGroup) => string,
): Handler {
  return onStream((context, argv, stream) => {
    const group = stream.group(arg(argv, 3));
    return group === undefined
      ? errors.noGroup(arg(argv, 2), arg(argv, 3))
      : act(context, argv, stream, group);
  });
}

function setId(context: CommandContext, argv: Argv): string {
  const options = parseGroupOptions(context, argv, false);
  if (typeof options === "string") return options;
  return onGroup((_context, _argv, stream, group) => {
    if (argv.length !== 5 && argv.length !== 7) return errors.badSubcommand("XGROUP", arg(argv, 1));
    const id = arg(argv, 4) === "$" ? stream.lastId : parseLooseId(arg(argv, 4));
    if (id === undefined) return errors.INVALID_STREAM_ID;
    const key = arg(argv, 2);
    context.db.beforeInnerChange(key);
    group.lastId = id;
    group.entriesRead = options.entriesRead;
    context.propagateAsIs();
    context.notify(NOTIFY.stream, "xgroup-setid", key);
    return OK;
  })(context, argv);
}

function destroy(context: CommandContext, argv: Argv, stream: StreamValue): string {
  const [key, name] = [arg(argv, 2), arg(argv, 3)];
  if (stream.group(name) === undefined) return ZERO;
  context.db.beforeInnerChange(key);
  stream.removeGroup(name);
  context.propagateAsIs();
  context.notify(NOTIFY.stream, "xgroup-destroy", key);
  // Whoever waits for something new of the group learns that it is gone.
  context.db.wake(key);
  return ONE;
}

function createConsumer(
  context: CommandContext,
  argv: Argv,
  _stream: StreamValue,
  group: StreamGroup,
): string {
  const [key, name] = [arg(argv, 2), arg(argv, 4)];
  if (group.consumer(name) !== undefined) return ZERO;
  if (!mayName(context, key, group.name, name)) return errors.REPLY_TOO_LONG;
  context.db.beforeInnerChange(key);
  propagateConsumer(context, key, group, meet(context, key, group, name), []);
  return ONE;
}

function deleteConsumer(
  context: CommandContext,
  argv: Argv,
  _stream: StreamValue,
  group: StreamGroup,
): string {
  const key = arg(argv, 2);
  const consumer = group.consumer(arg(argv, 4));
  if (consumer === undefined) return ZERO;
  context.db.beforeInnerChange(key);
  group.removeConsumer(consumer);
  context.propagateAsIs();
  context.notify(NOTIFY.stream, "xgroup-delconsumer", key);
  return integer(consumer.pending.size);
}

function xack(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const entry = readSource(context, key);
  if (entry === undefined) return ZERO;
  if (!(entry.value instanceof StreamValue)) return errors.WRONG_TYPE;
  const group = entry.value.group(arg(argv, 2));
  if (group === undefined) return ZERO;
  const ids = parseIds(argv, 3);
  if (typeof ids === "string") return ids;
  if (!ids.some((id) => group.pending.get(id) !== undefined)) return ZERO;
  context.db.beforeInnerChange(key);
  let acknowledged = 0;
  for (const id of ids) if (group.acknowledge(id)) acknowledged += 1;
  context.propagateAsIs();
  return integer(acknowledged);
}

const HELP = helpReply("XGROUP", [
  ["CREATE <key> <groupname> <id|$> [MKSTREAM] [ENTRIESREAD <count>]", "Create a consumer group."],
  ["CREATECONSUMER <key> <groupname> <consumer>", "Create a consumer in the group."],
  ["DELCONSUMER <key> <groupname> <consumer>", "Remove the consumer and what is pending for it."],
  ["DESTROY <key> <groupname>", "Remove the group."],
  ["SETID <key> <groupname> <id|$> [ENTRIESREAD <count>]", "Set what the group has read."],
]);

const GROUP = { keys: { first: 2, last: 2, step: 1 }, categories: ["stream"] } as const;

export const STREAM_GROUP_COMMANDS: readonly CommandSpec[] = [
  {
    name: "xgroup",
    arity: -2,
    flags: [],
    subcommands: [
      { name: "create", arity: -5, flags: ["write", "denyoom"], ...GROUP, handler: create },
      { name: "setid", arity: -5, flags: ["write"], ...GROUP, handler: setId },
      { name: "destroy", arity: 4, flags: ["write"], ...GROUP, handler: onStream(destroy) },
      {
        name: "createconsumer",
        arity: 5,
        flags: ["write", "denyoom"],
        ...GROUP,
        handler: onGroup(createConsumer),
      },
      { name: "delconsumer", arity: 5, flags: ["write"], ...GROUP, handler: onGroup(deleteConsumer) },
      { name: "help", arity: 2, flags: ["loading", "stale"], categories: ["stream"], handler: () => HELP },
    ],
  },
  {
    name: "xack",
    arity: -4,
    flags: ["write", "fast"],
    keys: ONE_KEY,
    categories: ["stream"],
    handler: xack,
  },
];
