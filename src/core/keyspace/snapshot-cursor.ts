/**
 * Writes the state of a keyspace at one moment, slice by slice, while commands go on.
 *
 * Keys that change meanwhile are written right before they change, keys that come to be later are left out. Of a large
 * collection only the elements are noted down then (see `Collection.rebuild`), and written when its turn comes.
 * What was preserved between two slices is not bounded here, and is handed over slice by slice; slices must keep coming.
 */
import { invariant } from "../../base/errors.ts";
import type { Millis } from "../../base/ids.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import type { Bookkeeping, SnapshotSink } from "./bookkeeping.ts";
import type { Database } from "./database.ts";
import type { KeyTable } from "./key-table.ts";
import { SnapshotPieces } from "./snapshot-pieces.ts";
import type { Value } from "./value.ts";

/** What passing over one key costs of a slice's budget, so that keys already written do not make a slice long. */
const KEY_COST_BYTES = 16;
/** A collection that takes no more is written whole at once. */
const SMALL_BYTES = 4096;

/** A database as it was when the snapshot began, whatever is flushed meanwhile. */
interface Source {
  readonly db: number;
  readonly table: KeyTable;
  /** Addresses of keys; see `KeyTable.walk`. */
  readonly walk: IterableIterator<number>;
}

/** A collection as it was: what becomes of it meanwhile is nothing to it. */
interface FrozenKey {
  readonly db: number;
  readonly pieces: IterableIterator<string>;
}

export class SnapshotCursor implements SnapshotSink {
  readonly #books: Bookkeeping;
  readonly #mark: number;
  readonly #sources: Source[];
  /** Keys of that moment that are still to be written. */
  #remaining: number;
  /** Large collections that are being written, or shall be; the first one's turn is next. */
  #frozen: FrozenKey[] = [];
  readonly #waiting = new SnapshotPieces();
  #selected = -1;
  #done = false;

  /** Use `Keyspace.beginSnapshot`. */
  constructor(books: Bookkeeping, databases: readonly Database[]) {
    this.#books = books;
    books.snapshotMark += 1;
    this.#mark = books.snapshotMark;
    this.#sources = databases.map(({ index, table }) => ({ db: index, table, walk: table.walk() }));
    this.#remaining = databases.reduce((total, database) => total + database.size, 0);
    for (const database of databases) database.snapshotIndex = database.index;
    books.snapshot = this;
  }

  /**
   * The next commands, RESP, about `budgetBytes` of them; they rebuild the state when all slices are replayed
   * in order on an empty keyspace, starting in database 0. Empty when only written keys were passed.
   *
   * @returns `undefined` once everything has been handed over; the snapshot is then finished.
   */
  nextSlice(budgetBytes: number): Buffer | undefined {
    if (this.#done) return undefined;
    this.#waiting.pieceBytes = budgetBytes;
    let budget = budgetBytes - this.#waiting.bytes;
    while (budget > 0) {
      const before = this.#waiting.bytes;
      if (!this.#step()) break;
      budget -= KEY_COST_BYTES + this.#waiting.bytes - before;
    }
    const slice = this.#waiting.take();
    if (this.#remaining > 0 || this.#waiting.bytes > 0) return slice;
    this.abort();
    return slice.length === 0 ? undefined : slice;
  }

  /** Ends it early; whatever was handed over is worthless then. */
  abort(): void {
    this.#done = true;
    this.#sources.length = 0;
    this.#frozen = [];
    this.#waiting.clear();
    if (this.#books.snapshot === this) this.#books.snapshot = null;
  }

  /** Writes the key, or notes down what is to be written of it, unless it has been written or came to be later. */
  preserve(db: number, table: KeyTable, at: number): void {
    if (table.snapshotMark(at) === this.#mark) return;
    table.setSnapshotMark(at, this.#mark);
    const expireAtMs = table.expireAtMs(at);
    if (table.isShortString(at) && expireAtMs === 0) {
      this.#select(db);
      this.#waiting.addSet(table, at);
      this.#remaining -= 1;
      return;
    }
    const key = table.keyAt(at);
    const value = table.valueAt(at);
    if (typeof value !== "string" && value.bytes > SMALL_BYTES) {
      this.#frozen.push({ db, pieces: rebuild(key, value, expireAtMs) });
      return;
    }
    for (const piece of rebuild(key, value, expireAtMs)) this.#write(db, piece);
    this.#remaining -= 1;
  }

  /** Writes one piece or passes over one key. @returns false at the end. */
  #step(): boolean {
    const frozen = this.#frozen[0];
    if (frozen !== undefined) {
      this.#writePiece(frozen);
      return true;
    }
    if (this.#remaining === 0) return false;
    const source = this.#sources[0];
    invariant(source !== undefined, "a snapshot writes every key that was there when it began");
    const { db, table, walk } = source;
    const step = walk.next();
    if (step.done) {
      this.#sources.shift();
      return true;
    }
    this.preserve(db, table, step.value);
    return true;
  }

  #writePiece({ db, pieces }: FrozenKey): void {
    const piece = pieces.next();
    if (!piece.done) {
      this.#write(db, piece.value);
      return;
    }
    this.#frozen.shift();
    this.#remaining -= 1;
  }

  #write(db: number, command: string): void {
    this.#select(db);
    this.#waiting.add(command);
  }

  /** What is written next is of this database. */
  #select(db: number): void {
    if (db !== this.#selected) this.#waiting.add(encodeCommand(["SELECT", String(db)]));
    this.#selected = db;
  }
}

function setCommand(key: string, value: string, expireAtMs: Millis): string {
  return encodeCommand(
    expireAtMs === 0 ? ["SET", key, value] : ["SET", key, value, "PXAT", String(expireAtMs)],
  );
}

function rebuild(key: string, value: Value, expireAtMs: Millis): IterableIterator<string> {
  if (typeof value === "string") return [setCommand(key, value, expireAtMs)].values();
  return withExpiry(value.rebuild(key), key, expireAtMs);
}

function* withExpiry(pieces: Iterable<string>, key: string, expireAtMs: Millis): IterableIterator<string> {
  yield* pieces;
  if (expireAtMs !== 0) yield encodeCommand(["PEXPIREAT", key, String(expireAtMs)]);
}
