/**
 * Shares the event loop between the commands of clients and everything else: heartbeats, acks, other clients. Decides how
 * long commands run on end, whose are taken up next, and how long replies wait for the others of a turn; it runs none itself.
 */
import type { Millis } from "../../base/ids.ts";

/** Of one client on end, however many reads of its socket that takes. */
const CLIENT_MS_MAX: Millis = 2;
/**
 * Of all clients for what sockets have brought in one turn of the event loop, and again for those who waited: together less than the 10 ms
 * that nobody else should have to wait.
 */
const TURN_MS_MAX: Millis = 4;
/** A reply waits no longer for what others run in the same turn, so that many leave together. */
const REPLY_WAITS_MS_MAX: Millis = 1;
/** Quick commands between two looks at the clock: one takes microseconds. */
const COMMANDS_PER_LOOK = 16;

export interface CommandTurnsOwner<Client> {
  nowMs(): Millis;
  /** Nobody's turn comes otherwise, until `resume`. */
  isRunning(): boolean;
  /** Sends the replies of all that has run: they have waited for others' commands long enough. */
  sendReplies(): void;
  /** It is this client's turn: a batch of its commands begins. */
  run(client: Client): void;
  /** All batches that began in a turn of the event loop have run, so many: what they lead to is due, replies included. */
  turnEnds(batches: number): void;
}

export class CommandTurns<Client> {
  readonly #owner: CommandTurnsOwner<Client>;
  /** Whose commands are taken up in a later turn, in order. */
  readonly #waiting = new Set<Client>();
  #due = false;
  /** Batches that have begun and that `turnEnds` has not been called for. */
  #begun = 0;
  /** When the first batch of this turn began. */
  #turnMs: Millis | null = null;
  /** When the time of the client whose batch it is began. */
  #batchMs: Millis = 0;
  /** Whose batch was the last one of this turn. */
  #last: Client | null = null;
  /** When replies were sent, or could have been. */
  #sentMs: Millis = 0;
  /** Commands of the batch since the last look at the clock. */
  #unseen = 0;

  constructor(owner: CommandTurnsOwner<Client>) {
    this.#owner = owner;
  }

  isWaiting(client: Client): boolean {
    return this.#waiting.has(client);
  }

  /** The client's turn comes later, behind those who wait already. */
  wait(client: Client): void {
    this.#waiting.add(client);
    this.#callSoon();
  }

  forget(client: Client): void {
    this.#waiting.delete(client);
  }

  /**
   * A batch of the client's commands may begin, unless this turn's time is up, or what the client has of it; then it waits.
   *
   * @param nowMs as the batch's commands will know it.
   */
  mayBegin(client: Client, nowMs: Millis): boolean {
    if (nowMs - this.#sentMs > REPLY_WAITS_MS_MAX) this.#sendReplies(nowMs);
    if (this.#turnMs === null) {
      this.#turnMs = nowMs;
      this.#callSoon();
    } else if (nowMs - this.#turnMs >= TURN_MS_MAX) {
      this.wait(client);
      return false;
    }
    // A socket that is always full is read dozens of times before any other is looked at.
    if (client !== this.#last) this.#batchMs = nowMs;
    else if (nowMs - this.#batchMs >= CLIENT_MS_MAX) {
      this.wait(client);
      return false;
    }
    this.#last = client;
    this.#begun += 1;
    this.#unseen = 0;
    return true;
  }

  /**
   * Call after each command of a batch that has more, or after a few of the quickest.
   *
   * @param isQuick the command took no time to speak of.
   * @returns false when the rest must `wait`.
   */
  mayGoOn(isQuick: boolean): boolean {
    this.#unseen++;
    if (isQuick && this.#unseen < COMMANDS_PER_LOOK) return true;
    this.#unseen = 0;
    const nowMs = this.#owner.nowMs();
    return nowMs - this.#batchMs < CLIENT_MS_MAX && nowMs - (this.#turnMs ?? nowMs) < TURN_MS_MAX;
  }

  /** It runs again. */
  resume(): void {
    if (this.#begun > 0 || this.#waiting.size > 0) this.#callSoon();
  }

  #sendReplies(nowMs: Millis): void {
    this.#sentMs = nowMs;
    this.#owner.sendReplies();
  }

  #callSoon(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#beginTurn();
      if (!this.#owner.isRunning()) return;
      // Before what waits runs, which may take the time of a turn.
      this.#endTurn();
      if (this.#waiting.size > 0) this.#runWaiting();
    });
  }

  /** What comes next is measured anew. */
  #beginTurn(): void {
    this.#turnMs = null;
    this.#last = null;
  }

  #endTurn(): void {
    const batches = this.#begun;
    if (batches === 0) return;
    this.#begun = 0;
    this.#owner.turnEnds(batches);
  }

  #runWaiting(): void {
    const beganMs = this.#owner.nowMs();
    this.#sentMs = beganMs;
    this.#turnMs = beganMs;
    // Who has still more comes up again, behind all others.
    for (const client of this.#waiting) {
      this.#waiting.delete(client);
      this.#last = null;
      this.#owner.run(client);
      if (this.#owner.nowMs() - beganMs >= TURN_MS_MAX) break;
    }
    // What sockets bring now may take as long.
    this.#endTurn();
    this.#sentMs = this.#owner.nowMs();
    // That has a time of its own, so that who asks little is served before who still waits.
    this.#beginTurn();
    if (this.#waiting.size > 0) this.#callSoon();
  }
}
