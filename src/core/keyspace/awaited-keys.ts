/** Which keys of one database blocked clients wait for, and which of these have changed. Who waits is not its business. */

export interface AwaitedKey {
  readonly db: number;
  readonly key: string;
}

export class AwaitedKeys {
  readonly #db: number;
  /** Whether the key is among the ready ones. */
  readonly #keys = new Map<string, boolean>();

  /** @param db the number of the database, to which the keys belong: not to the content, which SWAPDB exchanges. */
  constructor(db: number) {
    this.#db = db;
  }

  get size(): number {
    return this.#keys.size;
  }

  keys(): IterableIterator<string> {
    return this.#keys.keys();
  }

  add(key: string): void {
    if (!this.#keys.has(key)) this.#keys.set(key, false);
  }

  remove(key: string): void {
    this.#keys.delete(key);
  }

  /** The key changes: it joins `ready` when somebody waits for it, once. */
  touch(key: string, ready: AwaitedKey[]): void {
    if (this.#keys.get(key) !== false) return;
    this.#keys.set(key, true);
    ready.push({ db: this.#db, key });
  }

  /** The key has been taken out of the ready ones: its next change counts again. */
  taken(key: string): void {
    if (this.#keys.has(key)) this.#keys.set(key, false);
  }
}
