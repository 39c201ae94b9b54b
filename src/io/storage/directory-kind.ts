/** Tells a node's data directory from a sentinel's by the files in it. Knows nothing of what they say. */
import { existsSync } from "node:fs";
import path from "node:path";
import { InterrexError } from "../../base/errors.ts";

/** Where a sentinel keeps its votes. */
export const VOTES_FILE = "votes.cell";

type DirectoryKind = "node" | "sentinel";

/** What only processes of one kind leave behind. */
const FILES: Readonly<Record<DirectoryKind, readonly string[]>> = {
  node: ["identity", "state"],
  sentinel: [VOTES_FILE],
};

/**
 * To be asked before anything is made there: the process would begin anew beside what the other has promised.
 *
 * @throws InterrexError `BAD_DATA_DIR` when a process of the other kind has left its files there.
 */
export function refuseOtherKind(directory: string, kind: DirectoryKind): void {
  const other = kind === "node" ? "sentinel" : "node";
  const found = FILES[other].find((name) => existsSync(path.join(directory, name)));
  if (found === undefined) return;
  throw new InterrexError(
    "BAD_DATA_DIR",
    `Cannot use the data directory ${directory}: it holds a ${other}'s files (${found}). Choose another one for this ${kind}`,
  );
}
