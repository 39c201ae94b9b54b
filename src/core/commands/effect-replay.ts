/**
 * Replays effects on members that did not run the command, and brings snapshots back. What was committed can't fail
 * here: a command that does is our own mistake.
 */
import { invariant } from "../../base/errors.ts";
import type { Offset } from "../../base/ids.ts";
import { PlainRequest } from "../../protocol/resp/plain-request.ts";
import { RecentName } from "../../protocol/resp/recent-name.ts";
import { isError } from "../../protocol/resp/reply.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { ClientSession } from "../session.ts";
import { CommandReader } from "./command-reader.ts";
import type { CommandContext } from "./context.ts";
import type { PlainCommands } from "./plain-commands.ts";

/** Each piece of DEBUG RELOAD must fit into one string. */
const RELOAD_SLICE_BYTES = 1024 * 1024;

export class EffectReplay {
  readonly #keyspace: Keyspace;
  readonly #context: CommandContext;
  readonly #recentName = new RecentName();
  readonly #request = new PlainRequest();
  readonly #session: ClientSession;
  readonly #plain: PlainCommands;

  /** @param session whom the commands run for: no client. */
  constructor(keyspace: Keyspace, context: CommandContext, session: ClientSession, plain: PlainCommands) {
    this.#keyspace = keyspace;
    this.#context = context;
    this.#session = session;
    this.#plain = plain;
  }

  /**
   * Applies the effects of a committed record, or commands of a snapshot.
   *
   * @param effects RESP commands; of a Buffer only the part from `start` to `end`.
   * @param db where they begin.
   * @param offset the record's; a snapshot's for what it holds.
   * @returns the database in which they ended, for the next slice of a snapshot.
   */
  run(effects: string | Buffer, db: number, offset: Offset, start = 0, end: number = effects.length): number {
    const keyspace = this.#keyspace;
    const context = this.#context;
    const session = this.#session;
    const bytes = typeof effects === "string" ? Buffer.from(effects, "latin1") : effects;
    const reader = new CommandReader(bytes, start, end, this.#recentName);
    const writeOffsetBefore = keyspace.writeOffset;
    keyspace.writeOffset = offset;
    keyspace.replaying = true;
    keyspace.onlyReads = false;
    keyspace.nowSec = Math.floor(keyspace.nowMs / 1000);
    session.db = db;
    context.session = session;
    for (;;) {
      this.#plain.replay(keyspace.database(session.db), reader, this.#request);
      const argv = reader.next();
      if (argv === undefined) break;
      const command = context.table.resolve(argv);
      // Each text is made only when it is wanted: this is run for each record.
      if (command?.accepts(argv.length) !== true) invariant(false, `S11: cannot replay ${argv[0]}`);
      context.db = keyspace.database(session.db);
      context.argv = argv;
      const reply = command.handler(context, argv);
      if (isError(reply)) invariant(false, `S11: replaying ${argv[0]} at offset ${offset} failed: ${reply}`);
    }
    keyspace.replaying = false;
    keyspace.settle();
    keyspace.writeOffset = writeOffsetBefore;
    return session.db;
  }

  /** DEBUG RELOAD. The state is the same afterwards; whoever looks at it waits for all records so far, since they are one now. */
  reload(): void {
    const keyspace = this.#keyspace;
    const context = this.#context;
    const { session, argv } = context;
    const { changes, lastChangeOffset } = keyspace;
    const slices: Buffer[] = [];
    const cursor = keyspace.beginSnapshot();
    for (let slice = cursor.nextSlice(RELOAD_SLICE_BYTES); slice !== undefined; ) {
      slices.push(slice);
      slice = cursor.nextSlice(RELOAD_SLICE_BYTES);
    }
    keyspace.clear();
    let db = 0;
    for (const slice of slices) db = this.run(slice, db, lastChangeOffset);
    // What was deleted by records that are not committed yet is not remembered any more.
    keyspace.markAllChanged(lastChangeOffset);
    keyspace.changes = changes;
    context.session = session;
    context.argv = argv;
    context.db = keyspace.database(session.db);
  }
}
