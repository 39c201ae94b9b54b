/**
 * Writes the state of a keyspace at one moment, slice by slice, while commands go on.
 *
 * Keys that change meanwhile are written right before they change, keys that come to be later are left out.
 * Such a pre-image is written whole at once: changing a huge collection during a snapshot costs its serialisation.
 * What was preserved between two slices is not bounded here; slices must keep coming.
 */
import { invariant } from "../../base/errors.ts";
import type { Millis } from "../../base/ids.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import type { Bookkeeping, SnapshotSink } from "./bookkeeping.ts";
import type { Database } from "./database.ts";
import type { Entry } from "./entry.ts";

/** What passing over one key costs of a slice's budget, so that keys already written do not make a slice long. */
const KEY_COST_BYTES = 16;

interface Source {
  readonly db: number;
  readonly entries: Iterator<[string, Entry]>;
}

interface KeyInProgress {
  readonly db: number;
  readonly entry: Entry;
  readonly pieces: IterableIterator<string>;
}

export class SnapshotCursor implements SnapshotSink {
  readonly #books: Bookkeeping;
  readonly #mark: number;
  readonly #sources: Source[];
  /** Keys of that moment that are still to be written. */
  #remaining: number;
  #inProgress: KeyInProgress | undefined;
  #text = "";
  #selected = -1;
  #done = false;

  /** Use `Keyspace.beginSnapshot`. */
  constructor(books: Bookkeeping, databases: readonly Database[]) {
    this.#books = books;
    books.snapshotMark += 1;
    this.#mark = books.snapshotMark;
    this.#sources = databases.map((database) => ({ db: database.index, entries: database.entries() }));
    this.#remaining = databases.reduce((total, database) => total + database.size, 0);
    for (const database of databases) database.snapshotIndex = database.index;
    books.snapshot = this;
  }

  /**
   * The next commands, latin1 RESP, about `budgetBytes` of them; they rebuild the state when all slices are replayed
   * in order on an empty keyspace, starting in database 0. Empty when only written keys were passed.
   *
   * @returns `undefined` once everything has been handed over; the snapshot is then finished.
   */
  nextSlice(budgetBytes: number): string | undefined {
    if (this.#done) return undefined;
    let budget = budgetBytes - this.#text.length;
    while (budget > 0) {
      const before = this.#text.length;
      if (!this.#step()) break;
      budget -= KEY_COST_BYTES + this.#text.length - before;
    }
    const slice = this.#text;
    this.#text = "";
    if (this.#remaining > 0) return slice;
    this.abort();
    return slice === "" ? undefined : slice;
  }

  /** Ends it early; whatever was handed over is worthless then. */
  abort(): void {
    this.#done = true;
    this.#sources.length = 0;
    this.#inProgress = undefined;
    if (this.#books.snapshot === this) this.#books.snapshot = null;
  }

  preserve(db: number, key: string, entry: Entry): void {
    const interrupts = this.#inProgress?.entry !== entry;
    const pieces = interrupts ? rebuild(key, entry) : (this.#inProgress?.pieces ?? []);
    for (const piece of pieces) this.#write(db, piece);
    this.#finish(entry);
    if (!interrupts) this.#inProgress = undefined;
  }

  /** Writes one piece or passes over one key. @returns false at the end. */
  #step(): boolean {
    if (this.#inProgress !== undefined) {
      this.#writePiece(this.#inProgress);
      return true;
    }
    if (this.#remaining === 0) return false;
    const source = this.#sources[0];
    invariant(source !== undefined, "a snapshot writes every key that was there when it began");
    const step = source.entries.next();
    if (step.done) {
      this.#sources.shift();
      return true;
    }
    const [key, entry] = step.value;
    if (entry.snapshotMark === this.#mark) return true;
    if (typeof entry.value === "string") {
      this.#write(source.db, setCommand(key, entry.value, entry.expireAtMs));
      this.#finish(entry);
    } else {
      this.#inProgress = { db: source.db, entry, pieces: rebuild(key, entry) };
    }
    return true;
  }

  #writePiece(key: KeyInProgress): void {
    const piece = key.pieces.next();
    if (!piece.done) {
      this.#write(key.db, piece.value);
      return;
    }
    this.#finish(key.entry);
    this.#inProgress = undefined;
  }

  #write(db: number, command: string): void {
    if (db !== this.#selected) this.#text += encodeCommand(["SELECT", String(db)]);
    this.#selected = db;
    this.#text += command;
  }

  #finish(entry: Entry): void {
    entry.snapshotMark = this.#mark;
    this.#remaining -= 1;
  }
}

function setCommand(key: string, value: string, expireAtMs: Millis): string {
  return encodeCommand(
    expireAtMs === 0 ? ["SET", key, value] : ["SET", key, value, "PXAT", String(expireAtMs)],
  );
}

function* rebuild(key: string, entry: Entry): IterableIterator<string> {
  if (typeof entry.value === "string") {
    yield setCommand(key, entry.value, entry.expireAtMs);
    return;
  }
  yield* entry.value.rebuild(key);
  if (entry.expireAtMs !== 0) yield encodeCommand(["PEXPIREAT", key, String(entry.expireAtMs)]);
}
