/**
 * Brings the keyspace to where the log may be applied: from memory, from disk, or by rebuilding it from the
 * standing snapshot. It never applies past the limit that it is given.
 */
import { invariant } from "../../base/errors.ts";
import { OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import { RecordCursor } from "../../protocol/record.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { MemberOutbox } from "../member-io.ts";
import type { ReplicationLog } from "./replication-log.ts";

/** Of log from disk at once. To replay so much takes some ms, and meanwhile no heartbeat, seal or record is answered. */
const READ_BYTES = 256 * 1024;

/** The keyspace as the applier needs it. */
export interface Replayable {
  /** Empties everything. */
  clear(): void;
  /** Replays one record's effects: the RESP commands from `start` to `end`. */
  replay(bytes: Buffer, start: number, end: number, db: number, offset: Offset): void;
  /** Runs a piece of a snapshot: whole RESP commands, SELECT among them. */
  load(bytes: Buffer): void;
}

type Activity = "idle" | "loadingSnapshot" | "readingLog";

export class Applier {
  readonly #log: ReplicationLog;
  readonly #outbox: MemberOutbox;
  readonly #keyspace: Replayable;
  #activity: Activity = "idle";
  /** A rebuild was asked for while one was under way: what that one brings is stale. */
  #again = false;

  constructor(log: ReplicationLog, outbox: MemberOutbox, keyspace: Replayable) {
    this.#log = log;
    this.#outbox = outbox;
    this.#keyspace = keyspace;
  }

  /** Nothing is being read or loaded: `run` goes on from here. */
  get idle(): boolean {
    return this.#activity === "idle";
  }

  get loading(): boolean {
    return this.#activity === "loadingSnapshot";
  }

  /** Applies what can be applied now up to `limit`; what has to be read from disk comes back as an input. */
  run(limit: Offset): void {
    while (this.#activity === "idle" && this.#log.applied < limit) {
      const from = (this.#log.applied + 1) as Offset;
      const chunk = this.#log.tail.chunkFrom(from);
      if (chunk === undefined) {
        this.#activity = "readingLog";
        this.#outbox.push({ type: "readLog", link: null, from, bytesMax: READ_BYTES });
        return;
      }
      this.#apply(chunk.bytes, limit);
    }
  }

  onLogRead(from: Offset, bytes: Buffer | null, limit: Offset): void {
    if (this.#activity !== "readingLog") return;
    this.#activity = "idle";
    if (from !== this.#log.applied + 1) return;
    if (bytes === null) this.rebuild();
    else this.#apply(bytes, limit);
  }

  /** Drops the keyspace and begins again from the standing snapshot: some of what it held was cut from the log. */
  rebuild(): void {
    this.#log.applied = OFFSET_ZERO;
    this.#keyspace.clear();
    if (this.loading) {
      this.#again = true;
      return;
    }
    this.#activity = "loadingSnapshot";
    this.#outbox.push({ type: "loadSnapshot" });
  }

  onSnapshotLoad(bytes: Buffer): void {
    if (!this.#again) this.#keyspace.load(bytes);
  }

  onSnapshotLoaded(position: LogPosition): void {
    invariant(this.loading, "a snapshot was loaded that nobody asked for");
    this.#activity = "idle";
    if (this.#again) {
      this.#again = false;
      this.rebuild();
      return;
    }
    this.#log.applied = position.offset;
  }

  #apply(bytes: Buffer, limit: Offset): void {
    const cursor = new RecordCursor(bytes);
    while (cursor.next() && cursor.offset <= limit) {
      if (cursor.offset <= this.#log.applied) continue;
      invariant(cursor.offset === this.#log.applied + 1, "S3: records are applied one after the other");
      if (cursor.kind === "effects") {
        this.#keyspace.replay(bytes, cursor.payloadStart, cursor.payloadEnd, cursor.db, cursor.offset);
      }
      this.#log.applied = cursor.offset;
    }
  }
}
