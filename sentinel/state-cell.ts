/** Where a sentinel keeps its votes and records: a file of its own, or memory. Keeps bytes; knows nothing of their meaning. */
import path from "node:path";
import type { Logger } from "../src/io/logger.ts";
import { readBootId } from "../src/io/storage/boot-id.ts";
import { explainDirectoryError } from "../src/io/storage/directory-error.ts";
import { refuseOtherKind, VOTES_FILE } from "../src/io/storage/directory-kind.ts";
import { DirectoryLock } from "../src/io/storage/directory-lock.ts";
import { DurableCell } from "../src/io/storage/durable-cell.ts";
import { makeDirectory } from "../src/io/storage/make-directory.ts";

export interface StateCell {
  /** The newest state saved; `null` when none ever was. Called once, before any save. */
  load(): Buffer | null;
  /** Durable when it resolves; saves take effect in call order. */
  save(bytes: Buffer): Promise<void>;
  /** Waits for saves under way, then lets go. */
  close(): Promise<void>;
  /** Lets go at once, as a killed process would. */
  abandon(): void;
}

/** Outlives its process: a test cluster hands it to the restarted sentinel, as a disk would be. */
export class MemoryStateCell implements StateCell {
  #bytes: Buffer | null = null;

  load(): Buffer | null {
    return this.#bytes;
  }

  async save(bytes: Buffer): Promise<void> {
    this.#bytes = Buffer.from(bytes);
  }

  async close(): Promise<void> {}

  abandon(): void {}
}

/**
 * Of a group's state, for which room is made beforehand: a failover on a full disk must find it. A member takes some 300 bytes
 * of it, so it is enough for dozens, with long names.
 */
const GROUP_BYTES = 16 * 1024;
const STATE_BYTES_MIN = 64 * 1024;

export interface StateCellOptions {
  /** How many groups its state will speak of. */
  readonly groups: number;
  readonly logger: Logger;
}

/**
 * `votes.cell` in a data directory that no other process uses meanwhile. Loading it makes room for a state of so many groups;
 * where the disk has none, that is logged (`state-room-short`), and the file stays as it is.
 *
 * @throws InterrexError `BAD_DATA_DIR`, also for a node's directory, or `DATA_DIR_IN_USE` that names the other process's pid.
 */
export async function openStateCell(
  dataDir: string,
  { groups, logger }: StateCellOptions,
): Promise<StateCell> {
  const bootId = await readBootId();
  const lock = using(dataDir, () => {
    refuseOtherKind(dataDir, "sentinel");
    makeDirectory(dataDir);
    return DirectoryLock.acquire(dataDir, { bootId });
  });
  const slotBytes = Math.max(STATE_BYTES_MIN, groups * GROUP_BYTES);
  const cell = new DurableCell(path.join(dataDir, VOTES_FILE), { slotBytes });
  return {
    load: () => {
      const bytes = using(dataDir, () => cell.load());
      if (cell.slotBytes < slotBytes) {
        const fields = {
          event: "state-room-short",
          file: cell.path,
          bytes: cell.slotBytes,
          wanted: slotBytes,
        };
        logger.warn(
          fields,
          `the disk is full: a state of more than ${cell.slotBytes} bytes could not be saved, and this sentinel would stop; free some space and start it again`,
        );
      }
      return bytes;
    },
    save: (bytes) => cell.save(bytes),
    close: async () => {
      await cell.close();
      lock.release();
    },
    abandon: () => {
      cell.abandon();
      lock.release();
    },
  };
}

function using<Result>(dataDir: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw explainDirectoryError(dataDir, error);
  }
}
