/**
 * Keeps two processes from using one data directory: a file that names its holder. A holder that is gone is told
 * by the boot it ran in, its pid and the time its process began, so a lock never outlives a crash.
 *
 * Limit: a holder in another pid namespace (two containers on one volume) or on another machine can't be seen and
 * counts as gone.
 */
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { InterrexError } from "../../base/errors.ts";
import { startOf } from "../process-start.ts";
import { isDiskFull, isErrno } from "./file-calls.ts";

const ATTEMPTS_MAX = 5;

export interface LockOptions {
  /** The machine's present boot; `null` where that is not known. */
  readonly bootId: string | null;
  /** Called on a full disk when no living process holds the directory. @returns true when a second try may do. */
  readonly makeRoom?: () => boolean;
}

interface Holder {
  readonly pid: number;
  /** The boot its process ran in; `null` where that is not known. */
  readonly bootId: string | null;
  /** When the process began, as the kernel tells it; `null` where it does not. */
  readonly startedAt: string | null;
  /** Tells two holders of one process apart. */
  readonly token: string;
}

/** Locks that this very process holds: a lock with our pid that isn't here is left from an earlier process. */
const heldHere = new Set<string>();

export class DirectoryLock {
  readonly #file: string;
  readonly #token: string;

  private constructor(file: string, token: string) {
    this.#file = file;
    this.#token = token;
  }

  /** @throws InterrexError `DATA_DIR_IN_USE`, with the pid, when a living process holds the directory. */
  static acquire(directory: string, { bootId, makeRoom }: LockOptions): DirectoryLock {
    const file = path.join(directory, "lock");
    const me: Holder = { pid: process.pid, bootId, startedAt: startOf(process.pid), token: randomUUID() };
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      let full: unknown = null;
      try {
        if (create(file, JSON.stringify(me))) {
          heldHere.add(me.token);
          return new DirectoryLock(file, me.token);
        }
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        full = error;
      }
      const text = readIfThere(file);
      if (text !== null) {
        const holder = parseHolder(text);
        if (holder !== null && isAlive(holder, bootId)) throw inUse(directory, holder);
        setAside(file, text);
      } else if (full !== null && makeRoom?.() !== true) {
        throw full;
      }
    }
    throw inUseByMany(directory);
  }

  /**
   * Takes nothing and makes nothing; a directory that isn't there is free.
   *
   * @throws InterrexError `DATA_DIR_IN_USE`, as `acquire`.
   */
  static refuseHeld(directory: string, bootId: string | null): void {
    const text = readIfThere(path.join(directory, "lock"));
    const holder = text === null ? null : parseHolder(text);
    if (holder !== null && isAlive(holder, bootId)) throw inUse(directory, holder);
  }

  /**
   * Never fails: on a disk that has failed the file stays, as a killed process leaves it, and whoever lets go because of
   * that has something worse to tell.
   */
  release(): void {
    if (!heldHere.delete(this.#token)) return;
    try {
      const text = readIfThere(this.#file);
      if (text !== null && parseHolder(text)?.token === this.#token) fs.unlinkSync(this.#file);
    } catch {
      // Within this process it counts as gone from here on, for others when this process ends.
    }
  }
}

/** Linked from a finished file, so that nobody ever reads a lock that is only half written. */
function create(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}.${randomUUID()}`;
  try {
    fs.writeFileSync(draft, text, { flag: "wx" });
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * Takes a dead holder's lock away. Of several that try, one moves the file; one that comes so late that it moves a
 * living holder's new lock puts it back.
 */
function setAside(file: string, expected: string): void {
  const aside = `${file}.${process.pid}.${randomUUID()}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  if (fs.readFileSync(aside, "utf8") !== expected) fs.renameSync(aside, file);
  else fs.unlinkSync(aside);
}

function isAlive(holder: Holder, bootId: string | null): boolean {
  if (holder.pid === process.pid) return heldHere.has(holder.token);
  // Where no start of a process is told, its pid alone would count, and that may be anybody's by now.
  if (holder.bootId !== null && bootId !== null && holder.bootId !== bootId) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return isErrno(error, "EPERM");
  }
  return holder.startedAt === null || startOf(holder.pid) === holder.startedAt;
}

function parseHolder(text: string): Holder | null {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    // 0 and below name groups of processes, and one of those always lives.
    if (!Number.isSafeInteger(value?.pid) || Number(value?.pid) <= 0) return null;
    if (typeof value?.pid !== "number" || typeof value.token !== "string") return null;
    const { pid, token, bootId = null, startedAt = null } = value;
    return { pid, token, bootId, startedAt };
  } catch {
    // Not a lock of ours, or damaged by a power cut: no living process wrote it.
    return null;
  }
}

function readIfThere(file: string): string | null {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

function inUse(directory: string, { pid }: Holder): InterrexError {
  return new InterrexError(
    "DATA_DIR_IN_USE",
    `Cannot use the data directory ${directory}: process ${pid} uses it. Stop it, or choose another directory. ` +
      `If that process is not interrex, remove ${path.join(directory, "lock")}`,
  );
}

function inUseByMany(directory: string): InterrexError {
  return new InterrexError(
    "DATA_DIR_IN_USE",
    `Cannot use the data directory ${directory}: processes that start and stop all the time use it. ` +
      "Stop them, or choose another directory",
  );
}
