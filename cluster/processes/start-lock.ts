/**
 * Keeps two `interrex up` from starting in one directory at the same time: each would overwrite the files that the other's processes
 * are about to read. Once these run they hold their own directories, and nothing more is needed.
 */
import { readBootId } from "../../src/io/storage/boot-id.ts";
import { explainDirectoryError } from "../../src/io/storage/directory-error.ts";
import { DirectoryLock } from "../../src/io/storage/directory-lock.ts";
import { isDiskFull } from "../../src/io/storage/file-calls.ts";
import { makeDirectory } from "../../src/io/storage/make-directory.ts";

/**
 * @returns lets others start there again.
 * @throws InterrexError `DATA_DIR_IN_USE` while another one starts there, `BAD_DATA_DIR` when it can't be written.
 */
export async function lockStart(dataDir: string): Promise<() => void> {
  const bootId = await readBootId();
  try {
    makeDirectory(dataDir);
    const lock = DirectoryLock.acquire(dataDir, { bootId });
    return () => lock.release();
  } catch (error) {
    // The processes have room of their own on a full disk; that two start at once there is not worth a refusal.
    if (isDiskFull(error)) return () => {};
    throw explainDirectoryError(dataDir, error);
  }
}
