/**
 * What is known of keys that are not there: the records that took them away, as long as these may not be committed. A
 * reply that rests on a key's absence has seen its record.
 */
import { OFFSET_ZERO, type Offset } from "../../base/ids.ts";

export class Tombstones {
  /** Record that changed all keys at once (FLUSHDB, SWAPDB), present and absent ones. */
  floor: Offset = OFFSET_ZERO;
  /** By key, in order of offset. */
  readonly #offsets = new Map<string, Offset>();

  /** Of the keys that were deleted by themselves. */
  get size(): number {
    return this.#offsets.size;
  }

  /** @param offset of a record behind all that were added before. */
  add(key: string, offset: Offset): void {
    // Moved to the end: they stay in order.
    this.#offsets.delete(key);
    this.#offsets.set(key, offset);
  }

  /** The record that deleted the key by itself. @returns `OFFSET_ZERO` when that is committed, or there was none. */
  offsetOf(key: string): Offset {
    return this.#offsets.size === 0 ? OFFSET_ZERO : (this.#offsets.get(key) ?? OFFSET_ZERO);
  }

  /** Forgets the records up to `committed`. */
  forget(committed: Offset): void {
    if (this.floor <= committed) this.floor = OFFSET_ZERO;
    for (const [key, offset] of this.#offsets) {
      if (offset > committed) return;
      this.#offsets.delete(key);
    }
  }

  /** Forgets the single keys: whatever they were, the record at the floor has taken them all, or nothing is known of before. */
  clear(): void {
    this.#offsets.clear();
  }
}
