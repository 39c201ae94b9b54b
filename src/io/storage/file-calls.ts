/**
 * The few file calls that can fail for reasons that storage must handle: writes and syncs. Everything that makes
 * bytes durable goes through them, so that a ballast can stand behind them and tests can break them.
 */
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { isError } from "../../base/errors.ts";

export interface FileCalls {
  /** @returns bytes written, possibly fewer than asked for. */
  writeSync(fd: number, bytes: Buffer, start: number, length: number, position: number): number;
  write(fd: number, bytes: Buffer, start: number, length: number, position: number): Promise<number>;
  fdatasyncSync(fd: number): void;
  fdatasync(fd: number): Promise<void>;
  /** @returns bytes that this user may still write to the file system of `directory`; `null` where it tells nothing. Quotas are not seen. */
  freeBytes(directory: string): Promise<number | null>;
}

const OPEN_RETRY_MS = 50;
const OPEN_ATTEMPTS_MAX = 1200;

const writeAsync = promisify(fs.write);
const readAsync = promisify(fs.read);

export const nodeFileCalls: FileCalls = {
  writeSync: (fd, bytes, start, length, position) => fs.writeSync(fd, bytes, start, length, position),
  write: async (fd, bytes, start, length, position) =>
    (await writeAsync(fd, bytes, start, length, position)).bytesWritten,
  fdatasyncSync: (fd) => fs.fdatasyncSync(fd),
  fdatasync: promisify(fs.fdatasync),
  freeBytes: async (directory) => {
    const stat = await fs.promises.statfs(directory).catch(() => null);
    // Some file systems (FUSE) have no figures.
    return stat === null || stat.blocks === 0 ? null : stat.bavail * stat.bsize;
  },
};

/** Writes all of `bytes` at `position`. Writing again after an error is harmless: the place is fixed. */
export function writeFullySync(calls: FileCalls, fd: number, bytes: Buffer, position: number): void {
  let done = 0;
  while (done < bytes.length) {
    const written = calls.writeSync(fd, bytes, done, bytes.length - done, position + done);
    if (written === 0) throw new Error("a write made no progress");
    done += written;
  }
}

/** As {@link writeFullySync}, off the event loop. */
export async function writeFully(
  calls: FileCalls,
  fd: number,
  bytes: Buffer,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const written = await calls.write(fd, bytes, done, bytes.length - done, position + done);
    if (written === 0) throw new Error("a write made no progress");
    done += written;
  }
}

/** The bytes of `[position, position + length)`; fewer where the file ends earlier. */
export async function readFully(fd: number, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await readAsync(fd, bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** As {@link readFully}, on the event loop. */
export function readFullySync(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const bytesRead = fs.readSync(fd, bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/**
 * Makes the names in a directory durable: files created, renamed and removed there.
 *
 * Limit: some file systems (CIFS, FUSE) know no such call. There a name is as durable as they make it by themselves.
 */
export function syncDirectorySync(directory: string): void {
  const fd = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(fd);
  } catch (error) {
    if (!isUnknownCall(error)) throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * As {@link syncDirectorySync}, off the event loop. Without a free file descriptor it waits for one, up to a minute:
 * nothing is lost meanwhile.
 */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await patiently(() => fs.promises.open(directory, "r"));
  try {
    await handle.sync();
  } catch (error) {
    if (!isUnknownCall(error)) throw error;
  } finally {
    await handle.close();
  }
}

/** Tries again, up to a minute, while `open` finds no free file descriptor. For what may wait: nothing is lost meanwhile. */
export async function patiently<Opened>(open: () => Opened | Promise<Opened>): Promise<Opened> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (!isOutOfFiles(error) || attempt === OPEN_ATTEMPTS_MAX) throw error;
    }
    await sleep(OPEN_RETRY_MS);
  }
}

/** Of a directory alone: for a file these codes are errors like any other. */
function isUnknownCall(error: unknown): boolean {
  return isErrno(error, "EINVAL") || isErrno(error, "ENOTSUP");
}

/** Puts a whole new file in the place of `file`, durably: either the old or the new one is found after a crash. */
export function replaceFileSync(calls: FileCalls, file: string, bytes: Buffer): void {
  const temporary = `${file}.tmp`;
  const fd = fs.openSync(temporary, "w");
  try {
    writeFullySync(calls, fd, bytes, 0);
    calls.fdatasyncSync(fd);
  } catch (error) {
    // On a full disk it would keep what is left from others.
    fs.unlinkSync(temporary);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(temporary, file);
  syncDirectorySync(path.dirname(file));
}

/** True for the error of that code, for example `ENOENT`. */
export function isErrno(error: unknown, code: string): error is NodeJS.ErrnoException {
  return isError(error) && (error as NodeJS.ErrnoException).code === code;
}

/** The file system has no room, or none for this user: a quota that is used up is mended in the same way. */
export function isDiskFull(error: unknown): error is NodeJS.ErrnoException {
  return isErrno(error, "ENOSPC") || isErrno(error, "EDQUOT");
}

/** No file descriptor is free, in this process or in the system: a matter of sockets, most of the time, not of the disk. */
export function isOutOfFiles(error: unknown): error is NodeJS.ErrnoException {
  return isErrno(error, "EMFILE") || isErrno(error, "ENFILE");
}

/** A descriptor that is closed when it is no longer wanted *and* nothing off the event loop still uses it. */
export class SharedFd {
  readonly fd: number;
  #uses = 0;
  #closing = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  async use<Result>(action: (fd: number) => Promise<Result>): Promise<Result> {
    if (this.#closing) throw new Error("the file has been closed");
    this.#uses++;
    try {
      return await action(this.fd);
    } finally {
      this.#uses--;
      if (this.#closing && this.#uses === 0) fs.closeSync(this.fd);
    }
  }

  /** The number could be given to another file at once, so a close waits for the last use to end. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#uses === 0) fs.closeSync(this.fd);
  }
}
