/**
 * Changes collections that are here and stay, where nothing has to be done beside, as `PlainStrings` does with strings: a command's
 * change of one element is all that there is to it. It declines all else, with nothing changed.
 */
import { OFFSET_ZERO } from "../../base/ids.ts";
import type { Randomness } from "../../base/randomness.ts";
import { PLAIN_BYTES_MAX, type PlainRequest } from "../../protocol/resp/plain-request.ts";
import type { Bookkeeping } from "./bookkeeping.ts";
import type { Database } from "./database.ts";
import { HashValue } from "./hash-value.ts";
import { ABSENT } from "./key-table.ts";
import { type ListEnd, ListValue } from "./list-value.ts";
import { isUnobserved, sawAbsence } from "./plain-strings.ts";
import { SetValue } from "./set-value.ts";
import { noteUse } from "./use-frequency.ts";
import type { Collection } from "./value.ts";
import { type ScoredMember, ZsetValue } from "./zset-value.ts";

export class PlainCollections {
  readonly #books: Bookkeeping;
  /** Of the collection that was looked at last. */
  #at: number = ABSENT;

  constructor(books: Bookkeeping) {
    this.#books = books;
  }

  /** As `Database.read` of a command that only reads; `readDone` is to follow, unless nothing was made of it. */
  lookAtList(database: Database, request: PlainRequest): ListValue | undefined {
    const list = this.#look(database, request);
    return list instanceof ListValue ? list : undefined;
  }

  readDone({ table }: Database): void {
    noteUse(table, this.#at, this.#books);
    this.#books.hits += 1;
  }

  /** Whether there is no such key: a pop that finds none is done with that. */
  isAbsent(database: Database, request: PlainRequest): boolean {
    const { bytes, keyStart, keyEnd } = request;
    if (database.table.findBytes(bytes, keyStart, keyEnd) !== ABSENT) return false;
    sawAbsence(database, request, this.#books);
    return true;
  }

  /** @returns how many elements there are then. */
  push(database: Database, request: PlainRequest, end: ListEnd): number | undefined {
    const list = this.#lookToChange(database, request);
    if (!(list instanceof ListValue)) return undefined;
    this.#beforeChange(database);
    list.pushBytes(end, request.bytes, request.valueStart, request.valueEnd);
    return list.size;
  }

  /** @returns the element; `undefined` for the last one as well, with which the key goes. */
  pop(database: Database, request: PlainRequest, end: ListEnd): string | undefined {
    const list = this.#lookToChange(database, request);
    if (!(list instanceof ListValue) || list.size === 1) return undefined;
    this.#beforeChange(database);
    return list.pop(end);
  }

  /** @returns whether the member is new. */
  addMember(database: Database, request: PlainRequest): boolean | undefined {
    const set = this.#lookToChange(database, request);
    if (!(set instanceof SetValue)) return undefined;
    const member = request.value;
    if (set.has(member)) {
      noteUse(database.table, this.#at, this.#books);
      return false;
    }
    this.#beforeChange(database);
    return set.add(member);
  }

  /** @returns whether the member was there; `undefined` when it is the only one as well, with which the key goes. */
  removeMember(database: Database, request: PlainRequest): boolean | undefined {
    const set = this.#lookToChange(database, request);
    if (!(set instanceof SetValue) || set.size === 1) return undefined;
    const member = request.value;
    if (!set.has(member)) {
      noteUse(database.table, this.#at, this.#books);
      return false;
    }
    this.#beforeChange(database);
    return set.delete(member);
  }

  /** Takes any member; `undefined` for the last one as well, with which the key goes, and for one that a record may have no room for. */
  popAny(database: Database, request: PlainRequest, random: Randomness): string | undefined {
    const set = this.#lookToChange(database, request);
    if (!(set instanceof SetValue) || set.size === 1) return undefined;
    const member = set.at(random.below(set.size));
    if (member.length > PLAIN_BYTES_MAX) return undefined;
    this.#beforeChange(database);
    set.delete(member);
    return member;
  }

  /** @returns whether the field is new. */
  setField(database: Database, request: PlainRequest): boolean | undefined {
    const hash = this.#lookToChange(database, request);
    if (!(hash instanceof HashValue)) return undefined;
    this.#beforeChange(database);
    return hash.setBytes(request);
  }

  /** @returns whether the member is new; it may have that score already, and then nothing changes. */
  setScore(database: Database, request: PlainRequest, score: number): boolean | undefined {
    const zset = this.#lookToChange(database, request);
    if (!(zset instanceof ZsetValue)) return undefined;
    const member = request.value;
    const known = zset.score(member);
    if (known === score) {
      noteUse(database.table, this.#at, this.#books);
      return false;
    }
    this.#beforeChange(database);
    zset.set(member, score, known);
    return known === undefined;
  }

  /** Takes the member with the lowest score; `undefined` for the last one as well, with which the key goes. */
  popLowest(database: Database, request: PlainRequest): ScoredMember | undefined {
    const zset = this.#lookToChange(database, request);
    if (!(zset instanceof ZsetValue) || zset.size === 1) return undefined;
    const popped = { member: "", score: 0 };
    zset.walk(0, 1, false, (score, member) => {
      popped.member = member;
      popped.score = score;
    });
    this.#beforeChange(database);
    zset.deleteEnd("low", 1);
    return popped;
  }

  #beforeChange(database: Database): void {
    noteUse(database.table, this.#at, this.#books);
    database.beforeChangeAt(this.#at);
  }

  /** @returns the collection that the key holds, if somebody need not be told when that changes. */
  #lookToChange(database: Database, request: PlainRequest): Collection | undefined {
    return isUnobserved(database, this.#books) ? this.#look(database, request) : undefined;
  }

  /** @returns the collection that the key holds, if it never expires. */
  #look({ table, tombstones }: Database, { bytes, keyStart, keyEnd }: PlainRequest): Collection | undefined {
    const books = this.#books;
    const at = table.findBytes(bytes, keyStart, keyEnd);
    if (at === ABSENT || table.expireAtMs(at) !== 0) return undefined;
    const collection = table.collectionAt(at);
    if (collection === undefined) return undefined;
    if (tombstones.floor !== OFFSET_ZERO) books.saw(tombstones.floor);
    books.saw(table.changedAt(at));
    this.#at = at;
    return collection;
  }
}
