/** Sends a replica the standing snapshot, piece by piece, no faster than it takes them. It decides neither who needs one nor which. */
import type { Epoch, Millis } from "../../base/ids.ts";
import type { EpochHistory } from "../../rules/epoch-history.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { MemberOutbox } from "../member-io.ts";
import { FullSyncNotes } from "./full-sync-notes.ts";
import type { ReplicaPeer } from "./replica-peer.ts";

/** What is opened to be sent; `null` where there is none that can be read. */
export type OpenedSnapshot = { readonly position: LogPosition; readonly history: EpochHistory } | null;

export class SnapshotFeed {
  readonly #epoch: Epoch;
  readonly #outbox: MemberOutbox;

  constructor(epoch: Epoch, outbox: MemberOutbox) {
    this.#epoch = epoch;
    this.#outbox = outbox;
  }

  opened(replica: ReplicaPeer, snapshot: OpenedSnapshot, nowMs: Millis): void {
    if (replica.state.phase !== "fullSync") return;
    const { id, link } = replica;
    if (snapshot === null) {
      const text = "no snapshot that can be read, and no log to sync from";
      this.#outbox.log("error", "full-sync-failed", { replica: id }, text);
      this.#outbox.push({ type: "closeLink", link });
      return;
    }
    const { position, history } = snapshot;
    replica.state.notes = new FullSyncNotes(
      this.#outbox,
      { replica: id, epoch: this.#epoch },
      position,
      nowMs,
    );
    replica.state.snapshotOffset = position.offset;
    this.#outbox.send(link, { type: "syncFull", epoch: this.#epoch, position, history });
    this.#readOn(replica);
  }

  /** @param bytes the next piece; `null` at the end. */
  read(replica: ReplicaPeer, bytes: Buffer | null, nowMs: Millis): void {
    const { link, state } = replica;
    if (state.phase !== "fullSync" || state.ended) return;
    state.reading = false;
    state.ended = bytes === null;
    state.pieces.push(bytes?.length ?? 0);
    state.notes?.carried(bytes?.length ?? 0);
    if (state.ended) state.notes?.done(nowMs);
    this.#outbox.send(link, {
      type: "snapshotChunk",
      epoch: this.#epoch,
      last: bytes === null,
      bytes: bytes ?? Buffer.alloc(0),
    });
    this.#readOn(replica);
  }

  /** It has taken the oldest piece. */
  acknowledged(replica: ReplicaPeer): void {
    if (replica.state.phase !== "fullSync") return;
    replica.state.pieces.shift();
    this.#readOn(replica);
  }

  /** One at a time: how large a piece is shows only when it is read, and one may hold a value of any size. */
  #readOn(replica: ReplicaPeer): void {
    if (replica.state.phase !== "fullSync" || !replica.wantsSnapshotPiece) return;
    replica.state.reading = true;
    this.#outbox.push({ type: "readSnapshot", link: replica.link });
  }
}
