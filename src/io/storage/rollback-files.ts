/**
 * Keeps what was cut from a log, for people to look at: `rollback/EPOCH-OFFSET-TIME.log`, named after the first
 * record that was cut. Nothing here is ever read back or removed by this program.
 */
import fs from "node:fs";
import path from "node:path";
import { nextOffset } from "../../base/ids.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import { type FileCalls, isDiskFull, isErrno, syncDirectorySync, writeFullySync } from "./file-calls.ts";

const ATTEMPTS_MAX = 1000;

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

/** Takes a whole file of the log out of it. @returns where it is now. */
export function moveToRollback(directory: string, file: string): string {
  const target = path.join(directory, `${path.basename(file, ".log")}-${timestamp()}.log`);
  fs.renameSync(file, target);
  syncDirectorySync(directory);
  return target;
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(":", "").replace(".", "");
}

function create(directory: string, lastKept: LogPosition): { file: string; fd: number } {
  const stem = `${lastKept.epoch}-${nextOffset(lastKept.offset)}-${timestamp()}`;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const file = path.join(directory, `${stem}${attempt === 0 ? "" : `.${attempt}`}.log`);
    try {
      return { file, fd: fs.openSync(file, "wx") };
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
  }
  throw new Error(`no free name for ${stem} in ${directory}`);
}
