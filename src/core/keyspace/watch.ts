/** WATCH's bookkeeping: who is to be told when a key changes. */
import type { Offset } from "../../base/ids.ts";

/** What a watching client keeps: set once anything it watches has changed. */
export interface Watcher {
  dirty: boolean;
  /** Offset of the record that made it dirty: an aborted EXEC has seen that record. */
  dirtyOffset: Offset;
}

export interface WatchedKey {
  readonly watcher: Watcher;
  readonly db: number;
  readonly key: string;
  /** It had expired already when WATCH came: its removal is then no change. */
  expired: boolean;
}

export class WatchList {
  readonly #byKey = new Map<string, Set<WatchedKey>>();

  get size(): number {
    return this.#byKey.size;
  }

  add(watched: WatchedKey): void {
    const known = this.#byKey.get(watched.key);
    if (known === undefined) this.#byKey.set(watched.key, new Set([watched]));
    else known.add(watched);
  }

  remove(watched: WatchedKey): void {
    const known = this.#byKey.get(watched.key);
    if (known?.delete(watched) && known.size === 0) this.#byKey.delete(watched.key);
  }

  keys(): IterableIterator<string> {
    return this.#byKey.keys();
  }

  /** @param expiring the change is the removal of a key that had expired. */
  touch(key: string, offset: Offset, expiring: boolean): void {
    const known = this.#byKey.get(key);
    if (known === undefined) return;
    for (const watched of known) {
      if (expiring && watched.expired) {
        watched.expired = false;
        continue;
      }
      soil(watched, offset);
    }
  }

  /**
   * FLUSHDB, SWAPDB: what `key` held has gone, and another database's content has come in its place. To a client an expired key is
   * as good as none.
   *
   * @param held whether it was there before, expired or not.
   */
  replace(key: string, offset: Offset, held: boolean, becomes: "absent" | "expired" | "present"): void {
    for (const watched of this.#byKey.get(key) ?? []) {
      if (watched.expired && becomes !== "present") watched.expired = becomes === "expired";
      else if (!watched.expired && !held && becomes === "expired") watched.expired = true;
      else soil(watched, offset);
    }
  }
}

function soil({ watcher }: WatchedKey, offset: Offset): void {
  watcher.dirty = true;
  watcher.dirtyOffset = offset;
}
