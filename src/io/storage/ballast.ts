/**
 * Room kept for the moment the disk is full, or a quota used up: a file of real bytes that is given up at the first
 * ENOSPC or EDQUOT, so that what was already executed still gets written. Stands in front of the file calls; who writes
 * need not know.
 *
 * Limit: it covers what fits into it. A turn that appends more than that on a full disk is a write error.
 *
 * Once given up, it is made anew as soon as there is space for it and some more, looked for once a second: a try may not
 * use up what the ballast has just given to the log. One that finds the disk full all the same, or in whose midst a write
 * does, gives back what it has taken. A second such error before the ballast is made is the writer's to handle. Snapshots
 * go past it: they must not eat the room of the log.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Millis } from "../../base/ids.ts";
import { type FileCalls, isDiskFull, isOutOfFiles, syncDirectorySync, writeFully } from "./file-calls.ts";

/** A write of a try that can't be called back takes no more than this. */
const PIECE_BYTES = 64 * 1024;

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

/** The file while it is being made. */
interface Attempt {
  readonly fd: number;
  givenUp: boolean;
}

export class Ballast {
  readonly #options: BallastOptions;
  readonly #calls: FileCalls;
  #held = false;
  #timesGivenUp = 0;
  #fullReported = false;
  #retry: NodeJS.Timeout | null = null;
  #making: Promise<void> | null = null;
  #attempt: Attempt | null = null;
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
      freeBytes: (directory) => raw.freeBytes(directory),
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
    if (this.#held) {
      this.#held = false;
      this.#remove();
      this.#reportFull();
    } else if (this.#attempt !== null && !this.#attempt.givenUp) {
      // It ends by itself, and only then says that the disk is full: no other may begin beside it.
      this.#attempt.givenUp = true;
      fs.ftruncateSync(this.#attempt.fd, 0);
      fs.fsyncSync(this.#attempt.fd);
    } else {
      return this.#timesGivenUp > timesGivenUpBefore;
    }
    this.#timesGivenUp++;
    return true;
  }

  #remove(): void {
    // It may be gone: people who need space take it where they find it.
    fs.rmSync(this.#options.file, { force: true });
    try {
      // File systems free the blocks of a removed file when their journal commits: make it do so.
      syncDirectorySync(path.dirname(this.#options.file));
    } catch (error) {
      if (!isOutOfFiles(error)) throw error;
    }
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
      if (isOutOfFiles(error)) this.#reportFull();
      else if (!this.#stopped) this.#options.onFailed(error);
    }
  }

  /** A full disk is no error here, but reported and tried again. */
  async #make(): Promise<void> {
    const temporary = `${this.#options.file}.tmp`;
    // Of a try that a crash has cut short: it holds some of the room that is looked for.
    await fs.promises.rm(temporary, { force: true });
    try {
      if (!(await this.#hasRoom())) throw fullDisk();
      await this.#fill(temporary);
    } catch (error) {
      await fs.promises.rm(temporary, { force: true });
      if (!isDiskFull(error)) throw error;
      this.#reportFull();
      return;
    }
    if (!this.#held || !this.#fullReported || this.#stopped) return;
    this.#fullReported = false;
    this.#options.onOk();
  }

  /** For the ballast and a quarter more. */
  async #hasRoom(): Promise<boolean> {
    const bytes = await this.#calls.freeBytes(path.dirname(this.#options.file));
    return bytes === null || bytes >= this.#options.bytes * 1.25;
  }

  /** @throws ENOSPC, too, when it was given up meanwhile. */
  async #fill(temporary: string): Promise<void> {
    const handle = await fs.promises.open(temporary, "w");
    const attempt: Attempt = { fd: handle.fd, givenUp: false };
    this.#attempt = attempt;
    try {
      // Random, since some file systems store zeros without taking space.
      const bytes = randomBytes(this.#options.bytes);
      for (let at = 0; at < bytes.length && !attempt.givenUp; at += PIECE_BYTES) {
        await writeFully(this.#calls, attempt.fd, bytes.subarray(at, at + PIECE_BYTES), at);
      }
      await this.#calls.fdatasync(attempt.fd);
      if (attempt.givenUp) throw fullDisk();
      if (this.#stopped) return;
      // At once: from here on it is given up by this name.
      fs.renameSync(temporary, this.#options.file);
      this.#held = true;
    } finally {
      this.#attempt = null;
      await handle.close();
    }
  }
}

function fullDisk(): Error {
  return Object.assign(new Error("ENOSPC: no room for the ballast"), { code: "ENOSPC" });
}
