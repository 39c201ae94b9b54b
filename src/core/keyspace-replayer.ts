/** Replays records and snapshots on the keyspace, for the applier. Decides nothing. */
import { OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import type { Replayable } from "./replication/applier.ts";

export class KeyspaceReplayer implements Replayable {
  readonly #keyspace: Keyspace;
  readonly #dispatcher: Dispatcher;
  /** The database that the snapshot's last piece ended in. */
  #loadDb = 0;

  constructor(keyspace: Keyspace, dispatcher: Dispatcher) {
    this.#keyspace = keyspace;
    this.#dispatcher = dispatcher;
  }

  clear(): void {
    this.#keyspace.clear();
    this.#loadDb = 0;
  }

  replay(bytes: Buffer, start: number, end: number, db: number, offset: Offset): void {
    this.#dispatcher.replay(bytes, db, offset, start, end);
  }

  load(bytes: Buffer): void {
    this.#loadDb = this.#dispatcher.replay(bytes, this.#loadDb, OFFSET_ZERO);
  }
}
