/**
 * Finds out whether the sentinels and the group that are planned are those that a data directory was begun with, before anything is written into it:
 * with other sentinels a majority could know nothing of what the old one has voted and recorded, and to another group the nodes there do not belong.
 * Looks at what `interrex up` left there; asks nobody.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { InterrexError } from "../../src/base/errors.ts";
import { explainDirectoryError } from "../../src/io/storage/directory-error.ts";
import { VOTES_FILE } from "../../src/io/storage/directory-kind.ts";

export interface PlannedSet {
  /** Ids. */
  readonly sentinels: readonly string[];
  readonly group: string;
}

interface BegunSet {
  readonly sentinels: readonly string[];
  /** More than one only by other hands than ours. */
  readonly groups: readonly string[];
}

interface SentinelFileParts {
  readonly sentinels: readonly { readonly id: string }[];
  readonly groups: readonly { readonly name: string }[];
}

const sentinelFileParts: z.ZodType<SentinelFileParts> = z.object({
  sentinels: z.array(z.object({ id: z.string() })),
  groups: z.array(z.object({ name: z.string() })).min(1),
});

/** @throws InterrexError `BAD_FLAG` when a sentinel there has voted as one of another set or for another group, `BAD_DATA_DIR` when that can't be seen. */
export function checkSentinelSet(dataDir: string, planned: PlannedSet): void {
  for (const name of namesIn(dataDir)) {
    const begun = begunWith(join(dataDir, name));
    if (begun === null) continue;
    refuseOtherSentinels(dataDir, begun, planned);
    refuseOtherGroup(dataDir, begun, planned);
  }
}

function refuseOtherSentinels(dataDir: string, begun: BegunSet, planned: PlannedSet): void {
  if (isSameSet(begun.sentinels, planned.sentinels)) return;
  throw new InterrexError(
    "BAD_FLAG",
    `${dataDir} was begun with ${counted(begun.sentinels)}, not with ${counted(planned.sentinels)}: what a majority of them has decided would be forgotten. ` +
      `Give --sentinels ${begun.sentinels.length}, or another --data-dir; to change the set see \`Changing the group\` in docs/operations.md`,
  );
}

function refuseOtherGroup(dataDir: string, { groups }: BegunSet, { group }: PlannedSet): void {
  if (groups.includes(group)) return;
  throw new InterrexError(
    "BAD_FLAG",
    `${dataDir} was begun with group ${groups.join(", ")}, and its nodes belong to that one. Give --group ${groups[0]}, or another --data-dir`,
  );
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
function begunWith(dir: string): BegunSet | null {
  if (!existsSync(join(dir, VOTES_FILE))) return null;
  try {
    const { success, data } = sentinelFileParts.safeParse(
      parse(readFileSync(join(dir, "sentinel.yaml"), "utf8")),
    );
    if (!success) return null;
    return { sentinels: data.sentinels.map(({ id }) => id), groups: data.groups.map(({ name }) => name) };
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
