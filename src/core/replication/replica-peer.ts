/** One replica as its master sees it: how far it is, and what is under way to it. */
import { type IncarnationId, type MemberId, type Millis, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import type { LinkId } from "../../protocol/peer/identity.ts";
import type { ClientAddress } from "../../rules/group-record.ts";
import type { CountedAck } from "../../rules/replication-rules.ts";
import type { FullSyncNotes } from "./full-sync-notes.ts";

/** Bytes sent and not yet acknowledged, beyond which the master waits for acks. */
const IN_FLIGHT_BYTES_MAX = 8 * 1024 * 1024;
/** What a new ack weighs in the average of how long they take. */
const ACK_WEIGHT = 1 / 8;
/** Snapshot pieces under way at once, beside the limit of their bytes. */
const SNAPSHOT_PIECES_IN_FLIGHT = 4;

export type ReplicaPhase =
  /** The standing snapshot goes out, a few pieces at a time; the replica then asks for records afresh. */
  | {
      readonly phase: "fullSync";
      notes: FullSyncNotes | null;
      /** A piece is being read from disk. */
      reading: boolean;
      /** Bytes of each piece that is sent and not yet acknowledged, oldest first. */
      readonly pieces: number[];
      ended: boolean;
      /** Where the snapshot stands, and the log goes on for this replica; `null` until it is open. */
      snapshotOffset: Offset | null;
    }
  | {
      readonly phase: "streaming";
      /** Next offset to send. */
      next: Offset;
      /** Waiting for records from disk. */
      reading: boolean;
    };

interface SentFrame {
  readonly lastOffset: Offset;
  /** Of its records. */
  readonly bytes: number;
  readonly sentMs: Millis;
}

export class ReplicaPeer implements CountedAck {
  readonly id: MemberId;
  readonly link: LinkId;
  readonly incarnation: IncarnationId;
  readonly client: ClientAddress;
  state: ReplicaPhase;
  received: Offset = OFFSET_ZERO;
  applied: Offset = OFFSET_ZERO;
  round = 0;
  /** The commit offset of the newest frame to it. */
  commitTold: Offset = OFFSET_ZERO;
  /** Times when this process itself stood still are left out. */
  lastHeardMs: Millis;
  /** Sent since the last frame that wants an ack. */
  unaskedBytes = 0;
  #inFlight: SentFrame[] = [];
  #inFlightBytes = 0;
  /** From a frame's sending to its ack, on average of late. */
  #ackMs: Millis = 0;

  constructor(
    who: { id: MemberId; link: LinkId; incarnation: IncarnationId; client: ClientAddress },
    state: ReplicaPhase,
    nowMs: Millis,
  ) {
    this.id = who.id;
    this.link = who.link;
    this.incarnation = who.incarnation;
    this.client = who.client;
    this.state = state;
    this.lastHeardMs = nowMs;
  }

  get mayTakeMore(): boolean {
    return this.#inFlightBytes < IN_FLIGHT_BYTES_MAX;
  }

  /** Whether another piece of the snapshot shall be read for it. */
  get wantsSnapshotPiece(): boolean {
    const { state } = this;
    if (state.phase !== "fullSync" || state.ended || state.reading) return false;
    const bytes = state.pieces.reduce((sum, piece) => sum + piece, 0);
    return state.pieces.length < SNAPSHOT_PIECES_IN_FLIGHT && bytes < IN_FLIGHT_BYTES_MAX;
  }

  /** How long an ack of it can be expected to take: as of late, or as long as one is overdue already. */
  ackDelayMs(nowMs: Millis): Millis {
    const oldest = this.#inFlight[0];
    return oldest === undefined ? this.#ackMs : Math.max(this.#ackMs, nowMs - oldest.sentMs);
  }

  /**
   * Records after it are needed of the log on disk; `null` where memory has all that is still to be sent.
   *
   * @param base position of the standing snapshot.
   */
  logNeededAfter(firstInMemory: Offset, base: Offset): Offset | null {
    if (this.state.phase === "fullSync") return this.state.snapshotOffset ?? base;
    return this.state.next < firstInMemory ? ((this.state.next - 1) as Offset) : null;
  }

  sent(frame: SentFrame, wantsAck: boolean): void {
    this.#inFlight.push(frame);
    this.#inFlightBytes += frame.bytes;
    this.unaskedBytes = wantsAck ? 0 : this.unaskedBytes + frame.bytes;
  }

  acknowledged(received: Offset, applied: Offset, round: number, nowMs: Millis): void {
    this.lastHeardMs = nowMs;
    if (received > this.received) this.received = received;
    if (applied > this.applied) this.applied = applied;
    if (round > this.round) this.round = round;
    let done = 0;
    for (const frame of this.#inFlight) {
      if (frame.lastOffset > received) break;
      this.#inFlightBytes -= frame.bytes;
      done++;
    }
    const newest = this.#inFlight[done - 1];
    if (newest === undefined) return;
    this.#ackMs += (nowMs - newest.sentMs - this.#ackMs) * ACK_WEIGHT;
    this.#inFlight = this.#inFlight.slice(done);
  }
}
