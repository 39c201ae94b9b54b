/**
 * What a consumer gets of a stream: new entries of its group, or those that it has got before. Times and counts of delivery
 * are replicated as XCLAIM, the group's position as XGROUP SETID, both with what they have come to.
 */
import { LongText } from "../../base/long-text.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { arrayHeader, bulk, nilArray } from "../../protocol/resp/reply.ts";
import { int64, sum } from "../keyspace/exact-integer.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { ClaimBatch, type Consumer, encodeSeen, type StreamGroup } from "../keyspace/stream-group.ts";
import { formatId, ID_MAX, nextId, type StreamId } from "../keyspace/stream-id.ts";
import { advance } from "../keyspace/stream-progress.ts";
import type { StreamValue } from "../keyspace/stream-value.ts";
import type { CommandContext } from "./context.ts";
import { ENOUGH_BYTES, entryReply } from "./stream-replies.ts";

export interface GroupRead {
  readonly key: string;
  readonly stream: StreamValue;
  readonly group: StreamGroup;
  /** Its name; it is made if need be. */
  readonly consumer: string;
  /** 0 for all. */
  readonly count: number;
  readonly noack: boolean;
}

/** Around the names in an XCLAIM of one entry, its ID, time and count included. */
const AROUND_CLAIM_BYTES = 256;
/** How often a command may name its key, its group and its consumer in what it propagates. */
const NAMED_TIMES = 4;
/** Of an ID in an XCLAIM of many. */
const BATCHED_ID_BYTES = 48;

/** @param after behind which of the consumer's own entries; `undefined` for new ones. @returns the entries, encoded. */
export function readForGroup(context: CommandContext, read: GroupRead, after: StreamId | undefined): string {
  return after === undefined ? readNew(context, read) : readAgain(context, read, after);
}

function readNew(context: CommandContext, read: GroupRead): string {
  const { key, stream, group, count } = read;
  const aroundBytes = namesBytes(key, group.name, read.consumer);
  const ids: StreamId[] = [];
  const text = new LongText();
  for (const entry of stream.range(nextId(group.lastId) ?? ID_MAX, ID_MAX)) {
    text.add(entryReply(entry));
    ids.push(entry.id);
    const isEnough =
      text.length >= ENOUGH_BYTES || !context.fits(0, aroundBytes + ids.length * BATCHED_ID_BYTES);
    if (ids.length === count || isEnough) break;
  }
  context.db.beforeInnerChange(key);
  const consumer = meet(context, key, group, read.consumer);
  for (const id of ids) {
    advance(stream, group, id);
    if (!read.noack) group.deliver(id, consumer, context.nowMs, 1);
  }
  propagateConsumer(context, key, group, consumer, read.noack ? [] : ids);
  if (ids.length > 0) propagatePosition(context, key, group);
  return arrayHeader(ids.length) + text.toString();
}

function readAgain(context: CommandContext, read: GroupRead, after: StreamId): string {
  const { key, stream, group, count } = read;
  const again: StreamId[] = [];
  const eachBytes = claimBytes(key, group.name, read.consumer);
  const aroundBytes = namesBytes(key, group.name, read.consumer);
  const search = stream.search();
  let given = 0;
  const text = new LongText();
  for (const { id } of group.consumer(read.consumer)?.pending.from(nextId(after)) ?? []) {
    const found = search.entry(id);
    if (found !== undefined) again.push(id);
    text.add(
      found === undefined
        ? arrayHeader(2) + bulk(formatId(id)) + nilArray(context.version)
        : entryReply(found),
    );
    given += 1;
    const isEnough = text.length >= ENOUGH_BYTES || !context.fits(0, aroundBytes + again.length * eachBytes);
    if (given === count || isEnough) break;
  }
  context.db.beforeInnerChange(key);
  const consumer = meet(context, key, group, read.consumer);
  for (const id of again) {
    group.deliver(id, consumer, context.nowMs, int64(sum(consumer.pending.get(id)?.count ?? 0, 1)));
  }
  propagateConsumer(context, key, group, consumer, again);
  return arrayHeader(given) + text.toString();
}

/** The consumer, made if it is new, seen now. The caller propagates it. */
export function meet(context: CommandContext, key: string, group: StreamGroup, name: string): Consumer {
  const known = group.consumer(name);
  if (known === undefined) {
    context.notify(NOTIFY.stream, "xgroup-createconsumer", key);
    return group.addConsumer(name, context.nowMs);
  }
  known.seenMs = context.nowMs;
  return known;
}

/** What a delivery is propagated as, at most: as an XCLAIM of its own. */
export function claimBytes(key: string, group: string, consumer: string): number {
  return key.length + group.length + consumer.length + AROUND_CLAIM_BYTES;
}

/** What commands of any number of deliveries repeat of the names, at most: for the consumer, the group's position, and what is gone. */
function namesBytes(key: string, group: string, consumer: string): number {
  return NAMED_TIMES * claimBytes(key, group, consumer);
}

/**
 * Whether what is propagated of the names of one read or claim fits. To be asked before the change: once it has begun, one delivery
 * is made in any case.
 */
export function mayName(context: CommandContext, key: string, group: string, consumer: string): boolean {
  return context.fits(0, namesBytes(key, group, consumer));
}

/** Propagates the consumer, when it was seen, and these of its deliveries. */
export function propagateConsumer(
  context: CommandContext,
  key: string,
  group: StreamGroup,
  consumer: Consumer,
  ids: readonly StreamId[],
): void {
  let batch = new ClaimBatch();
  for (const id of ids) {
    const delivery = group.pending.get(id);
    if (delivery === undefined) continue;
    if (!batch.takes(delivery)) {
      context.propagateFound(batch.encode(key, group.name, consumer.name));
      batch = new ClaimBatch();
    }
    batch.add(id, delivery);
  }
  if (!batch.isEmpty) context.propagateFound(batch.encode(key, group.name, consumer.name));
  if (batch.atMs !== consumer.seenMs) context.propagateFound(encodeSeen(key, group.name, consumer));
}

/** Propagates how far the group has read. */
export function propagatePosition(context: CommandContext, key: string, group: StreamGroup): void {
  const position = [formatId(group.lastId), "ENTRIESREAD", String(group.entriesRead)];
  context.propagateFound(encodeCommand(["XGROUP", "SETID", key, group.name, ...position]));
}
