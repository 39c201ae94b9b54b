/** Which of many is due, and when the next one is. A binary heap whose entries know where they stand, so that each can be moved. */
import type { Millis } from "../../src/base/ids.ts";

interface Entry<Key> {
  readonly key: Key;
  atMs: Millis;
  position: number;
}

export class DeadlineQueue<Key> {
  readonly #heap: Entry<Key>[] = [];
  readonly #entries = new Map<Key, Entry<Key>>();

  get earliestMs(): Millis | undefined {
    return this.#heap[0]?.atMs;
  }

  /** In place of an earlier deadline of this key; `undefined` for none. */
  set(key: Key, atMs: Millis | undefined): void {
    const entry = this.#entries.get(key);
    if (atMs === undefined) {
      if (entry !== undefined) this.#remove(entry);
    } else if (entry === undefined) {
      const added = { key, atMs, position: this.#heap.length };
      this.#entries.set(key, added);
      this.#heap.push(added);
      this.#rise(added);
    } else if (atMs !== entry.atMs) {
      entry.atMs = atMs;
      this.#rise(entry);
      this.#sink(entry);
    }
  }

  /** Those that are due, earliest first; each has no deadline any more when it comes. */
  *takeDue(nowMs: Millis): Generator<Key> {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= nowMs; first = this.#heap[0]) {
      this.#remove(first);
      yield first.key;
    }
  }

  #remove(entry: Entry<Key>): void {
    this.#entries.delete(entry.key);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, entry.position);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: Entry<Key>): void {
    for (;;) {
      const parent = this.#heap[(entry.position - 1) >> 1];
      if (parent === undefined || parent.atMs <= entry.atMs) return;
      this.#swap(entry, parent);
    }
  }

  #sink(entry: Entry<Key>): void {
    for (;;) {
      const left = this.#heap[2 * entry.position + 1];
      const right = this.#heap[2 * entry.position + 2];
      const least = right !== undefined && left !== undefined && right.atMs < left.atMs ? right : left;
      if (least === undefined || least.atMs >= entry.atMs) return;
      this.#swap(entry, least);
    }
  }

  #swap(a: Entry<Key>, b: Entry<Key>): void {
    const { position } = a;
    this.#place(a, b.position);
    this.#place(b, position);
  }

  #place(entry: Entry<Key>, position: number): void {
    this.#heap[position] = entry;
    entry.position = position;
  }
}
