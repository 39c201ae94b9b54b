/**
 * Shares the event loop between the commands of clients and everything else: heartbeats, acks, other clients. Decides how
 * long commands run on end, and whose are taken up next; it runs none itself.
 */
import type { Millis } from "../base/ids.ts";

/** Of one client on end. */
const CLIENT_MS_MAX: Millis = 2;
/** Of all clients in one turn of the event loop; a heartbeat is due every 20 ms at the most often. */
const TURN_MS_MAX: Millis = 10;
/** Commands between two looks at the clock: a small batch costs none. */
const COMMANDS_PER_LOOK = 16;

export interface CommandTurnsOwner<Client> {
  nowMs(): Millis;
  /** Nobody's turn comes otherwise, until `resume`. */
  isRunning(): boolean;
  /** It is this client's turn: a batch of its commands begins. */
  run(client: Client): void;
}

export class CommandTurns<Client> {
  readonly #owner: CommandTurnsOwner<Client>;
  /** Whose commands are taken up in a later turn, in order. */
  readonly #waiting = new Set<Client>();
  #due = false;
  /** When the first batch of this turn began that has been measured. */
  #turnMs: Millis | null = null;
  #batchMs: Millis = 0;
  /** Commands since the last look at the clock, whoever's they were. */
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
   * A batch of the client's commands may begin, unless this turn's time is up; then it waits.
   *
   * @param nowMs as the batch's commands will know it.
   */
  mayBegin(client: Client, nowMs: Millis): boolean {
    if (this.#turnMs !== null && nowMs - this.#turnMs >= TURN_MS_MAX) {
      this.wait(client);
      return false;
    }
    this.#batchMs = nowMs;
    return true;
  }

  /** Call after each command of a batch. @returns false when the rest of the batch must `wait`. */
  mayGoOn(): boolean {
    this.#unseen++;
    if (this.#unseen < COMMANDS_PER_LOOK) return true;
    this.#unseen = 0;
    const nowMs = this.#owner.nowMs();
    if (this.#turnMs === null) {
      this.#turnMs = this.#batchMs;
      this.#callSoon();
    }
    return nowMs - this.#batchMs < CLIENT_MS_MAX && nowMs - this.#turnMs < TURN_MS_MAX;
  }

  /** It runs again. */
  resume(): void {
    if (this.#waiting.size > 0) this.#callSoon();
  }

  #callSoon(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#runWaiting();
    });
  }

  #runWaiting(): void {
    this.#turnMs = null;
    if (this.#waiting.size === 0 || !this.#owner.isRunning()) return;
    const beganMs = this.#owner.nowMs();
    // Who has still more comes up again, behind all others.
    for (const client of this.#waiting) {
      this.#waiting.delete(client);
      this.#owner.run(client);
      if (this.#owner.nowMs() - beganMs >= TURN_MS_MAX) break;
    }
    // What sockets bring now has its own time, so that who asks little is served before who still waits.
    this.#turnMs = null;
    if (this.#waiting.size > 0) this.#callSoon();
  }
}
