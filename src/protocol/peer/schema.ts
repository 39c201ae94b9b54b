/**
 * Shapes of the control messages that a data node says and hears, checked on arrival. Decides what is well formed;
 * refuses to judge whether it makes sense now: that is the cores' business. Unknown fields are dropped.
 *
 * `sentinel-schema.ts` shares the field schemas; `codec.ts` puts both tables together.
 */
import { z } from "zod";
import type { Epoch, GroupId, IncarnationId, MemberId, Offset, SentinelId, StartId } from "../../base/ids.ts";
import type { EpochHistory, EpochStart } from "../../rules/epoch-history.ts";
import type { ClientAddress, GroupRecord, Leader, RecordNumber } from "../../rules/group-record.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { MemberPromise, NodeMessage, NodeStatus } from "./node-messages.ts";

/** Types of the messages that travel as binary frames; every other one is JSON. */
export type BinaryType = "records" | "ack" | "snapshotChunk";

/** Largest epoch, offset and frame number: binary frames carry 48 bits. */
export const WHOLE_MAX: number = 2 ** 48 - 1;

const TEXT_CHARS_MAX = 1024;
const REASON_CHARS_MAX = 16 * 1024;
const MEMBERS_MAX = 1000;
/** Failovers in the life of a group; at one every ten seconds it lasts four months. */
const REIGNS_MAX = 1_000_000;

/**
 * A list that is too long is refused before its items are looked at: a frame has room for millions of wrong ones, and an
 * issue for each would take the memory.
 */
export function listOf<Item>(item: z.ZodType<Item>, itemsMax: number): z.ZodType<Item[]> {
  return z.array(z.unknown()).max(itemsMax).pipe(z.array(item));
}

// zod can't know our brands: the check is on the plain value, the cast only names it.
const named = <T extends string>() => z.string().min(1).max(TEXT_CHARS_MAX) as unknown as z.ZodType<T>;
const counted = <T extends number>() => z.int().min(0).max(WHOLE_MAX) as unknown as z.ZodType<T>;

export const memberIdSchema: z.ZodType<MemberId> = named<MemberId>();
const sentinelIdSchema: z.ZodType<SentinelId> = named<SentinelId>();
export const startIdSchema: z.ZodType<StartId> = named<StartId>();
const incarnationIdSchema: z.ZodType<IncarnationId> = named<IncarnationId>();
export const groupIdSchema: z.ZodType<GroupId> = named<GroupId>();
export const groupNameSchema: z.ZodType<string> = named<string>();
/** Words for people. */
export const reasonSchema: z.ZodType<string> = z.string().max(REASON_CHARS_MAX);
export const epochSchema: z.ZodType<Epoch> = counted<Epoch>();
export const offsetSchema: z.ZodType<Offset> = counted<Offset>();
/** A sequence number or a count. */
export const wholeSchema: z.ZodType<number> = counted<number>();
/** A duration in milliseconds, fractions allowed. */
export const millisSchema: z.ZodType<number> = z.number().min(0);

const positionSchema: z.ZodType<LogPosition> = z.object({ epoch: epochSchema, offset: offsetSchema });
export const leaderSchema: z.ZodType<Leader> = z.object({ id: sentinelIdSchema, startId: startIdSchema });
export const recordNumberSchema: z.ZodType<RecordNumber> = z.object({ epoch: epochSchema, seq: wholeSchema });
export const promiseSchema: z.ZodType<MemberPromise> = z.object({
  epoch: epochSchema,
  leader: leaderSchema.nullable(),
});
export const clientAddressSchema: z.ZodType<ClientAddress> = z.object({
  host: z.string().max(TEXT_CHARS_MAX),
  port: z.int().min(0).max(65535),
});

/** However long: for what was written here. */
export const anyHistorySchema: z.ZodType<EpochHistory> = z.array(z.unknown()).transform(toHistory);
const historySchema: z.ZodType<EpochHistory> = z.array(z.unknown()).max(REIGNS_MAX).transform(toHistory);

/**
 * Checked by hand, several times as fast: a history has a reign for every failover that the group has ever had, and a master
 * reads one of each replica while its clients wait.
 */
function toHistory(items: unknown[], context: z.core.$RefinementCtx): EpochStart[] {
  const history: EpochStart[] = [];
  for (const item of items) {
    const before = history.at(-1);
    if (!isReign(item)) {
      context.addIssue(`reign ${history.length + 1} of an epoch history has no epoch and first offset`);
      return z.NEVER;
    }
    const { epoch, firstOffset } = item;
    if (before !== undefined && (epoch <= before.epoch || firstOffset <= before.firstOffset)) {
      context.addIssue("an epoch history rises strictly in epoch and in first offset");
      return z.NEVER;
    }
    history.push({ epoch, firstOffset });
  }
  return history;
}

function isReign(item: unknown): item is EpochStart {
  if (typeof item !== "object" || item === null || !("epoch" in item && "firstOffset" in item)) return false;
  return isCount(item.epoch) && isCount(item.firstOffset);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && 0 <= (value as number) && (value as number) <= WHOLE_MAX;
}

export const groupRecordSchema: z.ZodType<GroupRecord> = z.object({
  name: groupNameSchema,
  groupId: groupIdSchema,
  number: recordNumberSchema,
  steward: leaderSchema,
  master: memberIdSchema.nullable(),
  members: listOf(
    z.object({
      id: memberIdSchema,
      url: z.string().max(TEXT_CHARS_MAX),
      client: clientAddressSchema,
      incarnation: incarnationIdSchema.nullable(),
      admitted: z.boolean(),
      voting: z.boolean(),
      priority: z.number(),
      zone: z.string().max(TEXT_CHARS_MAX),
    }),
    MEMBERS_MAX,
  ),
  mode: z.enum(["async", "semi-sync", "sync"]),
  copies: z.int().min(1).max(MEMBERS_MAX),
  paused: z.boolean(),
});

const nodeStatusSchema: z.ZodType<NodeStatus> = z.object({
  id: memberIdSchema,
  startId: startIdSchema,
  groupId: groupIdSchema.nullable(),
  incarnation: incarnationIdSchema,
  doubtfulByReboot: z.boolean(),
  role: z.enum(["master", "replica", "none"]),
  roleEpoch: epochSchema,
  established: z.boolean(),
  promise: promiseSchema,
  position: positionSchema,
  committed: offsetSchema,
  applied: offsetSchema,
  record: recordNumberSchema.nullable(),
  following: z.object({ master: memberIdSchema, linkUp: z.boolean() }).nullable(),
  sees: listOf(memberIdSchema, MEMBERS_MAX),
  oldestUncommittedMs: millisSchema,
  diskFailing: z.boolean(),
  handover: z.object({ target: memberIdSchema, ready: z.boolean() }).nullable(),
  waiting: listOf(z.object({ id: memberIdSchema, incarnation: incarnationIdSchema }), MEMBERS_MAX),
  replicas: listOf(
    z.object({
      id: memberIdSchema,
      received: offsetSchema,
      applied: offsetSchema,
      client: clientAddressSchema.nullable(),
    }),
    MEMBERS_MAX,
  ),
  leaseHeld: z.boolean(),
  client: clientAddressSchema,
  priority: z.number(),
  zone: z.string().max(TEXT_CHARS_MAX),
  voting: z.boolean(),
});

type ControlType = Exclude<NodeMessage["type"], BinaryType>;

/** One schema for each control message of `node-messages.ts`; a missing one does not compile. */
export const nodeMessageSchemas: {
  readonly [Type in ControlType]: z.ZodType<Extract<NodeMessage, { type: Type }>>;
} = {
  ping: z.object({
    type: z.literal("ping"),
    group: groupNameSchema,
    seq: wholeSchema,
    sawPong: wholeSchema,
    leaseEpoch: epochSchema.nullable(),
    downAfterMs: millisSchema,
    stallAfterMs: millisSchema,
    sentinels: wholeSchema,
  }),
  seal: z.object({
    type: z.literal("seal"),
    group: groupNameSchema,
    groupId: groupIdSchema,
    epoch: epochSchema,
    leader: leaderSchema,
  }),
  promote: z.object({
    type: z.literal("promote"),
    group: groupNameSchema,
    epoch: epochSchema,
    leader: leaderSchema,
    position: positionSchema,
    record: groupRecordSchema,
  }),
  follow: z.object({
    type: z.literal("follow"),
    group: groupNameSchema,
    epoch: epochSchema,
    leader: leaderSchema,
    record: groupRecordSchema,
  }),
  standing: z.object({ type: z.literal("standing"), record: groupRecordSchema }),
  published: z.object({ type: z.literal("published"), group: groupNameSchema, epoch: epochSchema }),
  prepareHandover: z.object({
    type: z.literal("prepareHandover"),
    group: groupNameSchema,
    epoch: epochSchema,
    target: memberIdSchema,
    timeoutMs: millisSchema,
  }),
  cancelHandover: z.object({ type: z.literal("cancelHandover"), group: groupNameSchema, epoch: epochSchema }),

  pong: z.object({ type: z.literal("pong"), seq: wholeSchema, status: nodeStatusSchema }),
  status: z.object({ type: z.literal("status"), status: nodeStatusSchema }),
  sealed: z.object({ type: z.literal("sealed"), epoch: epochSchema, status: nodeStatusSchema }),
  promoted: z.object({ type: z.literal("promoted"), epoch: epochSchema }),
  following: z.object({ type: z.literal("following"), epoch: epochSchema }),
  refused: z.object({
    type: z.literal("refused"),
    what: z.enum(["seal", "promote", "follow", "prepareHandover"]),
    epoch: epochSchema,
    promise: promiseSchema,
    reason: reasonSchema,
  }),

  beat: z.object({ type: z.literal("beat"), epoch: epochSchema }),
  sync: z.object({
    type: z.literal("sync"),
    groupId: groupIdSchema.nullable(),
    epoch: epochSchema,
    incarnation: incarnationIdSchema,
    lastOffset: offsetSchema,
    history: historySchema,
    client: clientAddressSchema,
  }),
  syncPartial: z.object({
    type: z.literal("syncPartial"),
    epoch: epochSchema,
    from: positionSchema,
    client: clientAddressSchema,
  }),
  syncFull: z.object({
    type: z.literal("syncFull"),
    epoch: epochSchema,
    position: positionSchema,
    history: historySchema,
  }),
  syncRefused: z.object({
    type: z.literal("syncRefused"),
    epoch: epochSchema,
    requested: epochSchema,
    reason: reasonSchema,
  }),
  publications: z.object({
    type: z.literal("publications"),
    published: z.array(z.object({ channel: z.string(), message: z.string() })),
  }),
};
