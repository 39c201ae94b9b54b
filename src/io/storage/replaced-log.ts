/**
 * Keeps what a log has after a position before a full sync puts another log in its place: copied to a rollback file, or,
 * on a full disk, whole files of the log by a further name, which takes no room.
 *
 * What is kept is not checked: a damaged log must not keep a sound one from taking its place.
 */
import fs from "node:fs";
import type { LogPosition } from "../../rules/log-position.ts";
import { type FileCalls, isDiskFull, isErrno, patiently, readFully } from "./file-calls.ts";
import type { ReplacedTail } from "./member-storage.ts";
import { copyToRollback, linkToRollback } from "./rollback-files.ts";
import type { SegmentedLog } from "./segmented-log.ts";

/** The copy goes in pieces of this size, so that it takes neither the memory nor the time of others. */
const PIECE_BYTES = 1024 * 1024;
/** File systems without hard links, or with no room for one more. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK"] as const;

export interface KeptTail extends ReplacedTail {
  /** The log stays after all. */
  discard(): Promise<void>;
}

/**
 * Durable when it resolves; without a free file descriptor it waits for one. Nothing may be appended to the log, cut from it or dropped meanwhile.
 *
 * @param calls without a ballast: what is kept for people may not use up the room of the log.
 */
export async function keepTail(
  log: SegmentedLog,
  lastKept: LogPosition,
  directory: string,
  calls: FileCalls,
): Promise<KeptTail> {
  const places = log.placesAfter(lastKept.offset);
  const bytes = places.reduce((sum, { start, end }) => sum + end - start, 0);
  const files = bytes === 0 ? [] : await keep(log, lastKept, directory, calls);
  return {
    file: files[0] ?? null,
    bytes,
    firstOffset: log.firstOffset,
    discard: async () => {
      for (const file of files) await fs.promises.rm(file, { force: true });
    },
  };
}

/** @returns the files; none when not even names can be had. */
async function keep(
  log: SegmentedLog,
  lastKept: LogPosition,
  directory: string,
  calls: FileCalls,
): Promise<string[]> {
  const places = log.placesAfter(lastKept.offset);
  try {
    return [await copyToRollback(directory, lastKept, piecesOf(places), calls)];
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
  try {
    await log.sync();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    return [];
  }
  const paths = places.map(({ path }) => path);
  try {
    return await linkToRollback(directory, lastKept, paths);
  } catch (error) {
    if (!isDiskFull(error) && !NO_LINKS.some((code) => isErrno(error, code))) throw error;
    return [];
  }
}

async function* piecesOf(places: ReturnType<SegmentedLog["placesAfter"]>): AsyncGenerator<Buffer> {
  for (const { path, start, end } of places) {
    const handle = await patiently(() => fs.promises.open(path, "r"));
    try {
      for (let at = start; at < end; ) {
        const piece = await readFully(handle.fd, at, Math.min(PIECE_BYTES, end - at));
        if (piece.length === 0) break;
        at += piece.length;
        yield piece;
      }
    } finally {
      await handle.close();
    }
  }
}
