/**
 * What one database's keys and values take in memory. Texts are accounted for as they come and go; a collection that may have
 * changed is looked at once more when its command has ended.
 */
import type { Bookkeeping } from "./bookkeeping.ts";
import type { Entry } from "./entry.ts";
import { NO_EXPIRY } from "./expiry-index.ts";
import { EXPIRY_BYTES, KEY_BYTES, stringBytes } from "./memory-model.ts";
import type { Collection, Value } from "./value.ts";

export class MemoryAccount {
  readonly #books: Bookkeeping;
  #bytes = 0;
  readonly #unsettled: Collection[] = [];

  constructor(books: Bookkeeping) {
    this.#books = books;
  }

  addKey(key: string, value: Value): void {
    this.#add(KEY_BYTES + stringBytes(key.length));
    this.#addValue(value);
  }

  removeKey(key: string, value: Value): void {
    this.#add(-KEY_BYTES - stringBytes(key.length));
    this.#removeValue(value);
  }

  replaceValue(known: Value, value: Value): void {
    this.#removeValue(known);
    this.#addValue(value);
  }

  addExpiry(): void {
    this.#add(EXPIRY_BYTES);
  }

  removeExpiry(): void {
    this.#add(-EXPIRY_BYTES);
  }

  /** All keys are dropped. */
  clear(): void {
    this.settle();
    this.#add(-this.#bytes);
  }

  /** A collection of this database is about to change. */
  unsettle(value: Value): void {
    if (typeof value === "string") return;
    const unsettled = this.#unsettled;
    if (unsettled.length === 0) this.#books.unsettled.push(this);
    else if (unsettled[unsettled.length - 1] === value) return;
    unsettled.push(value);
  }

  /** Accounts for what collections have grown and shrunk by since the last time. */
  settle(): void {
    const unsettled = this.#unsettled;
    // Popped, as to set a length gives the array's room back: to make it anew costs more than the rest of this.
    for (let value = unsettled.pop(); value !== undefined; value = unsettled.pop()) {
      const { bytes } = value;
      this.#add(bytes - value.accountedBytes);
      value.accountedBytes = bytes;
    }
  }

  #addValue(value: Value): void {
    if (typeof value === "string") {
      this.#add(stringBytes(value.length));
      return;
    }
    // It may come from another key, and be filled only after this.
    value.accountedBytes = 0;
    this.unsettle(value);
  }

  #removeValue(value: Value): void {
    if (typeof value === "string") {
      this.#add(-stringBytes(value.length));
      return;
    }
    // It may be another database's before the command has ended.
    this.settle();
    this.#add(-value.accountedBytes);
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    this.#books.usedBytes += bytes;
  }
}

/** What a key takes in memory by itself. */
export function bytesOf(key: string, { value, expiry }: Entry): number {
  const own = typeof value === "string" ? stringBytes(value.length) : value.bytes;
  return KEY_BYTES + stringBytes(key.length) + own + (expiry === NO_EXPIRY ? 0 : EXPIRY_BYTES);
}
