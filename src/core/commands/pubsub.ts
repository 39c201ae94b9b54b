/** Pub/sub commands. PUBLISH only notes the message: it goes out once all that this command saw is committed. */
import { arrayHeader, bulk, bulkArray, integer, nil, pushHeader } from "../../protocol/resp/reply.ts";
import { matchesGlob } from "../glob.ts";
import type { ClientSession } from "../session.ts";
import type { Subscriptions } from "../subscriptions.ts";
import { type Argv, arg, type CommandSpec, type Flag } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";

/** One acknowledgement; each counts the subscriptions that the client then has. */
function acknowledgement(context: CommandContext, kind: string, name: string | undefined): string {
  const { session, version } = context;
  context.execution.pushed = true;
  const subject = name === undefined ? nil(version) : bulk(name);
  return pushHeader(3, version) + bulk(kind) + subject + integer(session.subscriptions);
}

type Change = (subscriptions: Subscriptions, session: ClientSession, name: string) => void;

function subscribeWith(kind: string, change: Change) {
  return (context: CommandContext, argv: Argv): string => {
    let reply = "";
    for (let at = 1; at < argv.length; at += 1) {
      change(context.registry.subscriptions, context.session, arg(argv, at));
      reply += acknowledgement(context, kind, arg(argv, at));
    }
    return reply;
  };
}

function unsubscribeWith(kind: string, present: (session: ClientSession) => Set<string>, change: Change) {
  return (context: CommandContext, argv: Argv): string => {
    const names = argv.length > 1 ? argv.slice(1) : [...present(context.session)];
    if (names.length === 0) return acknowledgement(context, kind, undefined);
    let reply = "";
    for (const name of names) {
      change(context.registry.subscriptions, context.session, name);
      reply += acknowledgement(context, kind, name);
    }
    return reply;
  };
}

function publish(context: CommandContext, argv: Argv): string {
  const channel = arg(argv, 1);
  context.keyspace.publications.push({ channel, message: arg(argv, 2) });
  return integer(context.registry.subscriptions.receivers(channel));
}

function channels(context: CommandContext, argv: Argv): string {
  if (argv.length > 3) return errors.badSubcommand("pubsub", arg(argv, 1));
  const pattern = argv[2];
  const found: string[] = [];
  for (const channel of context.registry.subscriptions.channels()) {
    if (pattern === undefined || matchesGlob(pattern, channel)) found.push(channel);
  }
  return bulkArray(found);
}

function numsub(context: CommandContext, argv: Argv): string {
  let reply = arrayHeader((argv.length - 2) * 2);
  for (let at = 2; at < argv.length; at += 1) {
    const channel = arg(argv, at);
    reply += bulk(channel) + integer(context.registry.subscriptions.subscriberCount(channel));
  }
  return reply;
}

const HELP = helpReply("PUBSUB", [
  ["CHANNELS [<pattern>]", "Channels that have subscribers."],
  ["NUMPAT", "Number of patterns that anyone is subscribed to."],
  ["NUMSUB [<channel> ...]", "Number of subscribers of each channel."],
]);

const FLAGS: readonly Flag[] = ["pubsub", "noscript", "loading", "stale"];
const LOOK_FLAGS: readonly Flag[] = ["pubsub", "loading", "stale"];

export const PUBSUB_COMMANDS: readonly CommandSpec[] = [
  {
    name: "subscribe",
    arity: -2,
    flags: FLAGS,
    whileSubscribed: true,
    handler: subscribeWith("subscribe", (subscriptions, session, name) =>
      subscriptions.subscribe(session, name),
    ),
  },
  {
    name: "unsubscribe",
    arity: -1,
    flags: FLAGS,
    whileSubscribed: true,
    handler: unsubscribeWith(
      "unsubscribe",
      (session) => session.channels,
      (subscriptions, session, name) => subscriptions.unsubscribe(session, name),
    ),
  },
  {
    name: "psubscribe",
    arity: -2,
    flags: FLAGS,
    whileSubscribed: true,
    handler: subscribeWith("psubscribe", (subscriptions, session, name) =>
      subscriptions.subscribePattern(session, name),
    ),
  },
  {
    name: "punsubscribe",
    arity: -1,
    flags: FLAGS,
    whileSubscribed: true,
    handler: unsubscribeWith(
      "punsubscribe",
      (session) => session.patterns,
      (subscriptions, session, name) => subscriptions.unsubscribePattern(session, name),
    ),
  },
  {
    name: "publish",
    arity: 3,
    flags: ["pubsub", "loading", "stale", "fast", "may_replicate"],
    handler: publish,
  },
  {
    name: "pubsub",
    arity: -2,
    flags: [],
    subcommands: [
      { name: "channels", arity: -2, flags: LOOK_FLAGS, handler: channels },
      { name: "numsub", arity: -2, flags: LOOK_FLAGS, handler: numsub },
      {
        name: "numpat",
        arity: 2,
        flags: LOOK_FLAGS,
        handler: (context) => integer(context.registry.subscriptions.patternCount),
      },
      { name: "help", arity: 2, flags: ["loading", "stale"], handler: () => HELP },
    ],
  },
];
