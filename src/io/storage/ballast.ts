/**
 * Room kept for the moment the disk is full, or a quota used up: a file of real bytes that is given up at the first
 * ENOSPC or EDQUOT, so that what was already executed still gets written. Stands in front of the file calls; who writes
 * need not know.
 *
 * Limit: it covers what fits into it. A turn that appends more than that on a full disk is a write error.
 *
 * Once given up, it is made anew as soon as there is space, tried once a second. A second such error before that is the
 * writer's to handle. Snapshots go past it: they must not eat the room of the log.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Millis } from "../../base/ids.ts";
import { type FileCalls, isDiskFull, syncDirectorySync, writeFully } from "./file-calls.ts";

export interface BallastOptions {
  readonly file: string;
  readonly bytes: number;
  readonly retryMs: Millis;
  /** Reported outside any write, never from within one. */
  readonly onFull: () => void;
  readonly onOk: () => void;
  /** An error, other than a full disk, while making the file anew. */
  readonly onFailed: (error: unknown) => void;
}

export class Ballast {
  readonly #options: BallastOptions;
  readonly #calls: FileCalls;
  #held = false;
  #timesGivenUp = 0;
  #fullReported = false;
  #retry: NodeJS.Timeout | null = null;
  #making: Promise<void> | null = null;
  #stopped = false;

  constructor(options: BallastOptions, calls: FileCalls) {
    this.#options = options;
    this.#calls = calls;
  }

  /** File calls that give the ballast up at the first sign of a full disk and try again. */
  get calls(): FileCalls {
    const raw = this.#calls;
    return {
      writeSync: (fd, bytes, start, length, position) => {
        try {
          return raw.writeSync(fd, bytes, start, length, position);
        } catch (error) {
          if (!this.#makeRoomFor(error, this.#timesGivenUp)) throw error;
          return raw.writeSync(fd, bytes, start, length, position);
        }
      },
      write: async (fd, bytes, start, length, position) => {
        const timesGivenUp = this.#timesGivenUp;
        try {
          return await raw.write(fd, bytes, start, length, position);
        } catch (error) {
          if (!this.#makeRoomFor(error, timesGivenUp)) throw error;
          return raw.write(fd, bytes, start, length, position);
        }
      },
      fdatasyncSync: (fd) => raw.fdatasyncSync(fd),
      fdatasync: (fd) => raw.fdatasync(fd),
    };
  }

  /**
   * Before `prepare`: gives up what an earlier process has left, so that a start finds room on a full disk.
   *
   * @returns false when there was none.
   */
  giveUpFound(): boolean {
    if (!fs.existsSync(this.#options.file)) return false;
    this.#remove();
    return true;
  }

  /** Makes the file unless it is there. A disk that is full already is reported, and tried again. */
  async prepare(): Promise<void> {
    this.#held = fs.statSync(this.#options.file, { throwIfNoEntry: false })?.size === this.#options.bytes;
    if (!this.#held) await this.#make();
  }

  /** Tries no more; waits for a try under way. */
  async stop(): Promise<void> {
    this.abandon();
    await this.#making;
  }

  abandon(): void {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }

  /** True when there may be room now: the ballast was given up here, or while the failed write was under way. */
  #makeRoomFor(error: unknown, timesGivenUpBefore: number): boolean {
    if (!isDiskFull(error)) return false;
    if (!this.#held) return this.#timesGivenUp > timesGivenUpBefore;
    this.#held = false;
    this.#timesGivenUp++;
    this.#remove();
    this.#reportFull();
    return true;
  }

  #remove(): void {
    // It may be gone: people who need space take it where they find it.
    fs.rmSync(this.#options.file, { force: true });
    // File systems free the blocks of a removed file when their journal commits: make it do so.
    syncDirectorySync(path.dirname(this.#options.file));
  }

  #reportFull(): void {
    if (!this.#fullReported) {
      this.#fullReported = true;
      queueMicrotask(() => {
        if (!this.#stopped) this.#options.onFull();
      });
    }
    if (this.#retry !== null || this.#stopped) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#making = this.#makeAgain();
    }, this.#options.retryMs);
    this.#retry.unref();
  }

  async #makeAgain(): Promise<void> {
    try {
      await this.#make();
    } catch (error) {
      if (!this.#stopped) this.#options.onFailed(error);
    }
  }

  /** A full disk is no error here, but reported and tried again. */
  async #make(): Promise<void> {
    const temporary = `${this.#options.file}.tmp`;
    try {
      const handle = await fs.promises.open(temporary, "w");
      try {
        // Random, since some file systems store zeros without taking space.
        await writeFully(this.#calls, handle.fd, randomBytes(this.#options.bytes), 0);
        await this.#calls.fdatasync(handle.fd);
      } finally {
        await handle.close();
      }
      if (this.#stopped) return;
      await fs.promises.rename(temporary, this.#options.file);
    } catch (error) {
      await fs.promises.rm(temporary, { force: true });
      if (!isDiskFull(error)) throw error;
      this.#reportFull();
      return;
    }
    this.#held = true;
    if (!this.#fullReported || this.#stopped) return;
    this.#fullReported = false;
    this.#options.onOk();
  }
}
