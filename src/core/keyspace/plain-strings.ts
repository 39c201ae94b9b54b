/**
 * Looks at short strings, and puts others in their place, where nothing has to be done beside: what `Database.read` and `Database.set`
 * come to then, without their questions. It declines all else, with nothing changed.
 */
import { OFFSET_ZERO } from "../../base/ids.ts";
import type { PlainRequest } from "../../protocol/resp/plain-request.ts";
import type { Bookkeeping } from "./bookkeeping.ts";
import type { Database } from "./database.ts";
import { ABSENT, type KeyTable } from "./key-table.ts";
import { noteUse } from "./use-frequency.ts";

/** In place of an address: what is there is nothing to be looked at so. */
export const ELSE = -2;

export class PlainStrings {
  readonly #books: Bookkeeping;

  constructor(books: Bookkeeping) {
    this.#books = books;
  }

  /**
   * As `Database.read` of a command that only reads.
   *
   * @returns the address of a short string; `ABSENT` when there is no such key, and `ELSE` for all else.
   */
  look(database: Database, request: PlainRequest): number {
    const books = this.#books;
    const { table, tombstones } = database;
    const at = table.findBytes(request.bytes, request.keyStart, request.keyEnd);
    if (at === ABSENT) return this.#missed(database, request);
    if (!table.isShortString(at)) return ELSE;
    const expireAtMs = table.expireAtMs(at);
    if (expireAtMs !== 0 && books.nowMs > expireAtMs) return ELSE;
    if (tombstones.floor !== OFFSET_ZERO) books.saw(tombstones.floor);
    books.saw(table.changedAt(at));
    books.hits += 1;
    noteUse(table, at, books);
    return at;
  }

  #missed(database: Database, request: PlainRequest): number {
    const books = this.#books;
    if (books.notifyFlags !== 0) return ELSE;
    sawAbsence(database, request, books);
    books.misses += 1;
    return ABSENT;
  }

  /**
   * As `Database.set`, of a string that never expires.
   *
   * @returns false unless it is short, of which nobody has to be told, and a new one or in the place of one as large.
   */
  put(database: Database, { bytes, keyStart, keyEnd, valueStart, valueEnd }: PlainRequest): boolean {
    const books = this.#books;
    const { table } = database;
    if (!isUnobserved(database, books)) return false;
    const at = table.findBytes(bytes, keyStart, keyEnd);
    if (at === ABSENT) {
      if (!this.#added(database, table.addBytes(bytes, valueStart, valueEnd, books))) return false;
    } else {
      if (table.expireAtMs(at) !== 0) return false;
      if (books.snapshot !== null) books.snapshot.preserve(database.snapshotIndex, table, at);
      if (!table.replaceBytes(at, bytes, valueStart, valueEnd)) return false;
      this.#changed(table, at);
    }
    this.#counted();
    return true;
  }

  /**
   * As `Database.set` or `Database.update`, of a number that is one more; one for a key that is absent.
   *
   * @returns it; `undefined` unless the key never expires, its string is an integer of at most 15 digits, and one more takes as much room.
   */
  increment(database: Database, { bytes, keyStart, keyEnd }: PlainRequest): number | undefined {
    const books = this.#books;
    const { table } = database;
    if (!isUnobserved(database, books)) return undefined;
    const at = table.findBytes(bytes, keyStart, keyEnd);
    if (at === ABSENT) {
      if (!this.#added(database, table.addInteger(1, books))) return undefined;
      this.#counted();
      return 1;
    }
    if (!table.isShortString(at) || table.expireAtMs(at) !== 0) return undefined;
    const known = table.integerAt(at);
    if (known === undefined) return undefined;
    if (books.snapshot !== null) books.snapshot.preserve(database.snapshotIndex, table, at);
    if (!table.replaceInteger(at, known + 1)) return undefined;
    this.#changed(table, at);
    this.#counted();
    return known + 1;
  }

  /** @param at of a key that was to be added. @returns whether it was. */
  #added(database: Database, at: number): boolean {
    if (at !== ABSENT) database.added(at);
    return at !== ABSENT;
  }

  #changed(table: KeyTable, at: number): void {
    const books = this.#books;
    table.setForm(at, 0);
    table.setChangedAt(at, books.writeOffset);
    noteUse(table, at, books);
  }

  #counted(): void {
    const books = this.#books;
    books.changes += 1;
    books.lastChangeOffset = books.writeOffset;
  }
}

/** Accounts for a decision that rests on the absence of the request's key. */
export function sawAbsence({ tombstones }: Database, request: PlainRequest, books: Bookkeeping): void {
  if (tombstones.floor !== OFFSET_ZERO) books.saw(tombstones.floor);
  if (tombstones.size > 0) books.saw(tombstones.offsetOf(request.key));
}

/** Whether nobody has to be told of what changes there. */
export function isUnobserved({ watches, awaited }: Database, { notifyFlags }: Bookkeeping): boolean {
  return watches.size === 0 && awaited.size === 0 && notifyFlags === 0;
}
