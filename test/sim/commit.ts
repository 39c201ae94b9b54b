/** Which source a run was made from: a seed alone replays nothing. */
import { spawnSync } from "node:child_process";

/** Short hash of HEAD, marked when the work tree differs from it; "unknown" where there is no repository. */
export function sourceCommit(): string {
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head === null) return "unknown";
  return git("status", "--porcelain") === "" ? head : `${head} with changes`;
}

function git(...argv: string[]): string | null {
  const { status, stdout } = spawnSync("git", argv, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}
