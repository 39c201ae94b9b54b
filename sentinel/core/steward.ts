/** The steward's side: the leader of the standing reign alone writes that epoch's further records, one at a time. */
import type { Millis } from "../../src/base/ids.ts";
import { compareRecordNumbers, type GroupRecord } from "../../src/rules/group-record.ts";
import { type GroupContext, isSelf, sendToSentinels } from "./group-context.ts";
import { amendedRecord } from "./reign-record.ts";

/** The stored record, if this process is its steward and nobody has begun a newer epoch. */
export function ownReign(context: GroupContext): GroupRecord | null {
  const { stored, votedEpoch } = context.ledger;
  if (stored === null || stored.master === null || !isSelf(context, stored.steward)) return null;
  return votedEpoch <= stored.number.epoch ? stored : null;
}

/** Writes the next record, if there is something to write and the one before it stands. */
export function writeNextRecord(context: GroupContext, paused: boolean | null, nowMs: Millis): void {
  const record = ownReign(context);
  const { standing } = context.ledger;
  if (record === null || standing === null) return;
  if (compareRecordNumbers(record.number, standing.number) !== 0) return;
  const next = amendedRecord(context, record, paused);
  if (next === null || !context.ledger.store(next, nowMs, () => {})) return;
  sendToSentinels(context, { type: "store", group: next.name, record: next });
}
