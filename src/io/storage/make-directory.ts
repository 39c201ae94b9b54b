/** Makes a directory with those above it. Decides nothing about what is in it. */
import fs from "node:fs";
import path from "node:path";

/**
 * As `mkdirSync` with `recursive`, which tries for ever, deaf to signals, where a directory is there and a name in it
 * still gives ENOENT (`/proc`).
 *
 * @throws the system's error, also when something else than a directory is there.
 */
export function makeDirectory(directory: string): void {
  const parent = path.dirname(directory);
  try {
    fs.mkdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !fs.existsSync(parent)) {
      makeDirectory(parent);
      makeDirectory(directory);
    } else if (!isDirectory(directory)) throw error;
  }
}

function isDirectory(directory: string): boolean {
  return fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
}
