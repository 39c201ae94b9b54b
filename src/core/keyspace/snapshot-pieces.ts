/**
 * Encoded commands that wait to be handed on, first in, first out, in pieces of whole commands. It bounds nothing; a long text is
 * kept as it is, as it shares what it is made of, such as a key's value.
 */
import { AROUND_BULK_BYTES, BulkWriter } from "../../protocol/resp/bulk-writer.ts";
import { STRING_BYTES_MAX } from "./block-layout.ts";
import type { KeyBlocks } from "./key-blocks.ts";

/** Room for so many is made at once, unless fewer are asked for. */
const PIECE_BYTES_MAX = 64 * 1024;
/** A longer text is a piece by itself. */
const SHORT_BYTES = 1024;
const SET_HEADER = "*3\r\n$3\r\nSET\r\n";
/** Of a SET of key and string that are in one block: together they are no longer than a string alone may be. */
const SET_BYTES_MAX = SET_HEADER.length + 2 * AROUND_BULK_BYTES + STRING_BYTES_MAX;
const ROOM_MIN = Math.max(SHORT_BYTES, SET_BYTES_MAX);

export class SnapshotPieces {
  /** A piece is complete when it has come to so many bytes. */
  #pieceBytes = PIECE_BYTES_MAX;
  #pieces: (Buffer | string)[] = [];
  /** Pieces before this one are taken already. */
  #first = 0;
  /** The last piece, while more fits into it. */
  #open: BulkWriter | null = null;
  /** Of complete pieces. */
  #bytes = 0;

  /** Of all that waits. */
  get bytes(): number {
    return this.#bytes + (this.#open?.length ?? 0);
  }

  set pieceBytes(bytes: number) {
    this.#pieceBytes = Math.min(bytes, PIECE_BYTES_MAX);
  }

  /** @param command encoded. */
  add(command: string): void {
    if (command.length <= SHORT_BYTES) {
      this.#withRoom().add(command);
      return;
    }
    const open = this.#open;
    this.#open = null;
    // A SELECT before it, say, is no piece by itself.
    const joins = open !== null && open.length <= SHORT_BYTES;
    if (open !== null && !joins) this.#push(open.takeBytes());
    this.#push(joins ? open.takeText() + command : command);
  }

  /** A SET of the key at `address`, whose string is in its block. */
  addSet(blocks: KeyBlocks, address: number): void {
    const piece = this.#withRoom();
    piece.add(SET_HEADER);
    blocks.writeKey(address, piece);
    blocks.writeString(address, piece);
  }

  /** The first commands, as many as make a piece or more; empty when nothing waits. */
  take(): Buffer {
    const first = this.#takeFirst();
    if (first.length >= this.#pieceBytes || this.bytes === 0) return first;
    const taken = [first];
    // Each would be a write, a chunk of the file, and a turn of whoever loads it: of long texts there are thousands.
    for (let bytes = first.length; bytes < this.#pieceBytes && this.bytes > 0; ) {
      const next = this.#takeFirst();
      taken.push(next);
      bytes += next.length;
    }
    return Buffer.concat(taken);
  }

  #takeFirst(): Buffer {
    if (this.#first === this.#pieces.length) this.#close();
    const piece = this.#pieces[this.#first];
    if (piece === undefined) return Buffer.alloc(0);
    this.#pieces[this.#first] = "";
    this.#first += 1;
    this.#bytes -= piece.length;
    this.#forget();
    return typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
  }

  clear(): void {
    this.#pieces = [];
    this.#first = 0;
    this.#open = null;
    this.#bytes = 0;
  }

  /** A piece that one more short command fits into. */
  #withRoom(): BulkWriter {
    const open = this.#open;
    if (open !== null && open.length < this.#pieceBytes && open.room >= ROOM_MIN) return open;
    this.#close();
    this.#open = new BulkWriter(this.#pieceBytes + ROOM_MIN);
    return this.#open;
  }

  #close(): void {
    if (this.#open === null) return;
    this.#push(this.#open.takeBytes());
    this.#open = null;
  }

  #push(piece: Buffer | string): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  /** The places of what was taken go when they are the greater part. */
  #forget(): void {
    if (this.#first * 2 < this.#pieces.length) return;
    this.#pieces.splice(0, this.#first);
    this.#first = 0;
  }
}
