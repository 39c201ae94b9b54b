/**
 * Replies wait for what they saw. Holds each client's replies, in order, until the records that they depend on
 * are safe and, for reads without a lease, until the reign is confirmed. Decides nothing about commit itself.
 */
import type { Millis, Offset } from "../../base/ids.ts";
import { OFFSET_ZERO } from "../../base/ids.ts";
import { type Client, type HeldReply, REPLY_PIECE_BYTES, type ReplyNeed } from "../client.ts";

export interface GateErrors {
  /** For a command that was executed and is not known to be safe. */
  readonly uncertain: string;
  /** For a read whose reign could not be confirmed. */
  readonly unconfirmed: string;
}

export class ReplyGate {
  /** Everything up to here is safe by the mode's rule. */
  #safeOffset: Offset = OFFSET_ZERO;
  #confirmedRound = 0;
  /**
   * Those with replies held, the longest first. Who has none left, or has gone, is struck off when they are next gone through: a set that
   * each write of a client enters and leaves cost several times as much.
   */
  #waiting: Client[] = [];
  readonly #release: (client: Client) => void;
  readonly #errors: GateErrors;

  /** @param release told of each client that has text to go out. */
  constructor(release: (client: Client) => void, errors: GateErrors) {
    this.#release = release;
    this.#errors = errors;
  }

  isSafe(offset: Offset): boolean {
    return offset <= this.#safeOffset;
  }

  /** @param count how many commands `text` answers. */
  push(
    client: Client,
    { text, count }: Pick<HeldReply, "text" | "count">,
    need: ReplyNeed,
    deadlineMs: Millis,
    turn: number,
  ): void {
    if (client.held.length === 0 && need.offset <= this.#safeOffset && need.round <= this.#confirmedRound) {
      client.reply(text);
      this.#release(client);
      return;
    }
    const last = client.held.at(-1);
    if (
      last !== undefined &&
      last.turn === turn &&
      dependsOnNothing(last) === dependsOnNothing(need) &&
      last.wrote === need.wrote &&
      last.round === need.round &&
      last.text.length + text.length <= REPLY_PIECE_BYTES
    ) {
      client.holdWith(last, { text, count }, need.offset);
      return;
    }
    const { offset, round, wrote } = need;
    client.hold({ text, count, offset, round, wrote, deadlineMs, turn });
    if (client.awaited) return;
    client.awaited = true;
    this.#waiting.push(client);
  }

  /** What is safe by now. Values may go back only through `reset`. */
  advance(safeOffset: Offset, confirmedRound: number): void {
    if (safeOffset <= this.#safeOffset && confirmedRound <= this.#confirmedRound) return;
    if (safeOffset > this.#safeOffset) this.#safeOffset = safeOffset;
    if (confirmedRound > this.#confirmedRound) this.#confirmedRound = confirmedRound;
    this.#forEach((client) => this.#releaseHead(client));
  }

  /** Answers with an error what has waited too long. */
  expire(nowMs: Millis): void {
    this.#forEach((client) => {
      const head = client.held[0];
      if (head !== undefined && head.deadlineMs <= nowMs)
        this.#fail(client, (held) => held.deadlineMs <= nowMs);
    });
  }

  /** Nobody could be heard for so long, up to now: what waits may wait for as much longer. */
  excuseSilence(ms: Millis): void {
    this.#forEach((client) => {
      for (const held of client.held) held.deadlineMs += ms;
    });
  }

  /** The role has ended: nothing held can be confirmed any more. */
  failAll(): void {
    this.#forEach((client) => this.#fail(client, () => true));
  }

  /** A new role begins with what it knows as safe. */
  reset(safeOffset: Offset): void {
    this.#safeOffset = safeOffset;
    this.forgetRounds();
  }

  /** A new reign begins: rounds are the old one's and mean nothing any more. */
  forgetRounds(): void {
    this.#confirmedRound = 0;
  }

  /** Of those that wait. */
  #forEach(action: (client: Client) => void): void {
    const waiting = this.#waiting;
    let kept = 0;
    for (const client of waiting) {
      if (!client.closed) action(client);
      client.awaited = !client.closed && client.held.length > 0;
      if (client.awaited) waiting[kept++] = client;
    }
    waiting.length = kept;
  }

  #releaseHead(client: Client): void {
    let done = 0;
    for (const held of client.held) {
      if (held.offset > this.#safeOffset || held.round > this.#confirmedRound) break;
      client.reply(held.text);
      done++;
    }
    this.#settle(client, done);
  }

  #fail(client: Client, isOver: (held: HeldReply) => boolean): void {
    let done = 0;
    for (const held of client.held) {
      if (!isOver(held)) break;
      client.reply(dependsOnNothing(held) ? held.text : this.#errorsFor(held));
      done++;
    }
    this.#settle(client, done);
    if (client.held.length > 0) this.#releaseHead(client);
  }

  #errorsFor({ wrote, count }: HeldReply): string {
    return (wrote ? this.#errors.uncertain : this.#errors.unconfirmed).repeat(count);
  }

  #settle(client: Client, done: number): void {
    if (done === 0) return;
    client.unhold(done);
    this.#release(client);
  }
}

/** It waits for its turn alone: what comes before it may fail, it does not. */
function dependsOnNothing({ offset, round }: Pick<ReplyNeed, "offset" | "round">): boolean {
  return offset === OFFSET_ZERO && round === 0;
}
