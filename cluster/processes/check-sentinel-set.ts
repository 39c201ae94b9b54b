/**
 * Finds out whether the sentinels that are planned are those that a data directory was begun with, before anything is written into it: with other
 * ones a majority could know nothing of what the old one has voted and recorded. Looks at what `interrex up` left there; asks nobody.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { InterrexError } from "../../src/base/errors.ts";
import { explainDirectoryError } from "../../src/io/storage/directory-error.ts";

interface SentinelSet {
  readonly sentinels: readonly { readonly id: string }[];
}

/** What a sentinel that has run leaves beside its configuration. */
const VOTES_FILE = "votes.cell";

const sentinelSet: z.ZodType<SentinelSet> = z.object({ sentinels: z.array(z.object({ id: z.string() })) });

/** @throws InterrexError `BAD_FLAG` when a sentinel there has voted as one of another set, `BAD_DATA_DIR` when that can't be seen. */
export function checkSentinelSet(dataDir: string, plannedIds: readonly string[]): void {
  for (const name of namesIn(dataDir)) {
    const begun = begunWith(join(dataDir, name));
    if (begun === null || isSameSet(begun, plannedIds)) continue;
    throw new InterrexError(
      "BAD_FLAG",
      `${dataDir} was begun with ${counted(begun)}, not with ${counted(plannedIds)}: what a majority of them has decided would be forgotten. ` +
        `Give --sentinels ${begun.length}, or another --data-dir; to change the set see \`Changing the group\` in docs/operations.md`,
    );
  }
}

function namesIn(dataDir: string): string[] {
  try {
    return readdirSync(dataDir).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw explainDirectoryError(dataDir, error);
  }
}

/** `null` for what is no sentinel's directory, for one that never ran, and where it can't be told: the sentinel itself then says what is wrong. */
function begunWith(dir: string): string[] | null {
  if (!existsSync(join(dir, VOTES_FILE))) return null;
  try {
    const file = sentinelSet.safeParse(parse(readFileSync(join(dir, "sentinel.yaml"), "utf8")));
    return file.success ? file.data.sentinels.map(({ id }) => id) : null;
  } catch {
    return null;
  }
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id) => others.includes(id));
}

function counted(ids: readonly string[]): string {
  return ids.length === 1 ? "1 sentinel" : `${ids.length} sentinels`;
}
