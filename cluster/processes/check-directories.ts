/** Finds out whether data directories are free, before anything is written into them: they may be a running cluster's. */
import { readBootId } from "../../src/io/storage/boot-id.ts";
import { explainDirectoryError } from "../../src/io/storage/directory-error.ts";
import { DirectoryLock } from "../../src/io/storage/directory-lock.ts";
import type { PlannedProcess } from "./layout.ts";

/** @throws InterrexError `DATA_DIR_IN_USE` for the first that a living process holds, `BAD_DATA_DIR` for one that can't be looked at. */
export async function checkDirectoriesFree(processes: readonly Pick<PlannedProcess, "dir">[]): Promise<void> {
  const bootId = await readBootId();
  for (const { dir } of processes) {
    try {
      DirectoryLock.refuseHeld(dir, bootId);
    } catch (error) {
      throw explainDirectoryError(dir, error);
    }
  }
}
