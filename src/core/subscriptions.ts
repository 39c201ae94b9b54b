/** Who is subscribed to what, and the messages for them. It sends nothing: messages go out when they are committed. */
import { bulk, pushHeader } from "../protocol/resp/reply.ts";
import { matchesGlob } from "./glob.ts";
import type { ClientSession } from "./session.ts";

export interface Delivery {
  readonly session: ClientSession;
  /** Encoded for the session's protocol version. */
  readonly text: string;
}

export class Subscriptions {
  readonly #channels = new Map<string, Set<ClientSession>>();
  readonly #patterns = new Map<string, Set<ClientSession>>();

  /** Number of patterns that anyone is subscribed to. */
  get patternCount(): number {
    return this.#patterns.size;
  }

  /** Number of channels that anyone is subscribed to, patterns not counted. */
  get channelCount(): number {
    return this.#channels.size;
  }

  /** Channels that anyone is subscribed to, patterns not counted. */
  channels(): IterableIterator<string> {
    return this.#channels.keys();
  }

  /** Subscribers of exactly this channel. */
  subscriberCount(channel: string): number {
    return this.#channels.get(channel)?.size ?? 0;
  }

  subscribe(session: ClientSession, channel: string): void {
    session.channels.add(channel);
    add(this.#channels, channel, session);
  }

  subscribePattern(session: ClientSession, pattern: string): void {
    session.patterns.add(pattern);
    add(this.#patterns, pattern, session);
  }

  unsubscribe(session: ClientSession, channel: string): void {
    session.channels.delete(channel);
    remove(this.#channels, channel, session);
  }

  unsubscribePattern(session: ClientSession, pattern: string): void {
    session.patterns.delete(pattern);
    remove(this.#patterns, pattern, session);
  }

  unsubscribeAll(session: ClientSession): void {
    for (const channel of session.channels) remove(this.#channels, channel, session);
    for (const pattern of session.patterns) remove(this.#patterns, pattern, session);
    session.channels.clear();
    session.patterns.clear();
  }

  /** How many messages a PUBLISH to `channel` would send now. */
  receivers(channel: string): number {
    let count = this.subscriberCount(channel);
    for (const [pattern, sessions] of this.#patterns) {
      if (matchesGlob(pattern, channel)) count += sessions.size;
    }
    return count;
  }

  /** The messages of one PUBLISH: for each subscriber of the channel, then for each of a matching pattern. */
  *deliver(channel: string, message: string): IterableIterator<Delivery> {
    const subscribers = this.#channels.get(channel);
    if (subscribers !== undefined) {
      yield* encodeFor(subscribers, ["message", channel, message]);
    }
    for (const [pattern, sessions] of this.#patterns) {
      if (matchesGlob(pattern, channel)) yield* encodeFor(sessions, ["pmessage", pattern, channel, message]);
    }
  }
}

function* encodeFor(
  sessions: ReadonlySet<ClientSession>,
  parts: readonly string[],
): IterableIterator<Delivery> {
  const body = parts.map(bulk).join("");
  for (const session of sessions) yield { session, text: pushHeader(parts.length, session.protocol) + body };
}

function add(index: Map<string, Set<ClientSession>>, name: string, session: ClientSession): void {
  const known = index.get(name);
  if (known === undefined) index.set(name, new Set([session]));
  else known.add(session);
}

function remove(index: Map<string, Set<ClientSession>>, name: string, session: ClientSession): void {
  const known = index.get(name);
  if (known?.delete(session) && known.size === 0) index.delete(name);
}
