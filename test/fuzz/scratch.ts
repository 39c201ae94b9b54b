/** A directory for one input's files, in memory where the system has such a place: syncs cost nothing there. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const ROOT = fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir();

export async function withScratch<Result>(run: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = fs.mkdtempSync(path.join(ROOT, "interrex-fuzz-"));
  try {
    return await run(directory);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}
