/**
 * Keeps what was cut from a log, for people to look at: `rollback/EPOCH-OFFSET-TIME.log`, named after the first
 * record that was cut. Nothing here is ever read back or removed by this program.
 */
import fs from "node:fs";
import path from "node:path";
import { nextOffset } from "../../base/ids.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import {
  type FileCalls,
  isDiskFull,
  isErrno,
  patiently,
  syncDirectory,
  syncDirectorySync,
  writeFully,
  writeFullySync,
} from "./file-calls.ts";

const ATTEMPTS_MAX = 1000;
const COPY_PIECE_BYTES = 1024 * 1024;

/**
 * @returns the file's path; its content is durable. `null` when the disk is full: a cut can't wait for space, and a node that died of it
 *   would die of it again at each start.
 */
export function keepRollback(
  directory: string,
  lastKept: LogPosition,
  bytes: Buffer,
  calls: FileCalls,
): string | null {
  try {
    return writeRollback(directory, lastKept, bytes, calls);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    return null;
  }
}

/**
 * As `keepRollback`, for more than memory holds: piece by piece, off the event loop. Waits for a free file descriptor.
 *
 * @throws what the file system says, of a full disk too; then there is no file.
 */
export async function copyToRollback(
  directory: string,
  lastKept: LogPosition,
  pieces: AsyncIterable<Buffer>,
  calls: FileCalls,
): Promise<string> {
  const { file, fd } = await patiently(() => create(directory, lastKept));
  try {
    let end = 0;
    for await (const piece of pieces) {
      await writeFully(calls, fd, piece, end);
      end += piece.length;
    }
    await calls.fdatasync(fd);
  } catch (error) {
    fs.unlinkSync(file);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
  await syncDirectory(directory);
  return file;
}

/**
 * Gives files of the log, whose content is durable, a further name each, for which a full disk has room as well: the log
 * may then let go of them.
 *
 * @returns the new names. @throws as `copyToRollback`.
 */
export async function linkToRollback(
  directory: string,
  lastKept: LogPosition,
  logFiles: readonly string[],
): Promise<string[]> {
  const files: string[] = [];
  try {
    for (const logFile of logFiles) {
      files.push(withFreeName(directory, lastKept, (file) => fs.linkSync(logFile, file)).file);
    }
  } catch (error) {
    for (const file of files) fs.unlinkSync(file);
    throw error;
  }
  await syncDirectory(directory);
  return files;
}

/** On an error there is no file. */
function writeRollback(directory: string, lastKept: LogPosition, bytes: Buffer, calls: FileCalls): string {
  const { file, fd } = create(directory, lastKept);
  try {
    writeFullySync(calls, fd, bytes, 0);
    calls.fdatasyncSync(fd);
  } catch (error) {
    fs.unlinkSync(file);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
  syncDirectorySync(directory);
  return file;
}

/**
 * Takes a whole file of the log out of it, also where the directory is on another file system.
 *
 * @returns where it is now; `null` when a full disk has no room for it there, and then it is lost, as with `keepRollback`.
 */
export async function moveToRollback(
  directory: string,
  file: string,
  calls: FileCalls,
): Promise<string | null> {
  makeSure(directory);
  const target = path.join(directory, `${path.basename(file, ".log")}-${timestamp()}.log`);
  try {
    fs.renameSync(file, target);
    syncDirectorySync(directory);
    return target;
  } catch (error) {
    if (!isErrno(error, "EXDEV")) throw error;
  }
  const kept = await copyAway(file, target, calls);
  if (kept) syncDirectorySync(directory);
  fs.unlinkSync(file);
  return kept ? target : null;
}

/** @returns false when the disk is full; there is no copy then. */
async function copyAway(file: string, target: string, calls: FileCalls): Promise<boolean> {
  let fd: number | null = null;
  try {
    fd = fs.openSync(target, "wx");
    let end = 0;
    for await (const piece of fs.createReadStream(file, { highWaterMark: COPY_PIECE_BYTES })) {
      await writeFully(calls, fd, piece, end);
      end += piece.length;
    }
    await calls.fdatasync(fd);
    return true;
  } catch (error) {
    if (fd !== null) fs.unlinkSync(target);
    if (!isDiskFull(error)) throw error;
    return false;
  } finally {
    if (fd !== null) fs.closeSync(fd);
  }
}

/** People who have looked at the files may have removed it with them. */
function makeSure(directory: string): void {
  fs.mkdirSync(directory, { recursive: true });
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(":", "").replace(".", "");
}

function create(directory: string, lastKept: LogPosition): { file: string; fd: number } {
  const { file, made: fd } = withFreeName(directory, lastKept, (name) => fs.openSync(name, "wx"));
  return { file, fd };
}

/** @param make is called with one name after the other while it throws `EEXIST`. */
function withFreeName<Made>(
  directory: string,
  lastKept: LogPosition,
  make: (file: string) => Made,
): { file: string; made: Made } {
  makeSure(directory);
  const stem = `${lastKept.epoch}-${nextOffset(lastKept.offset)}-${timestamp()}`;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const file = path.join(directory, `${stem}${attempt === 0 ? "" : `.${attempt}`}.log`);
    try {
      return { file, made: make(file) };
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
  }
  throw new Error(`no free name for ${stem} in ${directory}`);
}
