/**
 * The 16 databases of a member, and what concerns them as a whole: expiry in the background, snapshots, the state hash.
 * It runs no commands; the dispatcher does, and the member's core sets the time and offsets that it works with.
 */
import { InterrexError, invariant } from "../../base/errors.ts";
import { OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import type { Randomness } from "../../base/randomness.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { Bookkeeping } from "./bookkeeping.ts";
import { Database } from "./database.ts";
import { addDigest, DIGEST_BYTES, digestOf } from "./digest.ts";
import { Evictor } from "./evictor.ts";
import { EMPTY_BYTES } from "./memory-model.ts";
import { countsUses, type MemorySettings } from "./memory-settings.ts";
import { NOTIFY } from "./notifications.ts";
import { SnapshotCursor } from "./snapshot-cursor.ts";
import { typeName } from "./value.ts";

export const DATABASES = 16;

/** Below what a slab can hold, with what its pages have left over. */
const USED_BYTES_MAX = 30 * 2 ** 30;

export class Keyspace extends Bookkeeping {
  readonly databases: readonly Database[];
  /** DEBUG SET-ACTIVE-EXPIRE: whether `expireCycle` does anything. */
  activeExpire = true;
  readonly #databases: Database[];
  readonly #evictor = new Evictor();
  #evictionRandom: Randomness | null = null;
  #maxBytes = USED_BYTES_MAX;
  /** Where the next expiry cycle begins, so that one busy database does not starve the others. */
  #expireFrom = 0;

  constructor() {
    super();
    this.#databases = Array.from({ length: DATABASES }, (_, index) => new Database(index, this));
    this.databases = this.#databases;
  }

  /** @throws InterrexError `NO_SUCH_DATABASE` when `index` is not one of the 16. */
  database(index: number): Database {
    const database = this.#databases[index];
    if (database === undefined) {
      throw new InterrexError("NO_SUCH_DATABASE", `There is no database ${index}; use 0 to ${DATABASES - 1}`);
    }
    return database;
  }

  /** Whoever looks at anything from now on has seen the record at `offset`. */
  markAllChanged(offset: Offset): void {
    const { writeOffset } = this;
    this.writeOffset = offset;
    for (const database of this.#databases) database.markAllChanged();
    this.writeOffset = writeOffset;
  }

  /** Starts the account of one command: nothing seen, nothing to propagate. */
  beginCommand(): void {
    this.sawOffset = OFFSET_ZERO;
    this.nowSec = Math.floor(this.nowMs / 1000);
    this.effects.clear();
    this.onlyReads = false;
    if (this.publications.length !== 0) this.publications = [];
  }

  /** Drops what is remembered of keys whose deletion is committed. Call it as the commit advances. */
  forgetTombstones(committed: Offset): void {
    for (const database of this.#databases) database.tombstones.forget(committed);
  }

  /** SWAPDB: each takes the other's number; watchers and blocked clients stay with the number. */
  swap(first: number, second: number): void {
    const one = this.database(first);
    const other = this.database(second);
    if (one === other) return;
    one.touchWatched(other);
    other.touchWatched(one);
    one.touchAwaited(other);
    other.touchAwaited(one);
    [one.watches, other.watches] = [other.watches, one.watches];
    [one.awaited, other.awaited] = [other.awaited, one.awaited];
    [one.index, other.index] = [second, first];
    this.#databases[first] = other;
    this.#databases[second] = one;
    one.markAllChanged();
    other.markAllChanged();
    this.changes += 1;
  }

  /**
   * Deletes up to `budget` keys whose time has come, and leaves their DELs in `effects`. Only on a master that can write.
   *
   * @returns how many; equal to `budget` when there may be more.
   */
  expireCycle(budget: number): number {
    if (!this.mayExpire || !this.activeExpire) return 0;
    let deleted = 0;
    for (let turn = 0; turn < DATABASES; turn += 1) {
      const database = this.database((this.#expireFrom + turn) % DATABASES);
      while (deleted < budget && database.expireNext()) deleted += 1;
    }
    this.#expireFrom = (this.#expireFrom + 1) % DATABASES;
    return deleted;
  }

  /** @param random for counting uses and for choosing what to evict. */
  limitMemory(settings: MemorySettings, random: Randomness): void {
    this.memory = settings;
    this.#maxBytes =
      settings.maxBytes === 0 ? USED_BYTES_MAX : Math.min(settings.maxBytes - EMPTY_BYTES, USED_BYTES_MAX);
    this.#evictionRandom = random;
    this.useCounting = countsUses(settings.policy) ? random : null;
    this.#evictor.forget();
  }

  /** Whether keys and values take more memory than they may. */
  get isOverMemory(): boolean {
    return this.usedBytes > this.#maxBytes;
  }

  /**
   * Deletes up to `budget` keys while there is too little memory, and more than `downToBytes` is used; leaves their DELs in `effects`. Only on a master that
   * can write.
   *
   * @returns false when there is too little memory still, and no key that may go.
   */
  evict(budget: number, downToBytes: number): boolean {
    const random = this.#evictionRandom;
    for (let left = budget; left > 0 && this.isOverMemory && this.usedBytes > downToBytes; left -= 1) {
      if (!this.effects.mayAdd(0)) break;
      const victim =
        random && this.mayExpire
          ? this.#evictor.choose(this.#databases, this.memory, random, this.nowSec)
          : undefined;
      if (victim === undefined) return false;
      this.#evict(victim.database, victim.key);
    }
    return !this.isOverMemory || this.#databases.some(({ size }) => size > 0);
  }

  /** Starts a snapshot of the present state. One at a time: abort the other first. */
  beginSnapshot(): SnapshotCursor {
    invariant(this.snapshot === null, "one snapshot at a time");
    return new SnapshotCursor(this, this.#databases);
  }

  /** Forgets all keys, for a full resync. Nothing is propagated; a snapshot under way goes on with the old state. */
  clear(): void {
    for (const database of this.#databases) database.clear();
    this.lastChangeOffset = OFFSET_ZERO;
  }

  /** Hash of the whole state (databases, keys, values, expiry), 40 hex digits; equal states have equal hashes. */
  digest(): string {
    const sum = Buffer.alloc(DIGEST_BYTES);
    for (const database of this.#databases) {
      for (const [key, entry] of database.entries()) {
        const value = typeof entry.value === "string" ? entry.value : entry.value.digest().toString("latin1");
        const expireAtMs = String(entry.expireAtMs);
        addDigest(sum, digestOf(String(database.index), key, expireAtMs, typeName(entry.value), value));
      }
    }
    return sum.toString("hex");
  }

  #evict(database: Database, key: string): void {
    database.remove(key);
    this.effects.append(database.index, encodeCommand([this.memory.lazyEviction ? "UNLINK" : "DEL", key]));
    this.evictedKeys += 1;
    this.notify(NOTIFY.evicted, "evicted", database.index, key);
  }
}
