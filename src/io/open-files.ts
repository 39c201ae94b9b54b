/** How many files and sockets this process may have open at once. */
import { readFileSync } from "node:fs";
import { isErrno } from "./storage/file-calls.ts";

/** @returns the limit (Node has raised its soft one to the hard one), `null` where the system tells none. */
export function openFilesMax(): number | null {
  try {
    return readOpenFilesMax(readFileSync("/proc/self/limits", "latin1"));
  } catch (error) {
    // Not Linux, or no /proc here.
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

/** @param limits as Linux shows them in `/proc/self/limits`. */
export function readOpenFilesMax(limits: string): number | null {
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}
