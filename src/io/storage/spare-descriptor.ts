/**
 * One file descriptor kept for what can't wait until one is free: a cut of the log, on whose end the very next record is
 * written. Decides nothing about what it is used for.
 */
import fs from "node:fs";
import { isOutOfFiles } from "./file-calls.ts";

export class SpareDescriptor {
  readonly #directory: string;
  #fd: number | null = null;

  /** @param directory opened only to have something open. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Keeps one from now on, if one can be had. */
  keep(): void {
    if (this.#fd !== null) return;
    try {
      this.#fd = fs.openSync(this.#directory, "r");
    } catch (error) {
      if (!isOutOfFiles(error)) throw error;
    }
  }

  /**
   * Gives it up for the time of `action`, which may have one file open at a time.
   *
   * Limit: where the whole system has none (ENFILE), another process may be faster.
   */
  lend<Result>(action: () => Result): Result {
    this.close();
    try {
      return action();
    } finally {
      this.keep();
    }
  }

  close(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
  }
}
