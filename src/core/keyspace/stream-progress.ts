/**
 * How many of a stream's entries a group has read, and how many it has before it: exact where that is known, unknown where
 * XDEL has torn holes that may matter. Redis's rules.
 */
import { difference, type ExactInteger, int64, sum } from "./exact-integer.ts";
import { READS_UNKNOWN, type StreamGroup } from "./stream-group.ts";
import { compareIds, ID_ZERO, type StreamId } from "./stream-id.ts";
import type { StreamValue } from "./stream-value.ts";

/** The group reads on to `id`, an entry behind its last one. */
export function advance(stream: StreamValue, group: StreamGroup, id: StreamId): void {
  if (group.entriesRead !== READS_UNKNOWN && !hasHoles(stream, id))
    group.entriesRead = int64(sum(group.entriesRead, 1));
  else if (stream.entriesAdded !== 0) group.entriesRead = readsUpTo(stream, id);
  group.lastId = id;
}

/** Number of entries that the group has before it; `undefined` when that is unknown. */
export function lagOf(stream: StreamValue, group: StreamGroup): ExactInteger | undefined {
  if (stream.entriesAdded === 0) return 0;
  const isKnown = group.entriesRead !== READS_UNKNOWN && !hasHoles(stream, group.lastId);
  const read = isKnown ? group.entriesRead : readsUpTo(stream, group.lastId);
  return read === READS_UNKNOWN ? undefined : int64(difference(stream.entriesAdded, read));
}

/** Whether an entry that was deleted may lie at `start` or behind it. */
function hasHoles(stream: StreamValue, start: StreamId): boolean {
  const { maxDeletedId } = stream;
  if (stream.size === 0 || isZero(maxDeletedId)) return false;
  if (compareIds(stream.firstEntryId, maxDeletedId) > 0) return false;
  return compareIds(start, maxDeletedId) <= 0;
}

/** Number of entries up to `id`, of all that were ever added. */
function readsUpTo(stream: StreamValue, id: StreamId): ExactInteger {
  const { entriesAdded, size, maxDeletedId, firstEntryId } = stream;
  if (entriesAdded === 0) return 0;
  const order = compareIds(id, stream.lastId);
  if (size === 0 && order < 1) return entriesAdded;
  if (order === 0) return entriesAdded;
  if (order > 0) return READS_UNKNOWN;
  if (!isZero(maxDeletedId) && compareIds(maxDeletedId, firstEntryId) >= 0) return READS_UNKNOWN;
  const fromFirst = compareIds(id, firstEntryId);
  if (fromFirst > 0) return READS_UNKNOWN;
  return sum(difference(entriesAdded, size), fromFirst === 0 ? 1 : 0);
}

function isZero(id: StreamId): boolean {
  return compareIds(id, ID_ZERO) === 0;
}
