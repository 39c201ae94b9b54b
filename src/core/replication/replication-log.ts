/** The member's log with its marks: what is written, what is durable, what is committed, what is applied. */
import { type Epoch, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import { RecordWriter } from "../../protocol/record.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import type { EncodedRequest } from "../../protocol/resp/encoded-request.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { Execution } from "../commands/execution.ts";
import type { MemberEffect, MemberOutbox } from "../member-io.ts";
import { LogTail } from "./log-tail.ts";

/** Effects join the record of others of their turn up to so many bytes: of a long one all waits until its end is there. */
const JOINED_BYTES_MAX = 4 * 1024;

/** Of one command, or of what must be replayed as one. */
export type AssignedEffects = Pick<Execution, "request" | "effects" | "effectsDb" | "effectsEndDb">;

export class ReplicationLog {
  readonly tail: LogTail;
  /** Records of this turn, not yet handed to storage and replicas. */
  readonly writer: RecordWriter = new RecordWriter();
  /** Durable here as `appendfsync` says. */
  persisted: Offset;
  /** Known as committed; 0 when this process has not heard yet. */
  committed: Offset = OFFSET_ZERO;
  /** The keyspace holds the effects of all records up to here. */
  applied: Offset = OFFSET_ZERO;
  /** Bytes of the tail behind `#countedAt`. */
  #uncommitted = 0;
  /** `committed` when they were counted. */
  #countedAt: Offset = OFFSET_ZERO;
  #epochStarts: { epoch: Epoch; firstOffset: Offset }[] = [];
  /** The database in which the effects of this turn's last record end; `null` when no others may join them. */
  #openDb: number | null = null;

  constructor(position: LogPosition, history: EpochHistory) {
    this.tail = new LogTail(position, history);
    this.persisted = position.offset;
  }

  /** Offset of the newest record, those of this turn included. */
  get assigned(): Offset {
    return (this.tail.lastOffset + this.writer.count) as Offset;
  }

  /**
   * Offset of the record that holds the next effects: a new one, or the one that others of this turn have begun. They mostly
   * leave in one frame and are confirmed at once in any case; of many small records, members would spend more on headers than on commands.
   */
  get nextOffset(): Offset {
    return this.#joins ? this.assigned : ((this.assigned + 1) as Offset);
  }

  get #joins(): boolean {
    return this.#openDb !== null && this.writer.lastPayloadBytes < JOINED_BYTES_MAX;
  }

  /** Adds effects to this turn. @returns `nextOffset` as it was before. */
  assignEffects(epoch: Epoch, effects: AssignedEffects): Offset {
    const { request } = effects;
    if (request !== null) return this.assignCommands(epoch, effects.effectsDb, request);
    this.assignEncoded(epoch, effects.effectsDb, effects.effects);
    this.#openDb = effects.effectsEndDb;
    return this.assigned;
  }

  /** As `assignEffects`, of one or more encoded commands that run in database `db`. */
  assignEncoded(epoch: Epoch, db: number, commands: string): Offset {
    this.#begin(epoch, db);
    this.writer.extend(commands);
    this.#openDb = db;
    return this.assigned;
  }

  /** As `assignEncoded`, of commands as they came. */
  assignCommands(epoch: Epoch, db: number, { bytes, start, end }: EncodedRequest): Offset {
    this.#begin(epoch, db);
    this.writer.extendWith(bytes, start, end);
    this.#openDb = db;
    return this.assigned;
  }

  /** The record that the next effects go into, which begin in database `db`. */
  #begin(epoch: Epoch, db: number): void {
    if (!this.#joins) this.writer.append("effects", epoch, (this.assigned + 1) as Offset, db, "");
    else if (db !== this.#openDb) this.writer.extend(encodeCommand(["SELECT", String(db)]));
  }

  /** Adds a record without effects to this turn. @returns its offset. */
  assign(kind: "epochStart" | "probe", epoch: Epoch): Offset {
    const offset = (this.assigned + 1) as Offset;
    this.writer.append(kind, epoch, offset, 0, "");
    this.#openDb = null;
    if (kind === "epochStart") this.#epochStarts.push({ epoch, firstOffset: offset });
    return offset;
  }

  /** Ends the turn's records: to the tail, where replicas are served from, and to storage. */
  writeOut(outbox: MemberOutbox): void {
    const append = this.endTurn();
    if (append !== null) outbox.push(append);
  }

  /**
   * As `writeOut`, but leaves the effect, `null` when there were no records, to the caller: who sends to replicas
   * first has them work while storage writes.
   */
  endTurn(): Extract<MemberEffect, { type: "append" }> | null {
    if (this.writer.count === 0) return null;
    const firstOffset = (this.tail.lastOffset + 1) as Offset;
    const lastOffset = this.assigned;
    const bytes = this.writer.take();
    this.#openDb = null;
    this.tail.append({ firstOffset, lastOffset, bytes }, this.#epochStarts);
    this.#epochStarts = [];
    this.#uncommitted += bytes.length;
    return { type: "append", bytes, firstOffset, lastOffset };
  }

  /** Bytes that are not yet committed; a turn that is committed in part counts whole. */
  get uncommittedBytes(): number {
    if (this.#countedAt !== this.committed) {
      this.#countedAt = this.committed;
      this.#uncommitted = this.tail.bytesAfter(this.committed);
    }
    return this.#uncommitted + this.writer.bytes;
  }
}
