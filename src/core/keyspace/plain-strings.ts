/**
 * Looks at short strings, and puts others in their place, where nothing has to be done beside: what `Database.read` and `Database.set`
 * come to then, without their questions. It declines all else, with nothing changed.
 */
import { OFFSET_ZERO } from "../../base/ids.ts";
import type { PlainRequest } from "../../protocol/resp/plain-request.ts";
import type { Bookkeeping } from "./bookkeeping.ts";
import type { Database } from "./database.ts";
import { parseInteger } from "./int64.ts";
import { ABSENT, type KeyTable } from "./key-table.ts";
import { noteUse } from "./use-frequency.ts";

export class PlainStrings {
  readonly #books: Bookkeeping;

  constructor(books: Bookkeeping) {
    this.#books = books;
  }

  /** As `Database.read` of a command that only reads. @returns the address of a short string; `ABSENT` for all else. */
  look({ table, tombstones }: Database, { bytes, keyStart, keyEnd }: PlainRequest): number {
    const books = this.#books;
    const at = table.findBytes(bytes, keyStart, keyEnd);
    if (at === ABSENT || !table.isShortString(at)) return ABSENT;
    const expireAtMs = table.expireAtMs(at);
    if (expireAtMs !== 0 && books.nowMs > expireAtMs) return ABSENT;
    if (tombstones.floor !== OFFSET_ZERO) books.saw(tombstones.floor);
    books.saw(table.changedAt(at));
    books.hits += 1;
    noteUse(table, at, books);
    return at;
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
      if (!database.addBytes(bytes, valueStart, valueEnd)) return false;
    } else {
      if (table.expireAtMs(at) !== 0) return false;
      if (books.snapshot !== null) books.snapshot.preserve(database.snapshotIndex, table, at);
      if (!table.replaceBytes(at, bytes, valueStart, valueEnd)) return false;
      this.#changed(table, at);
    }
    books.changes += 1;
    books.lastChangeOffset = books.writeOffset;
    return true;
  }

  /**
   * As `Database.update`, of a number that is one more.
   *
   * @returns it; `undefined` unless the key is here and never expires, its string is an integer, and one more takes as much room and is a safe number.
   */
  increment(database: Database, { bytes, keyStart, keyEnd }: PlainRequest): number | undefined {
    const books = this.#books;
    const { table } = database;
    if (!isUnobserved(database, books)) return undefined;
    const at = table.findBytes(bytes, keyStart, keyEnd);
    if (at === ABSENT || !table.isShortString(at) || table.expireAtMs(at) !== 0) return undefined;
    const known = parseInteger(table.valueAt(at) as string);
    if (typeof known !== "number" || known === Number.MAX_SAFE_INTEGER) return undefined;
    if (books.snapshot !== null) books.snapshot.preserve(database.snapshotIndex, table, at);
    if (!table.replaceString(at, String(known + 1))) return undefined;
    this.#changed(table, at);
    books.changes += 1;
    books.lastChangeOffset = books.writeOffset;
    return known + 1;
  }

  #changed(table: KeyTable, at: number): void {
    const books = this.#books;
    table.setForm(at, 0);
    table.setChangedAt(at, books.writeOffset);
    noteUse(table, at, books);
  }
}

/** Whether nobody has to be told of what changes there. */
export function isUnobserved({ watches, awaited }: Database, { notifyFlags }: Bookkeeping): boolean {
  return watches.size === 0 && awaited.size === 0 && notifyFlags === 0;
}
