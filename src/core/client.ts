/** One Redis client as the member's core knows it: its session, the replies it waits for, the commands on hold. */
import type { Millis, Offset } from "../base/ids.ts";
import type { ClientSession } from "./session.ts";

/** Replies that may leave only once what they saw is safe. Replies of one turn with one need share an entry. */
export interface HeldReply {
  text: string;
  /** Commands answered by `text`; each gets its own error when the wait fails. */
  count: number;
  /** Offset that must be committed (in sync mode: applied by the quorum). */
  offset: Offset;
  /** Round that must be confirmed; 0 for none. */
  readonly round: number;
  /** True when a command in here was executed with effects: its fate is then uncertain, not refused. */
  readonly wrote: boolean;
  readonly deadlineMs: Millis;
  readonly turn: number;
}

/** A WAIT that blocks its session. */
export interface BlockedWait {
  readonly replicas: number;
  readonly offset: Offset;
  /** `Infinity` for a WAIT without a time limit. */
  readonly deadlineMs: Millis;
}

export class Client {
  readonly session: ClientSession;
  /** Text that may go out now, latin1. */
  ready = "";
  /** Oldest first. */
  held: HeldReply[] = [];
  /**
   * The next command, on hold: the node may not run it now (a switchover, a reign not yet established, WAIT).
   * What the client sent after it stays in its decoder.
   */
  pending: string[] | null = null;
  blocked: BlockedWait | null = null;
  /** Close the connection once everything held has gone out. */
  closing = false;
  /** Written right before the connection is closed: the error that ends it. */
  lastWords = "";
  closed = false;
  /** Already listed in the outbox of this step. */
  listed = false;

  constructor(session: ClientSession) {
    this.session = session;
  }

  takeReady(): string {
    const text = this.ready;
    this.ready = "";
    this.listed = false;
    return text;
  }
}
