/**
 * When the log is synced, and when records count as persisted: the three `appendfsync` policies.
 *
 * `always`: one sync at a time, each for all that was written before it began; then `persisted`.
 * `everysec`: `persisted` once written, a sync a second later at the latest, if anything was written.
 * `no`: `persisted` once written; the system writes back when it likes.
 */
import { type Millis, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import type { AppendFsync } from "./member-storage.ts";

export interface GroupSyncOptions {
  readonly policy: AppendFsync;
  readonly everyMs: Millis;
  readonly sync: () => Promise<void>;
  readonly persisted: (lastOffset: Offset) => void;
  readonly failed: (error: unknown) => void;
}

export class GroupSync {
  readonly #options: GroupSyncOptions;
  #written: Offset = OFFSET_ZERO;
  /** Written, and not yet handed to a sync (`always`) or reported (the others). */
  #due = false;
  /** Written since the last sync began. */
  #dirty = false;
  #noticeQueued = false;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Rises with each cut: what a sync under way then finds done may be gone. */
  #cuts = 0;
  #stopped = false;

  constructor(options: GroupSyncOptions) {
    this.#options = options;
  }

  /** All records up to `lastOffset` are in the file. */
  written(lastOffset: Offset): void {
    this.#written = lastOffset;
    this.#due = true;
    this.#dirty = true;
    if (this.#options.policy === "always") {
      this.#running ??= this.#syncWhileDue();
      return;
    }
    this.#queueNotice();
    if (this.#options.policy === "everysec") this.#armTimer();
  }

  /** Records after `lastKept` are gone: what was not reported yet is reported up to there only. */
  cut(lastKept: Offset): void {
    const unreported = this.#due || this.#running !== null;
    this.restart(lastKept);
    if (unreported) this.written(lastKept);
  }

  /** The log goes on after `lastOffset`, whatever was in it before: nothing is left to report. */
  restart(lastOffset: Offset): void {
    this.#cuts++;
    this.#written = lastOffset;
    this.#due = false;
  }

  /** Starts no more syncs, reports nothing more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.abandon();
    await this.#running;
  }

  abandon(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** One notice for all that was written in a turn. */
  #queueNotice(): void {
    if (this.#noticeQueued) return;
    this.#noticeQueued = true;
    queueMicrotask(() => {
      this.#noticeQueued = false;
      if (!this.#due || this.#stopped) return;
      this.#due = false;
      this.#options.persisted(this.#written);
    });
  }

  async #syncWhileDue(): Promise<void> {
    while (this.#due && !this.#stopped) {
      this.#due = false;
      const upTo = this.#written;
      const cuts = this.#cuts;
      if (!(await this.#trySync())) break;
      if (cuts === this.#cuts && !this.#stopped) this.#options.persisted(upTo);
    }
    this.#running = null;
  }

  #armTimer(): void {
    if (this.#timer !== null || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#running ??= this.#syncOnce();
    }, this.#options.everyMs);
    this.#timer.unref();
  }

  async #syncOnce(): Promise<void> {
    await this.#trySync();
    this.#running = null;
    // The timer may have run out during a long sync: what was written meanwhile must not wait for the next write.
    if (this.#dirty) this.#armTimer();
  }

  async #trySync(): Promise<boolean> {
    this.#dirty = false;
    try {
      await this.#options.sync();
      return true;
    } catch (error) {
      this.abandon();
      this.#options.failed(error);
      return false;
    }
  }
}
