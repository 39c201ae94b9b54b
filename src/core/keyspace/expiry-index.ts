/**
 * Finds the keys whose time has come: a binary heap of keys in order of time. Each knows where it stands, so that a new time
 * moves it and a removal takes it out at once: a key that is refreshed for ever costs nothing, and nothing is ever rebuilt.
 */
import type { Millis } from "../../base/ids.ts";
import type { Randomness } from "../../base/randomness.ts";
import { ChunkedArray } from "./chunked-array.ts";

/** That a key expires, or that something else is due, and when. */
export class Expiry<Key = string> {
  readonly key: Key;
  /** Wall-clock milliseconds for keys. Changed by the index alone. */
  atMs: Millis;
  /** The index's own: where it stands there. */
  position: number;

  constructor(key: Key, atMs: Millis, position: number) {
    this.key = key;
    this.atMs = atMs;
    this.position = position;
  }
}

export class ExpiryIndex<Key = string> {
  readonly #heap = new ChunkedArray<Expiry<Key>>();

  get size(): number {
    return this.#heap.length;
  }

  /** A key that does not expire yet. */
  add(key: Key, atMs: Millis): Expiry<Key> {
    const added = new Expiry(key, atMs, this.#heap.length);
    this.#heap.push(added);
    this.#rise(added);
    return added;
  }

  /** @param expiry one that is here. */
  change(expiry: Expiry<Key>, atMs: Millis): void {
    expiry.atMs = atMs;
    this.#rise(expiry);
    this.#sink(expiry);
  }

  /** @param expiry one that is here. */
  remove(expiry: Expiry<Key>): void {
    const last = this.#heap.pop();
    if (last === expiry) return;
    this.#place(last, expiry.position);
    this.#rise(last);
    this.#sink(last);
  }

  /** The earliest one. */
  first(): Expiry<Key> | undefined {
    return this.#heap.length === 0 ? undefined : this.#heap.at(0);
  }

  /** Any one, each as likely as any other. */
  any(random: Randomness): Expiry<Key> | undefined {
    return this.#heap.length === 0 ? undefined : this.#heap.at(random.below(this.#heap.length));
  }

  #rise(expiry: Expiry<Key>): void {
    let at = expiry.position;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#heap.at(parentAt);
      if (parent.atMs <= expiry.atMs) break;
      this.#place(parent, at);
      at = parentAt;
    }
    if (at !== expiry.position) this.#place(expiry, at);
  }

  #sink(expiry: Expiry<Key>): void {
    const heap = this.#heap;
    let at = expiry.position;
    for (let childAt = at * 2 + 1; childAt < heap.length; childAt = at * 2 + 1) {
      let child = heap.at(childAt);
      if (childAt + 1 < heap.length && heap.at(childAt + 1).atMs < child.atMs) child = heap.at(childAt + 1);
      if (child.atMs >= expiry.atMs) break;
      const { position } = child;
      this.#place(child, at);
      at = position;
    }
    if (at !== expiry.position) this.#place(expiry, at);
  }

  #place(expiry: Expiry<Key>, position: number): void {
    this.#heap.put(position, expiry);
    expiry.position = position;
  }
}
