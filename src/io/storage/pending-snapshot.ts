/** A snapshot under way, as its writer's owner sees it. What a commit does is the storage's. */
import { InterrexError, invariant } from "../../base/errors.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { CommitOptions, ReplacedTail, SnapshotWriter } from "./member-storage.ts";
import type { SnapshotFileWriter } from "./snapshot-file.ts";

export interface SnapshotOwner {
  commit(snapshot: PendingSnapshot, options: CommitOptions): Promise<ReplacedTail | null>;
  ended(snapshot: PendingSnapshot): void;
}

export class PendingSnapshot implements SnapshotWriter {
  readonly position: LogPosition;
  readonly history: EpochHistory;
  readonly file: SnapshotFileWriter;
  readonly #owner: SnapshotOwner;
  #outdatedBy: string | null = null;
  #ended = false;
  #abandoned = false;

  constructor(position: LogPosition, history: EpochHistory, file: SnapshotFileWriter, owner: SnapshotOwner) {
    this.position = position;
    this.history = history;
    this.file = file;
    this.#owner = owner;
  }

  /** The log has changed under it: it can't be committed any more. `why` in words. */
  outdate(why: string): void {
    this.#outdatedBy ??= why;
  }

  get stands(): boolean {
    return this.#outdatedBy === null;
  }

  /** The storage was let go of as by a killed process: its files are not ours any more. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** @throws InterrexError `SNAPSHOT_STALE` */
  checkStands(): void {
    if (this.#outdatedBy === null) return;
    throw new InterrexError(
      "SNAPSHOT_STALE",
      `Cannot commit the snapshot at offset ${this.position.offset}: ${this.#outdatedBy}. Take a new one`,
    );
  }

  async write(chunk: Buffer): Promise<void> {
    invariant(!this.#ended, "a snapshot is not written to after its end");
    this.checkStands();
    await this.file.writeChunk(chunk);
  }

  async commit(options: CommitOptions): Promise<ReplacedTail | null> {
    invariant(!this.#ended, "a snapshot ends once");
    this.#ended = true;
    try {
      this.checkStands();
      return await this.#owner.commit(this, options);
    } catch (error) {
      if (!this.#abandoned) await this.file.discard();
      throw error;
    } finally {
      this.#owner.ended(this);
    }
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.file.discard();
    this.#owner.ended(this);
  }

  /** Lets go of the file and leaves it where it is, as a killed process would. */
  abandon(): void {
    this.#abandoned = true;
    this.#ended = true;
    this.outdate("the storage is closed");
    this.file.abandon();
  }
}
