/**
 * One process's life in a data directory: takes the directory for itself, tells how the life before ended and whose the data
 * is now, and leaves word of how this one ends. Knows the lock and the identity file, and nothing else that is there.
 *
 * Whether an incarnation goes on, and how the life before ended, is for `rules/incarnation.ts` to decide; when this life
 * begins and ends, and after which failure, for the storage.
 */
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { InterrexError, invariant, isError } from "../../base/errors.ts";
import type { IncarnationId } from "../../base/ids.ts";
import {
  type FoundParts,
  type IncarnationVerdict,
  judgeIncarnation,
  type LastStop,
  lastStopOf,
  whatIsFound,
} from "../../rules/incarnation.ts";
import { DirectoryLock } from "./directory-lock.ts";
import { DurableCell } from "./durable-cell.ts";
import { type FileCalls, syncDirectorySync } from "./file-calls.ts";
import { type Identity, loadIdentity, saveIdentity } from "./identity-file.ts";
import type { AppendFsync, Recovered } from "./member-storage.ts";

export interface LifeOptions {
  readonly directory: string;
  /** Id of the member that this life is. */
  readonly owner: string;
  readonly appendfsync: AppendFsync;
  readonly readBootId: () => Promise<string | null>;
  readonly calls: FileCalls;
  /** Called when a full disk has no room for the lock. @returns true when a second try may do. */
  readonly makeRoom: () => boolean;
}

/** What is the same for a whole life, and written down for the next one. */
type Circumstances = Pick<Identity, "owner" | "bootId" | "appendfsync">;

export class DirectoryLife {
  readonly #directory: string;
  readonly #lock: DirectoryLock;
  readonly #cell: DurableCell;
  readonly #previous: Identity | null;
  readonly #now: Circumstances;
  /** As this life has saved it last; `null` until it has begun. */
  #identity: Identity | null = null;

  private constructor(directory: string, lock: DirectoryLock, cell: DurableCell, now: Circumstances) {
    this.#directory = directory;
    this.#lock = lock;
    this.#cell = cell;
    this.#now = now;
    this.#previous = loadIdentity(cell);
    refuseOtherOwner(directory, this.#previous, now);
  }

  /**
   * Makes nothing but the lock.
   *
   * @throws InterrexError `DATA_DIR_IN_USE`, `BAD_DATA_DIR` for another member's, `CORRUPT_STATE`, `UNKNOWN_FORMAT`; the directory is free then.
   */
  static async take({ directory, calls, makeRoom, ...options }: LifeOptions): Promise<DirectoryLife> {
    const bootId = await options.readBootId();
    const lock = DirectoryLock.acquire(directory, { bootId, makeRoom });
    const cell = new DurableCell(path.join(directory, "identity"), { calls });
    try {
      return new DirectoryLife(directory, lock, cell, {
        owner: options.owner,
        bootId,
        appendfsync: options.appendfsync,
      });
    } catch (error) {
      cell.abandon();
      lock.release();
      throw error;
    }
  }

  /** How the life before ended, as far as it bears on the files. */
  get lastStop(): LastStop {
    return lastStopOf(this.#previous, this.#now.bootId);
  }

  /** @param parts looked at before anything is made: what is missing then was lost. */
  judge(parts: FoundParts): IncarnationVerdict {
    return judgeIncarnation(whatIsFound(this.#previous, parts), this.#now.bootId);
  }

  /** Takes the clean marker away, durably: to be called before the first record of this life can be appended. */
  begin(verdict: IncarnationVerdict): Pick<Recovered, "incarnation" | "incarnationIsNew" | "doubts"> {
    const identity = nextIdentity(this.#previous, verdict, newIncarnation(), this.#now);
    this.#save(identity);
    const { incarnation, doubts } = identity;
    return { incarnation, incarnationIsNew: verdict.decision === "new" ? verdict.reason : null, doubts };
  }

  /** Durable on return. */
  startIncarnation(because: string): IncarnationId {
    const incarnation = newIncarnation();
    this.#save({ ...this.#begun(), incarnation, doubts: [], because });
    return incarnation;
  }

  /** Leaves the clean marker: everything else must be durable by now. */
  endCleanly(): void {
    this.#save({ ...this.#begun(), cleanStop: true });
  }

  /**
   * The files can't be trusted any more: the incarnation ends with this life.
   *
   * @returns InterrexError `STORAGE_FAILED`, to be told.
   */
  endVoid(cause: unknown): InterrexError {
    const what = describeError(cause);
    const identity = { ...this.#begun(), voidedBy: what };
    // Nothing that is still saved, such as an incarnation that was ordered before, takes it back.
    this.#identity = identity;
    let message = `Cannot go on with the data directory ${this.#directory}: ${what}`;
    try {
      this.#void(identity);
    } catch (error) {
      message += `; nor could that be noted there: ${describeError(error)}`;
    }
    return new InterrexError("STORAGE_FAILED", message, { cause });
  }

  /** Lets go of the directory, and leaves no word: unless one was left before, this counts as a crash. */
  release(): void {
    this.#cell.abandon();
    this.#lock.release();
  }

  #void(identity: Identity): void {
    try {
      saveIdentity(this.#cell, identity);
    } catch {
      // Whatever keeps it from being written: without the file the next life is a new incarnation all the same.
      fs.rmSync(this.#cell.path, { force: true });
      syncDirectorySync(this.#directory);
    }
  }

  #save(identity: Identity): void {
    saveIdentity(this.#cell, identity);
    this.#identity = identity;
  }

  #begun(): Identity {
    invariant(this.#identity !== null, "a life has begun before it changes or ends");
    return this.#identity;
  }
}

/** @param fresh the incarnation's id if the verdict is that a new one begins. */
export function nextIdentity(
  previous: Identity | null,
  verdict: IncarnationVerdict,
  fresh: IncarnationId,
  now: Circumstances,
): Identity {
  const isNew = verdict.decision === "new";
  return {
    incarnation: isNew ? fresh : verdict.incarnation,
    doubts: verdict.doubts,
    because: isNew ? verdict.reason : (previous?.because ?? ""),
    cleanStop: false,
    bootId: now.bootId,
    appendfsync: now.appendfsync,
    voidedBy: null,
    owner: now.owner,
  };
}

/** As another member it would answer for records that it has never acknowledged. A directory of an early version names nobody. */
function refuseOtherOwner(directory: string, previous: Identity | null, { owner }: Circumstances): void {
  if (previous === null || previous.owner === null || previous.owner === owner) return;
  throw new InterrexError(
    "BAD_DATA_DIR",
    `Cannot use the data directory ${directory}: it belongs to ${previous.owner}. Start ${previous.owner} there, or give ${owner} another directory`,
  );
}

function newIncarnation(): IncarnationId {
  return randomUUID() as IncarnationId;
}

function describeError(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
