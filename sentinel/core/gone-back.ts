/**
 * Members whose directory was replaced by an older copy, by what this sentinel has heard of them before. One that has started since knows of
 * nothing to compare with. Reads and says; the choice heeds it in `eligibility.ts`.
 */
import type { GroupRecord } from "../../src/rules/group-record.ts";
import type { GroupContext } from "./group-context.ts";
import type { MemberWatch } from "./member-watch.ts";

/** @returns how many records it held that were committed; `null` when it shows no less now, or in async, where such may be cut. */
export function heldBefore(record: GroupRecord, watch: MemberWatch | undefined): number | null {
  return record.mode === "async" ? null : (watch?.heldBefore ?? null);
}

/** Says it once for each process. */
export function warnIfGoneBack(context: GroupContext, watch: MemberWatch): void {
  const { status } = watch;
  const record = context.ledger.stored;
  if (record === null || status === null || watch.warnedOf === status.startId) return;
  const committed = heldBefore(record, watch);
  if (committed === null) return;
  watch.warnedOf = status.startId;
  context.outbox.log(
    "warn",
    "went-back",
    { group: record.name, member: watch.id, shows: status.position.offset, committed },
    "a member holds less than it held before: an older copy of its directory is in use; it counts again once it has caught up",
  );
}
