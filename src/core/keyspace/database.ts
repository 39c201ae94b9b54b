/**
 * One database: its keys, their expiry, and what must happen around each look and each change
 * (what was seen, snapshot pre-images, watchers, tombstones). It knows no command.
 *
 * Commands look with `read`, and change through `set`, `update`, `setExpiry` and `remove`, or call `beforeChange`
 * right before they change a collection in place; every change must be propagated by the same command.
 */
import { invariant } from "../../base/errors.ts";
import { type Millis, OFFSET_ZERO } from "../../base/ids.ts";
import type { Randomness } from "../../base/randomness.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { AwaitedKeys } from "./awaited-keys.ts";
import type { Bookkeeping } from "./bookkeeping.ts";
import { DenseMap } from "./dense-map.ts";
import { Entry, type LastingEntries, timeOf } from "./entry.ts";
import { ExpiryIndex, NO_EXPIRY } from "./expiry-index.ts";
import { MemoryAccount } from "./memory-account.ts";
import { NOTIFY } from "./notifications.ts";
import { Tombstones } from "./tombstones.ts";
import { afterUse, decayed } from "./use-frequency.ts";
import { typeName, type Value } from "./value.ts";
import { WatchList } from "./watch.ts";

/** How Redis keeps a string that was put together in place, or that came out of an addition of floats. */
export type StringForm = "raw" | "embstr";

/** Expired keys met in a row before RANDOMKEY searches in order. */
const RANDOM_TRIES = 100;

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
  #entries = new DenseMap<Entry>();
  /** What `noteForm` was told. */
  readonly #forms = new Map<Entry, StringForm>();
  #expiries = new ExpiryIndex();
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
    return this.#entries.size;
  }

  /** The keys with an expiry: their number, and how long they still live. */
  get expiries(): Pick<ExpiryIndex, "size" | "meanLeftMs"> {
    return this.#expiries;
  }

  /** All of them; keys may come, go and change meanwhile, see `DenseMap.walk`. */
  entries(): IterableIterator<[string, Entry]> {
    return this.#entries.walk();
  }

  /** As `entries`, for who must see what is here now to the end, also when all of it is flushed meanwhile. */
  lasting(): LastingEntries {
    const expiries = this.#expiries;
    return { entries: this.entries(), expireAtMs: (entry) => timeOf(entry, expiries) };
  }

  /** Wall-clock milliseconds at which the key expires; 0 for never. @param entry one that is here. */
  expireAtMs(entry: Entry): Millis {
    return timeOf(entry, this.#expiries);
  }

  /** The key's entry, or `undefined` when it is absent or has expired. Counts as use of the key. */
  read(key: string): Entry | undefined {
    const entry = this.peek(key);
    if (entry !== undefined) this.#use(entry);
    return entry;
  }

  /** As `read`, without counting as use (TTL, TYPE, OBJECT). */
  peek(key: string): Entry | undefined {
    const books = this.#books;
    const entry = this.#entries.get(key);
    if (this.tombstones.floor !== OFFSET_ZERO) books.saw(this.tombstones.floor);
    if (entry === undefined) {
      books.saw(this.tombstones.offsetOf(key));
      if (books.onlyReads) books.missed(this.index, key);
      return undefined;
    }
    books.saw(entry.changedAt);
    if (entry.expiry !== NO_EXPIRY && this.isExpired(entry)) {
      // A command that only reads may leave it to a later one.
      if (books.mayExpire && (!books.onlyReads || books.effects.mayAdd(key.length))) this.#expire(key, entry);
      if (books.onlyReads) books.missed(this.index, key);
      return undefined;
    }
    if (books.onlyReads) books.hits += 1;
    return entry;
  }

  /** Whether the entry must read as absent now. */
  isExpired(entry: Entry): boolean {
    return entry.expiry !== NO_EXPIRY && this.#books.nowMs > this.expireAtMs(entry) && !this.#books.replaying;
  }

  /** WATCH: whether the key is held but has expired. Changes nothing. */
  isKeyExpired(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.isExpired(entry);
  }

  /** Accounts for a decision that rested on the key's expiry. */
  noteLook(key: string): void {
    this.#books.saw(this.#entries.get(key)?.changedAt ?? OFFSET_ZERO);
  }

  /**
   * Must come right before any change of what `key` holds; the methods below call it themselves.
   *
   * @param entry what the key holds, if anything.
   * @param expiring the change is the removal of an expired key.
   */
  beforeChange(key: string, entry: Entry | undefined, expiring = false): void {
    this.wake(key);
    this.beforeLoss(key, entry, expiring);
  }

  /** As `beforeChange`, for a change that gives nothing to clients that are blocked on the key. */
  beforeLoss(key: string, entry: Entry | undefined, expiring = false): void {
    if (this.watches.size !== 0) this.watches.touch(key, this.#books.writeOffset, expiring);
    this.beforeInnerChange(key, entry);
  }

  /** As `beforeChange`, for what is no change to WATCH nor to blocked clients: a stream's groups and counters. */
  beforeInnerChange(key: string, entry: Entry | undefined): void {
    const books = this.#books;
    books.changes += 1;
    books.lastChangeOffset = books.writeOffset;
    if (entry === undefined) return;
    if (books.snapshot !== null && entry.snapshotMark !== books.snapshotMark) {
      books.snapshot.preserve(this.snapshotIndex, key, entry, this.expireAtMs(entry));
    }
    entry.changedAt = books.writeOffset;
    if (typeof entry.value !== "string") this.#account.unsettle(entry.value);
  }

  /** Tells the watchers of a key, of which nothing changes: Redis takes some commands for a change whatever they do. */
  touch(key: string, entry: Entry): void {
    if (this.watches.size !== 0) this.watches.touch(key, entry.changedAt, false);
  }

  /** Has clients that are blocked on the key tried once the present command is done. */
  wake(key: string): void {
    if (this.awaited.size !== 0) this.awaited.touch(key, this.#books.readyKeys);
  }

  /** Makes `key` hold `value`, whatever it held. @param expireAtMs 0 for never. */
  set(key: string, value: Value, expireAtMs: Millis): void {
    const books = this.#books;
    let known = this.#entries.get(key);
    if (known !== undefined && this.isExpired(known)) {
      // Without an effect of its own: what is replayed replaces it.
      this.#expireHere(key, known);
      known = undefined;
    }
    this.beforeChange(key, known);
    if (known !== undefined) {
      this.#account.replaceValue(known.value, value);
      known.value = value;
      if (this.#forms.size !== 0) this.#forms.delete(known);
      this.#use(known);
      this.#changeExpiry(key, known, expireAtMs);
      return;
    }
    const entry = new Entry(value, books.writeOffset, books.nowSec, books.snapshotMark);
    this.#entries.set(key, entry);
    this.#account.addKey(key, value);
    if (books.notifyFlags !== 0) books.notify(NOTIFY.created, "new", this.index, key);
    this.#changeExpiry(key, entry, expireAtMs);
  }

  /** Replaces the value and keeps the expiry. */
  update(key: string, entry: Entry, value: Value): void {
    this.beforeChange(key, entry);
    this.#account.replaceValue(entry.value, value);
    entry.value = value;
    if (this.#forms.size !== 0) this.#forms.delete(entry);
  }

  /**
   * Notes that Redis would keep the short string which `key` holds otherwise than one that was set as a whole. Only OBJECT ENCODING
   * tells; the next `set` or `update` ends it, and so does a restart.
   */
  noteForm(key: string, form: StringForm): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#forms.set(entry, form);
  }

  formOf(entry: Entry): StringForm | undefined {
    return this.#forms.get(entry);
  }

  /** @param expireAtMs 0 to let it live for ever. */
  setExpiry(key: string, entry: Entry, expireAtMs: Millis): void {
    this.beforeChange(key, entry);
    this.#changeExpiry(key, entry, expireAtMs);
  }

  remove(key: string, entry: Entry, expiring = false): void {
    const books = this.#books;
    this.beforeChange(key, entry, expiring);
    this.#entries.delete(key);
    if (this.#forms.size !== 0) this.#forms.delete(entry);
    this.#account.removeKey(key, entry.value);
    this.#changeExpiry(key, entry, 0);
    if (!books.replaying) this.tombstones.add(key, books.writeOffset);
  }

  /**
   * Removes all keys, at a cost that does not depend on their number; a snapshot under way keeps the old ones.
   *
   * @returns whether there were any.
   */
  flush(): boolean {
    if (this.#entries.size === 0) return false;
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

  /** DEBUG OBJECT: the key's entry, expired or not; it then stays where it is. */
  entryAt(key: string): Entry | undefined {
    this.noteLook(key);
    return this.#entries.get(key);
  }

  /** What the key holds, expired or not. For bookkeeping only: commands use `read`. */
  typeAt(key: string): ReturnType<typeof typeName> | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : typeName(entry.value);
  }

  /** Whether the key is held, expired or not. For bookkeeping only: commands use `read`. */
  holds(key: string): boolean {
    return this.#entries.has(key);
  }

  /** As `holds`; an expired key that is still held is told apart. */
  stateOf(key: string): "absent" | "expired" | "present" {
    if (!this.holds(key)) return "absent";
    return this.isKeyExpired(key) ? "expired" : "present";
  }

  /** Deletes the key that was due first, and propagates that. @returns false when none is due. */
  expireNext(): boolean {
    const first = this.#expiries.first();
    if (first === NO_EXPIRY || this.#expiries.atMs(first) >= this.#books.nowMs) return false;
    const key = this.#expiries.keyOf(first);
    if (!this.#books.effects.mayAdd(key.length)) return false;
    const entry = this.#entries.get(key);
    invariant(entry?.expiry === first, "whatever expires is a key's");
    this.#expire(key, entry);
    return true;
  }

  /** One page of SCAN. Every key that is present throughout is returned, perhaps more than once. */
  scan(cursor: number, count: number): { readonly cursor: number; readonly items: [string, Entry][] } {
    return this.#entries.scan(cursor, count);
  }

  randomKey(random: Randomness): string | undefined {
    for (let tries = 0; tries < RANDOM_TRIES && this.size > 0; tries += 1) {
      const key = this.#entries.keyAt(random.below(this.size));
      if (this.peek(key) !== undefined) return key;
    }
    for (const [key, entry] of this.#entries.entries()) if (!this.isExpired(entry)) return key;
    return undefined;
  }

  // ---- memory ----------------------------------------------------------------------------------

  /** The entry as it is held, expired or not. For evictions only: commands use `read`. */
  entryOf(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Any key, each as likely as any other. */
  sampleKey(random: Randomness): string | undefined {
    return this.size === 0 ? undefined : this.#entries.keyAt(random.below(this.size));
  }

  /** Any key that expires. */
  sampleExpiring(random: Randomness): string | undefined {
    return this.#expiries.any(random);
  }

  /** The key that expires before all others. */
  firstToExpire(): string | undefined {
    const first = this.#expiries.first();
    return first === NO_EXPIRY ? undefined : this.#expiries.keyOf(first);
  }

  /** Removes a key that must give way, and propagates that. */
  evict(key: string, entry: Entry): void {
    const books = this.#books;
    this.remove(key, entry);
    books.effects.append(this.index, encodeCommand([books.memory.lazyEviction ? "UNLINK" : "DEL", key]));
    books.evictedKeys += 1;
    books.notify(NOTIFY.evicted, "evicted", this.index, key);
  }

  #use(entry: Entry): void {
    const { useCounting, memory, nowSec } = this.#books;
    if (useCounting !== null) {
      const before = decayed(entry.frequency, entry.usedSec, nowSec, memory.lfuDecayMinutes);
      entry.frequency = afterUse(before, memory.lfuLogFactor, useCounting);
    }
    entry.usedSec = nowSec;
  }

  #expire(key: string, entry: Entry): void {
    this.#books.effects.append(this.index, encodeCommand(["DEL", key]));
    this.#expireHere(key, entry);
  }

  #expireHere(key: string, entry: Entry): void {
    this.remove(key, entry, true);
    this.#books.expired += 1;
    this.#books.notify(NOTIFY.expired, "expired", this.index, key);
  }

  #changeExpiry(key: string, entry: Entry, expireAtMs: Millis): void {
    const { expiry } = entry;
    if (expireAtMs !== 0) {
      if (expiry !== NO_EXPIRY) this.#expiries.change(expiry, expireAtMs);
      else {
        entry.expiry = this.#expiries.add(this.#entries.heldKey(key), expireAtMs);
        this.#account.addExpiry();
      }
    } else if (expiry !== NO_EXPIRY) {
      this.#expiries.remove(expiry);
      this.#account.removeExpiry();
      entry.expiry = NO_EXPIRY;
    }
  }

  #drop(): void {
    this.#account.clear();
    // A snapshot under way still walks the old one.
    this.#entries = new DenseMap();
    this.tombstones.clear();
    this.#forms.clear();
    this.#expiries = new ExpiryIndex();
  }
}
