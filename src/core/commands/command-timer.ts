/**
 * Times commands where that is worth a look at the clock, which costs as much as a quick command itself: the first of each batch, all that
 * may take long, and every one when the slow log asks for so short times. It keeps the slow log.
 */
import type { Millis } from "../../base/ids.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { redacted } from "../monitor-feed.ts";
import type { ClientSession } from "../session.ts";
import { Slowlog } from "../slowlog.ts";
import type { Argv, Command } from "./command.ts";
import type { CommandHost } from "./host.ts";

/** In place of the time at which a command began. */
export const NOT_TIMED: Millis = Number.NEGATIVE_INFINITY;

export class CommandTimer {
  readonly slowlog: Slowlog = new Slowlog();
  readonly #keyspace: Keyspace;
  readonly #host: CommandHost;
  /** The next command is the first of its batch, which began at `#batchMs`. */
  #isFirst = false;
  #batchMs: Millis = 0;

  constructor(keyspace: Keyspace, host: CommandHost) {
    this.#keyspace = keyspace;
    this.#host = host;
  }

  /** A batch of commands begins. @param monoMs the clock at that moment: the first command is timed from there. */
  beginBatch(monoMs: Millis): void {
    this.#isFirst = true;
    this.#batchMs = monoMs;
  }

  /** @returns when the command began, or `NOT_TIMED`. */
  begin(command: Command): Millis {
    if (this.#isFirst) {
      this.#isFirst = false;
      return this.#batchMs;
    }
    return command.isQuick && !this.slowlog.timesAll ? NOT_TIMED : this.#host.stopwatchMs();
  }

  /**
   * The command is over that began at `startMs`, which is a time.
   *
   * @param what has its arguments, which are asked for only if it was slow.
   * @param about how many calls of it began then; a command that blocks is not slow.
   */
  end(
    startMs: Millis,
    command: Command,
    session: ClientSession,
    what: { readonly argv: Argv },
    { calls = 1, isBlocked = false }: { readonly calls?: number; readonly isBlocked?: boolean } = {},
  ): void {
    session.tookMs = this.#host.stopwatchMs() - startMs;
    const durationUs = (session.tookMs * 1000) / calls;
    command.usage.noteTime(durationUs);
    if (!isBlocked && !command.has("skip_slowlog")) this.#noteSlow(durationUs, command, session, what);
  }

  /** As for `begin` and `end`, of a command that was blocked: what it took to serve it is no time of the command. */
  beginServing(): Millis {
    return this.slowlog.timesAll ? this.#host.stopwatchMs() : NOT_TIMED;
  }

  endServing(startMs: Millis, command: Command | undefined, session: ClientSession, argv: Argv): void {
    if (startMs !== NOT_TIMED)
      this.#noteSlow((this.#host.stopwatchMs() - startMs) * 1000, command, session, { argv });
  }

  #noteSlow(
    durationUs: number,
    command: Command | undefined,
    { address, name }: ClientSession,
    what: { readonly argv: Argv },
  ): void {
    const { slowlog } = this;
    if (durationUs < slowlog.thresholdUs || slowlog.thresholdUs < 0) return;
    const shown = redacted(command?.fullName ?? "", what.argv);
    slowlog.note(shown, Math.round(durationUs), { address, name, nowMs: this.#keyspace.nowMs });
  }
}
