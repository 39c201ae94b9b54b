/** One Redis client as the member's core knows it: its session, the replies it waits for, the commands on hold. */
import { type Millis, OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { Argv } from "./commands/command.ts";
import type { BlockRequest } from "./commands/execution.ts";
import type { ClientSession } from "./session.ts";

/** What must be so before a reply may leave. */
export interface ReplyNeed {
  /** Offset that must be committed (in sync mode: applied by the quorum). */
  readonly offset: Offset;
  /** Round that must be confirmed; 0 for none. */
  readonly round: number;
  /** The command was executed with effects: its fate is then uncertain, not refused. */
  readonly wrote: boolean;
}

export const NOTHING_SEEN: ReplyNeed = { offset: OFFSET_ZERO, round: 0, wrote: false };

/** Replies that may leave only once what they saw is safe. Replies of one turn with one need share an entry. */
export interface HeldReply extends Pick<ReplyNeed, "round" | "wrote"> {
  text: string;
  /** Commands answered by `text`; each gets its own error when the wait fails. */
  count: number;
  offset: Offset;
  deadlineMs: Millis;
  readonly turn: number;
}

/** A command that waits for replicas or for keys. */
export interface BlockedCommand {
  readonly request: BlockRequest;
  readonly argv: Argv;
  /** What was seen when it blocked: the reply of a command whose time is up waits for that. */
  readonly seen: Offset;
  /** `Infinity` without a time limit. */
  readonly deadlineMs: Millis;
}

/**
 * Replies are collected up to so many bytes, then a new piece is begun. A text of several hundred kilobytes is made flat
 * among V8's large objects, which costs some five times as much as the same bytes in pieces (measured with LRANGE).
 */
export const REPLY_PIECE_BYTES: number = 32 * 1024;

/**
 * While more is held for a client, none of its commands run: of a pipeline behind a write whose replicas are slow, it bounds what the
 * replies keep in memory. One reply may be longer.
 */
export const HELD_BYTES_MAX: number = 4 * 1024 * 1024;

/**
 * What is kept for a client comes in arrays that are made when there is something to keep, and dropped when there is nothing
 * more. One that waited for it, empty, would be old to V8 by then: filled and dropped, it would keep all it held alive
 * until the next collection of the old generation (measured: a third of all replies, with 50 busy clients).
 */
const NOTHING_HELD: readonly HeldReply[] = [];

export class Client {
  readonly session: ClientSession;
  /** What may go out now, latin1, after the pieces that are full. */
  #ready = "";
  #readyBytes = 0;
  #fullPieces: string[] | null = null;
  #held: HeldReply[] | null = null;
  #heldBytes = 0;
  /**
   * The next command, on hold: the node may not run it now (a switchover, a reign not yet established), or the client
   * is blocked. What the client sent after it stays in its decoder.
   */
  pending: string[] | null = null;
  blocked: BlockedCommand | null = null;
  /** More than `HELD_BYTES_MAX` was held when its latest command had run: its next ones stay in its decoder until less is. */
  backedUp = false;
  /** A write of it was refused here, on a replica: a sentinel that was late with the news may have named this node to it. */
  misled = false;
  /** Close the connection once everything held has gone out. */
  closing = false;
  /** Written right before the connection is closed: the error that ends it. */
  lastWords = "";
  closed = false;
  /** Already listed in the outbox of this step. */
  listed = false;
  /** Already among those whose held replies are looked at when more is safe. */
  awaited = false;

  constructor(session: ClientSession) {
    this.session = session;
  }

  /** Replies that may not go out yet, oldest first. */
  get held(): readonly HeldReply[] {
    return this.#held ?? NOTHING_HELD;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  hold(reply: HeldReply): void {
    if (this.#held === null) this.#held = [reply];
    else this.#held.push(reply);
    this.#heldBytes += reply.text.length;
  }

  /** Adds a reply that saw `offset` to `last`, the newest that is held. */
  holdWith(last: HeldReply, { text, count }: Pick<HeldReply, "text" | "count">, offset: Offset): void {
    last.text += text;
    last.count += count;
    if (offset > last.offset) last.offset = offset;
    this.#heldBytes += text.length;
  }

  /** The oldest `count` are held no more. */
  unhold(count: number): void {
    const held = this.#held ?? NOTHING_HELD;
    for (let at = 0; at < count; at++) this.#heldBytes -= held[at]?.text.length ?? 0;
    this.#held = count >= held.length ? null : held.slice(count);
  }

  /** Adds a reply to what may go out now. */
  reply(text: string): void {
    this.#readyBytes += text.length;
    if (this.#ready !== "" && this.#ready.length + text.length > REPLY_PIECE_BYTES) {
      this.#fullPieces ??= [];
      this.#fullPieces.push(this.#ready);
      this.#ready = text;
    } else this.#ready += text;
  }

  get readyBytes(): number {
    return this.#readyBytes;
  }

  /** @returns what may go out now, in order. */
  takeReady(): string[] {
    const pieces = this.#fullPieces ?? [];
    if (this.#ready !== "") pieces.push(this.#ready);
    this.#fullPieces = null;
    this.#ready = "";
    this.#readyBytes = 0;
    this.listed = false;
    return pieces;
  }
}
