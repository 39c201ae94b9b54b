/** SUBSCRIBE and its kin, and who gets a message. RESP3 clients get pushes, RESP2 clients arrays. */
import { bulk, error, integer, nil, PONG, pushHeader } from "../../src/protocol/resp/reply.ts";
import { type Answer, type CommandContext, fail } from "./answer.ts";
import type { ClientSession } from "./client-session.ts";
import { TOO_MANY_SUBSCRIPTIONS, wrongArity } from "./error-texts.ts";
import type { SentinelMessage } from "./event-payload.ts";
import { globMatches } from "./glob.ts";

/** There are some thirty channels; a client that asks for more than this many names is broken. */
const SUBSCRIPTIONS_MAX = 1024;

export function subscribe(context: CommandContext): Answer {
  return enter(context, "subscribe", context.session.channels);
}

export function psubscribe(context: CommandContext): Answer {
  return enter(context, "psubscribe", context.session.patterns);
}

export function unsubscribe(context: CommandContext): Answer {
  return leave(context, "unsubscribe", context.session.channels);
}

export function punsubscribe(context: CommandContext): Answer {
  return leave(context, "punsubscribe", context.session.patterns);
}

/** PING's answer depends on it: a subscribed RESP2 client reads nothing but arrays. */
export function ping({ argv, session }: CommandContext): Answer {
  if (argv.length > 2) return fail(wrongArity("ping"));
  const given = argv[1];
  if (session.inSubscriberMode) {
    const text = pushHeader(2, session.protocol) + bulk("pong") + bulk(given ?? "");
    return { kind: "reply", text };
  }
  return { kind: "reply", text: given === undefined ? PONG : bulk(given) };
}

/** What `message` comes to for this client; empty when it has not asked. */
export function deliveryOf(session: ClientSession, message: SentinelMessage): string {
  let text = "";
  if (session.channels.has(message.channel)) {
    text += pushHeader(3, session.protocol) + bulk("message") + bulk(message.channel) + bulk(message.payload);
  }
  for (const pattern of session.patterns) {
    if (!globMatches(pattern, message.channel)) continue;
    text += pushHeader(4, session.protocol) + bulk("pmessage") + bulk(pattern);
    text += bulk(message.channel) + bulk(message.payload);
  }
  return text;
}

function enter({ argv, session }: CommandContext, kind: string, names: Set<string>): Answer {
  if (session.subscriptions + argv.length - 1 > SUBSCRIPTIONS_MAX) {
    return { kind: "reply", text: error(TOO_MANY_SUBSCRIPTIONS) };
  }
  let text = "";
  for (const name of argv.slice(1)) {
    names.add(name);
    text += confirmation(session, kind, name);
  }
  return { kind: "reply", text, always: true };
}

function leave({ argv, session }: CommandContext, kind: string, names: Set<string>): Answer {
  const leaving = argv.length > 1 ? argv.slice(1) : [...names];
  if (leaving.length === 0) return { kind: "reply", text: confirmation(session, kind, null), always: true };
  let text = "";
  for (const name of leaving) {
    names.delete(name);
    text += confirmation(session, kind, name);
  }
  return { kind: "reply", text, always: true };
}

function confirmation(session: ClientSession, kind: string, name: string | null): string {
  const { protocol } = session;
  const named = name === null ? nil(protocol) : bulk(name);
  return pushHeader(3, protocol) + bulk(kind) + named + integer(session.subscriptions);
}
