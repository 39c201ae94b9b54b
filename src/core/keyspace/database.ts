/**
 * One database: its keys, their expiry, and what must happen around each look and each change
 * (what was seen, snapshot pre-images, watchers, tombstones). It knows no command.
 *
 * Commands look with `read`, and change through `set`, `update`, `setExpiry` and `remove`, or call `beforeChange`
 * right before they change a collection in place; every change must be propagated by the same command.
 */
import { type Millis, OFFSET_ZERO } from "../../base/ids.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { AwaitedKeys } from "./awaited-keys.ts";
import type { Bookkeeping } from "./bookkeeping.ts";
import type { Entry } from "./entry.ts";
import type { ExpiryIndex } from "./expiry-index.ts";
import { ABSENT, KeyTable } from "./key-table.ts";
import { MemoryAccount } from "./memory-account.ts";
import { EXPIRY_BYTES } from "./memory-model.ts";
import { NOTIFY } from "./notifications.ts";
import { Tombstones } from "./tombstones.ts";
import { noteUse } from "./use-frequency.ts";
import type { TypeName, Value } from "./value.ts";
import { WatchList } from "./watch.ts";

/** How Redis keeps a string that was put together in place, or that came out of an addition of floats. */
export type StringForm = "raw" | "embstr";

/** By the number that the table keeps. */
const FORMS = [undefined, "raw", "embstr"] as const;

export class Database {
  /** Its number for clients; SWAPDB changes it. */
  index: number;
  /** Its number in the snapshot under way. */
  snapshotIndex: number;
  /** Clients that watch keys here. It belongs to the number, not to the content. */
  watches: WatchList = new WatchList();
  /** Keys that clients are blocked on here. It belongs to the number as well. */
  awaited: AwaitedKeys;

  readonly tombstones: Tombstones = new Tombstones();

  readonly #books: Bookkeeping;
  #table = new KeyTable();
  readonly #account: MemoryAccount;

  constructor(index: number, books: Bookkeeping) {
    this.index = index;
    this.snapshotIndex = index;
    this.awaited = new AwaitedKeys(index);
    this.#books = books;
    this.#account = new MemoryAccount(books);
  }

  /** Number of keys, expired ones that are still held included, as DBSIZE counts. */
  get size(): number {
    return this.#table.size;
  }

  /** The keys with an expiry: their number, and how long they still live. */
  get expiries(): Pick<ExpiryIndex<number>, "size" | "meanLeftMs"> {
    return this.#table.expiries;
  }

  /** What is here now: when all of it is flushed, it is left to whoever still reads it, and this database takes another one. */
  get table(): KeyTable {
    return this.#table;
  }

  /** All keys, expired ones that are still held included; they may come, go and change meanwhile, see `KeyTable.walk`. */
  *entries(): IterableIterator<[string, Entry]> {
    const table = this.#table;
    for (const at of table.walk()) yield [table.keyAt(at), table.entryAt(at)];
  }

  /** All that have not expired, as `entries`. */
  *liveKeys(): IterableIterator<string> {
    const table = this.#table;
    for (const at of table.walk()) if (!this.#isDue(at)) yield table.keyAt(at);
  }

  /** What the key holds, or `undefined` when it is absent or has expired. Counts as use of the key. */
  read(key: string): Entry | undefined {
    const at = this.#look(key);
    if (at === ABSENT) return undefined;
    noteUse(this.#table, at, this.#books);
    return this.#table.entryAt(at);
  }

  /** As `read`, without counting as use (TTL, TYPE, OBJECT). */
  peek(key: string): Entry | undefined {
    const at = this.#look(key);
    return at === ABSENT ? undefined : this.#table.entryAt(at);
  }

  /** WATCH: whether the key is held but has expired. Changes nothing. */
  isKeyExpired(key: string): boolean {
    const at = this.#table.find(key);
    return at !== ABSENT && this.#isDue(at);
  }

  /** Accounts for a decision that rested on the key's expiry. */
  noteLook(key: string): void {
    const at = this.#table.find(key);
    if (at !== ABSENT) this.#books.saw(this.#table.changedAt(at));
  }

  /**
   * Must come right before any change of what `key` holds, or comes to hold; the methods below call it themselves.
   */
  beforeChange(key: string): void {
    this.wake(key);
    this.beforeLoss(key);
  }

  /**
   * As `beforeChange`, for a change that gives nothing to clients that are blocked on the key.
   *
   * @param expiring the change is the removal of an expired key.
   */
  beforeLoss(key: string, expiring = false): void {
    if (this.watches.size !== 0) this.watches.touch(key, this.#books.writeOffset, expiring);
    this.beforeInnerChange(key);
  }

  /** As `beforeChange`, for what is no change to WATCH nor to blocked clients: a stream's groups and counters. */
  beforeInnerChange(key: string): void {
    this.beforeChangeAt(this.#table.find(key));
  }

  /** As `beforeInnerChange`, of the key at an address. */
  beforeChangeAt(at: number): void {
    const books = this.#books;
    const table = this.#table;
    books.changes += 1;
    books.lastChangeOffset = books.writeOffset;
    if (at === ABSENT) return;
    if (books.snapshot !== null) books.snapshot.preserve(this.snapshotIndex, table, at);
    table.setChangedAt(at, books.writeOffset);
    const collection = table.collectionAt(at);
    if (collection !== undefined) this.#account.unsettle(collection);
  }

  /** Tells the watchers of a key, of which nothing changes: Redis takes some commands for a change whatever they do. */
  touch(key: string): void {
    const at = this.#table.find(key);
    if (this.watches.size !== 0 && at !== ABSENT) this.watches.touch(key, this.#table.changedAt(at), false);
  }

  /** Has clients that are blocked on the key tried once the present command is done. */
  wake(key: string): void {
    if (this.awaited.size !== 0) this.awaited.touch(key, this.#books.readyKeys);
  }

  /** Makes `key` hold `value`, whatever it held. @param expireAtMs 0 for never. */
  set(key: string, value: Value, expireAtMs: Millis): void {
    const books = this.#books;
    let at = this.#table.find(key);
    if (at !== ABSENT && this.#isDue(at)) {
      // Without an effect of its own: what is replayed replaces it.
      this.#expireHere(key, at);
      at = ABSENT;
    }
    if (typeof value !== "string" || this.#holdsStream(at)) this.wake(key);
    this.beforeLoss(key);
    if (at !== ABSENT) {
      at = this.#replaceValue(at, value);
      noteUse(this.#table, at, books);
    } else {
      at = this.#table.add(key, value, books.writeOffset, books.nowSec, books.snapshotMark);
      this.#account.add(this.#table.bytesAt(at));
      if (typeof value !== "string") this.#account.addCollection(value);
      if (books.notifyFlags !== 0) books.notify(NOTIFY.created, "new", this.index, key);
    }
    this.#changeExpiry(at, expireAtMs);
  }

  /** Accounts for a key that was added to the table, with its string. */
  added(at: number): void {
    this.#account.add(this.#table.bytesAt(at));
  }

  /** Replaces the value of a key that is here, and keeps the expiry. */
  update(key: string, value: Value): void {
    const at = this.#table.find(key);
    this.beforeLoss(key);
    this.#replaceValue(at, value);
  }

  /**
   * Notes that Redis would keep the short string which `key` holds otherwise than one that was set as a whole. Only OBJECT ENCODING
   * tells; the next `set` or `update` ends it, and so does a restart.
   */
  noteForm(key: string, form: StringForm): void {
    const at = this.#table.find(key);
    if (at !== ABSENT) this.#table.setForm(at, FORMS.indexOf(form));
  }

  formOf(key: string): StringForm | undefined {
    const at = this.#table.find(key);
    return at === ABSENT ? undefined : FORMS[this.#table.form(at)];
  }

  /** @param key one that is here. @param expireAtMs 0 to let it live for ever. */
  setExpiry(key: string, expireAtMs: Millis): void {
    const at = this.#table.find(key);
    this.beforeLoss(key);
    this.#changeExpiry(at, expireAtMs);
  }

  /** @param key one that is here. */
  remove(key: string): void {
    this.#remove(key, this.#table.find(key), false);
  }

  /**
   * Removes all keys, at a cost that does not depend on their number; a snapshot under way keeps the old ones.
   *
   * @returns whether there were any.
   */
  flush(): boolean {
    if (this.size === 0) return false;
    this.touchWatched();
    this.touchAwaited();
    this.#books.changes += 1;
    this.markAllChanged();
    this.#drop();
    return true;
  }

  /** Forgets everything without a trace, for a full resync. */
  clear(): void {
    for (const key of this.watches.keys()) this.watches.touch(key, this.#books.writeOffset, false);
    this.touchAwaited();
    this.#drop();
    this.tombstones.floor = OFFSET_ZERO;
  }

  /** FLUSHDB, SWAPDB: from now on whoever looks at any key has seen the present record. */
  markAllChanged(): void {
    this.tombstones.floor = this.#books.writeOffset;
    this.#books.lastChangeOffset = this.#books.writeOffset;
  }

  /** Tells the watchers of keys that are here now, or in `replacement`, which takes this one's place. */
  touchWatched(replacement?: Database): void {
    if (this.watches.size === 0) return;
    for (const key of this.watches.keys()) {
      const held = this.holds(key);
      const becomes = replacement?.stateOf(key) ?? "absent";
      if (held || becomes !== "absent") this.watches.replace(key, this.#books.writeOffset, held, becomes);
    }
  }

  /** As `touchWatched`, for keys that clients are blocked on. */
  touchAwaited(replacement?: Database): void {
    if (this.awaited.size === 0) return;
    for (const key of this.awaited.keys()) {
      if (this.holds(key) || replacement?.holds(key)) this.awaited.touch(key, this.#books.readyKeys);
    }
  }

  /** DEBUG OBJECT: what the key holds, expired or not; it then stays where it is. */
  entryAt(key: string): Entry | undefined {
    this.noteLook(key);
    return this.entryOf(key);
  }

  /** What the key holds, expired or not. For bookkeeping only: commands use `read`. */
  entryOf(key: string): Entry | undefined {
    const at = this.#table.find(key);
    return at === ABSENT ? undefined : this.#table.entryAt(at);
  }

  /** As `entryOf`, of its type. */
  typeAt(key: string): TypeName | undefined {
    const at = this.#table.find(key);
    return at === ABSENT ? undefined : this.#table.typeAt(at);
  }

  /** Whether the key is held, expired or not. For bookkeeping only: commands use `read`. */
  holds(key: string): boolean {
    return this.#table.find(key) !== ABSENT;
  }

  /** As `holds`; an expired key that is still held is told apart. */
  stateOf(key: string): "absent" | "expired" | "present" {
    if (!this.holds(key)) return "absent";
    return this.isKeyExpired(key) ? "expired" : "present";
  }

  /** Deletes the key that was due first, and propagates that. @returns false when none is due. */
  expireNext(): boolean {
    const at = this.#table.firstToExpire();
    if (at === ABSENT || this.#table.expireAtMs(at) >= this.#books.nowMs) return false;
    const key = this.#table.keyAt(at);
    if (!this.#books.effects.mayAdd(key.length)) return false;
    this.#expire(key, at);
    return true;
  }

  /** One page of SCAN: of its keys those that have not expired. Every key that is present throughout is returned, perhaps more than once. */
  scan(cursor: number, count: number, type?: string): { readonly cursor: number; readonly keys: string[] } {
    const table = this.#table;
    const page = table.scan(cursor, count);
    const keys: string[] = [];
    for (const at of page.addresses) {
      if (this.#isDue(at) || (type !== undefined && table.typeAt(at) !== type)) continue;
      keys.push(table.keyAt(at));
    }
    return { cursor: page.cursor, keys };
  }

  // ---- by address ------------------------------------------------------------------------------

  /** @returns the address of the key, `ABSENT` when it is absent or has expired. */
  #look(key: string): number {
    const books = this.#books;
    const at = this.#table.find(key);
    if (this.tombstones.floor !== OFFSET_ZERO) books.saw(this.tombstones.floor);
    if (at === ABSENT) {
      books.saw(this.tombstones.offsetOf(key));
      if (books.onlyReads) books.missed(this.index, key);
      return ABSENT;
    }
    books.saw(this.#table.changedAt(at));
    if (this.#isDue(at)) {
      // A command that only reads may leave it to a later one.
      if (books.mayExpire && (!books.onlyReads || books.effects.mayAdd(key.length))) this.#expire(key, at);
      if (books.onlyReads) books.missed(this.index, key);
      return ABSENT;
    }
    if (books.onlyReads) books.hits += 1;
    return at;
  }

  /** Whether the key must read as absent now. */
  #isDue(at: number): boolean {
    const expireAtMs = this.#table.expireAtMs(at);
    return expireAtMs !== 0 && this.#books.nowMs > expireAtMs && !this.#books.replaying;
  }

  #holdsStream(at: number): boolean {
    return this.awaited.size !== 0 && at !== ABSENT && this.#table.typeAt(at) === "stream";
  }

  /** @returns where the key is now. */
  #replaceValue(at: number, value: Value): number {
    const table = this.#table;
    table.setForm(at, 0);
    if (typeof value === "string" && table.replaceString(at, value)) return at;
    const known = table.collectionAt(at);
    if (known !== undefined) this.#account.removeCollection(known);
    const bytes = table.bytesAt(at);
    const now = table.setValue(at, value);
    this.#account.add(table.bytesAt(now) - bytes);
    if (typeof value !== "string") this.#account.addCollection(value);
    return now;
  }

  #expire(key: string, at: number): void {
    this.#books.effects.append(this.index, encodeCommand(["DEL", key]));
    this.#expireHere(key, at);
  }

  #expireHere(key: string, at: number): void {
    const books = this.#books;
    this.#remove(key, at, true);
    books.expired += 1;
    books.notify(NOTIFY.expired, "expired", this.index, key);
  }

  #remove(key: string, at: number, expiring: boolean): void {
    const books = this.#books;
    const table = this.#table;
    // As in Redis, to whoever waits for elements it is nothing that a key has gone, but to a stream's consumers.
    if (this.#holdsStream(at)) this.wake(key);
    this.beforeLoss(key, expiring);
    const collection = table.collectionAt(at);
    if (collection !== undefined) this.#account.removeCollection(collection);
    this.#changeExpiry(at, 0);
    this.#account.add(-table.bytesAt(at));
    table.remove(at);
    if (!books.replaying) this.tombstones.add(key, books.writeOffset);
  }

  #changeExpiry(at: number, expireAtMs: Millis): void {
    const expired = this.#table.setExpiry(at, expireAtMs);
    if (expired === (expireAtMs !== 0)) return;
    this.#account.add(expired ? -EXPIRY_BYTES : EXPIRY_BYTES);
  }

  #drop(): void {
    this.#account.clear();
    this.#table = new KeyTable();
    this.tombstones.clear();
  }
}
