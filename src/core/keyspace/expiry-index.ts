/**
 * Finds the keys whose time has come: a binary heap of (time, key), ordered by time.
 * Entries of the heap are hints: the owner checks each against the key's present expiry. Stale ones are dropped when
 * they surface, or all at once when they outnumber the valid ones, so that a key refreshed for ever costs bounded memory.
 */
import type { Millis } from "../../base/ids.ts";
import type { Randomness } from "../../base/randomness.ts";

export interface ExpiryHint {
  readonly atMs: Millis;
  readonly key: string;
}

/** Below so many hints a rebuild is not worth it. */
const REBUILD_FLOOR = 1024;
/** Stale hints met in a row before a valid one is searched in order. */
const TRIES_MAX = 16;

export class ExpiryIndex {
  #heap: ExpiryHint[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** Whether stale hints outnumber `valid`, the number of keys that do expire: time to `rebuild`. */
  isBloated(valid: number): boolean {
    return this.#heap.length > REBUILD_FLOOR && this.#heap.length > valid * 2;
  }

  rebuild(hints: Iterable<ExpiryHint>): void {
    // An array in ascending order is a heap.
    this.#heap = [...hints].sort((one, other) => one.atMs - other.atMs);
  }

  clear(): void {
    this.#heap = [];
  }

  add(atMs: Millis, key: string): void {
    const heap = this.#heap;
    const added: ExpiryHint = { atMs, key };
    let at = heap.length;
    heap.push(added);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as ExpiryHint;
      if (parent.atMs <= atMs) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = added;
  }

  /** Earliest hint, for the owner to compare with the clock. */
  first(): ExpiryHint | undefined {
    return this.#heap[0];
  }

  /** Any valid hint, each about as likely as any other. The stale ones are at most as many, or few. */
  any(random: Randomness, isValid: (hint: ExpiryHint) => boolean): ExpiryHint | undefined {
    const heap = this.#heap;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const hint = heap[random.below(heap.length)];
      if (hint !== undefined && isValid(hint)) return hint;
    }
    return heap.find(isValid);
  }

  /** The earliest valid hint; drops the stale ones before it. */
  firstValid(isValid: (hint: ExpiryHint) => boolean): ExpiryHint | undefined {
    for (let hint = this.first(); hint !== undefined; hint = this.first()) {
      if (isValid(hint)) return hint;
      this.removeFirst();
    }
    return undefined;
  }

  removeFirst(): void {
    const heap = this.#heap;
    const moved = heap.pop();
    const size = heap.length;
    if (moved === undefined || size === 0) return;
    let at = 0;
    for (;;) {
      let childAt = at * 2 + 1;
      if (childAt >= size) break;
      let child = heap[childAt] as ExpiryHint;
      const right = heap[childAt + 1];
      if (right !== undefined && right.atMs < child.atMs) {
        child = right;
        childAt += 1;
      }
      if (child.atMs >= moved.atMs) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = moved;
  }
}
