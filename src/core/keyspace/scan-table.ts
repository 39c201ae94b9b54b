/**
 * Remembers where scans of one Map stand, so that a cursor is a small number.
 *
 * A live Map iterator visits every entry that is never removed while it runs, whatever else is added or removed:
 * that is SCAN's guarantee. The table keeps few of them; what a scan whose iterator was dropped gets is up to its owner.
 */

/** A dropped scan pins at most the Map's former tables; more scans than this at once are rare. */
const SCANS_MAX = 16;

export interface ScanPage<Key, Value> {
  /** 0 when the scan is complete. */
  readonly cursor: number;
  readonly items: [Key, Value][];
}

export class ScanTable<Key, Value> {
  readonly #iterators = new Map<number, IterableIterator<[Key, Value]>>();

  /** Hands over the iterator that stands at `cursor`; it is used up by that. */
  take(cursor: number): IterableIterator<[Key, Value]> | undefined {
    const iterator = this.#iterators.get(cursor);
    this.#iterators.delete(cursor);
    return iterator;
  }

  /**
   * Takes up to `count` items from `iterator` and keeps it when there may be more.
   *
   * @param cursorAfter the cursor under which to go on after the last item taken; not 0.
   */
  page(
    iterator: IterableIterator<[Key, Value]>,
    count: number,
    cursorAfter: (last: [Key, Value]) => number,
  ): ScanPage<Key, Value> {
    const items: [Key, Value][] = [];
    for (;;) {
      const step = iterator.next();
      if (step.done) return { cursor: 0, items };
      items.push(step.value);
      if (items.length < count) continue;
      const cursor = cursorAfter(step.value);
      this.#keep(cursor, iterator);
      return { cursor, items };
    }
  }

  #keep(cursor: number, iterator: IterableIterator<[Key, Value]>): void {
    this.#iterators.set(cursor, iterator);
    if (this.#iterators.size <= SCANS_MAX) return;
    for (const oldest of this.#iterators.keys()) {
      this.#iterators.delete(oldest);
      break;
    }
  }
}
