/**
 * What one database's keys and values take in memory. What is in a key's block is accounted for as it comes and goes; a collection
 * that may have changed is looked at once more when its command has ended.
 */
import type { Bookkeeping } from "./bookkeeping.ts";
import type { KeyTable } from "./key-table.ts";
import { EXPIRY_BYTES } from "./memory-model.ts";
import type { Collection } from "./value.ts";

export class MemoryAccount {
  readonly #books: Bookkeeping;
  #bytes = 0;
  readonly #unsettled: Collection[] = [];

  constructor(books: Bookkeeping) {
    this.#books = books;
  }

  /** @param bytes less than 0 for what is given back. */
  add(bytes: number): void {
    this.#bytes += bytes;
    this.#books.usedBytes += bytes;
  }

  /** A key holds the collection from now on. */
  addCollection(collection: Collection): void {
    // It may come from another key, and be filled only after this.
    collection.accountedBytes = 0;
    this.unsettle(collection);
  }

  removeCollection(collection: Collection): void {
    // It may be another database's before the command has ended.
    this.settle();
    this.add(-collection.accountedBytes);
  }

  /** All keys are dropped. */
  clear(): void {
    this.settle();
    this.add(-this.#bytes);
  }

  /** A collection of this database is about to change. */
  unsettle(collection: Collection): void {
    const unsettled = this.#unsettled;
    if (unsettled.length === 0) this.#books.unsettled.push(this);
    else if (unsettled[unsettled.length - 1] === collection) return;
    unsettled.push(collection);
  }

  /** Accounts for what collections have grown and shrunk by since the last time. */
  settle(): void {
    const unsettled = this.#unsettled;
    // Popped, as to set a length gives the array's room back: to make it anew costs more than the rest of this.
    for (let collection = unsettled.pop(); collection !== undefined; collection = unsettled.pop()) {
      const { bytes } = collection;
      this.add(bytes - collection.accountedBytes);
      collection.accountedBytes = bytes;
    }
  }
}

/** What the key at `address` takes in memory by itself. */
export function bytesOf(table: KeyTable, address: number): number {
  const expiry = table.expireAtMs(address) === 0 ? 0 : EXPIRY_BYTES;
  return table.bytesAt(address) + (table.collectionAt(address)?.bytes ?? 0) + expiry;
}
