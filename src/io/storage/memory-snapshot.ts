/** A snapshot in memory: how it is kept, written and read. Which one stands is the storage's. */
import { InterrexError, invariant } from "../../base/errors.ts";
import type { Offset } from "../../base/ids.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { CommitOptions, ReplacedTail, SnapshotWriter, StoredSnapshot } from "./member-storage.ts";

export interface MemorySnapshot {
  readonly position: LogPosition;
  readonly history: EpochHistory;
  readonly content: readonly Buffer[];
}

export function asStored({ position, history, content }: MemorySnapshot): StoredSnapshot {
  return {
    position,
    history,
    bytes: content.reduce((bytes, chunk) => bytes + chunk.length, 0),
    async *chunks() {
      yield* content;
    },
  };
}

type MemoryCommit = (content: readonly Buffer[], options: CommitOptions) => ReplacedTail | null;

export class MemorySnapshotWriter implements SnapshotWriter {
  readonly #position: LogPosition;
  readonly #commit: MemoryCommit;
  readonly #content: Buffer[] = [];
  #outdated = false;
  #ended = false;

  constructor(position: LogPosition, commit: MemoryCommit) {
    this.#position = position;
    this.#commit = commit;
  }

  outdateAbove(offset: Offset): void {
    if (this.#position.offset > offset) this.#outdated = true;
  }

  async write(chunk: Buffer): Promise<void> {
    invariant(!this.#ended, "a snapshot is not written to after its end");
    invariant(chunk.length > 0, "a snapshot chunk is not empty");
    this.#content.push(Buffer.from(chunk));
  }

  async commit(options: CommitOptions): Promise<ReplacedTail | null> {
    invariant(!this.#ended, "a snapshot ends once");
    this.#ended = true;
    if (this.#outdated) {
      throw new InterrexError(
        "SNAPSHOT_STALE",
        `Cannot commit the snapshot at offset ${this.#position.offset}: the log was cut below it. Take a new one`,
      );
    }
    return this.#commit(this.#content, options);
  }

  async abort(): Promise<void> {
    this.#ended = true;
  }
}
