/** Shapes of what sentinels say to each other, checked on arrival. Refuses to judge whether it is true. */
import { z } from "zod";
import { VOTE_REASONS } from "../../rules/vote-reason.ts";
import {
  clientAddressSchema,
  epochSchema,
  groupNameSchema,
  groupRecordSchema,
  leaderSchema,
  listOf,
  memberIdSchema,
  millisSchema,
  reasonSchema,
  recordNumberSchema,
  startIdSchema,
  wholeSchema,
} from "./schema.ts";
import type { SentinelMessage } from "./sentinel-messages.ts";

/** Leases and deaths that one vote may tell of; a voter remembers a few for each member. */
const TESTIMONY_MAX = 10_000;

const voteReason = z.enum(VOTE_REASONS);

/** One schema for each type of message between sentinels; a missing one does not compile. */
export const sentinelMessageSchemas: {
  readonly [Type in SentinelMessage["type"]]: z.ZodType<Extract<SentinelMessage, { type: Type }>>;
} = {
  report: z.object({
    type: z.literal("report"),
    group: groupNameSchema,
    seq: wholeSchema,
    membership: wholeSchema,
    client: clientAddressSchema,
    blank: z.boolean(),
    votedEpoch: epochSchema,
    stored: recordNumberSchema.nullable(),
    learnt: recordNumberSchema.nullable(),
    record: groupRecordSchema.nullable(),
    master: memberIdSchema.nullable(),
    finds: listOf(voteReason, VOTE_REASONS.length),
    leading: epochSchema.nullable(),
  }),
  askVote: z.object({
    type: z.literal("askVote"),
    group: groupNameSchema,
    epoch: epochSchema,
    leader: leaderSchema,
    reason: voteReason,
    pre: z.boolean(),
    round: wholeSchema,
  }),
  vote: z.object({
    type: z.literal("vote"),
    group: groupNameSchema,
    epoch: epochSchema,
    pre: z.boolean(),
    round: wholeSchema,
    granted: z.boolean(),
    why: reasonSchema,
    votedEpoch: epochSchema,
    record: groupRecordSchema.nullable(),
    leases: listOf(z.object({ process: startIdSchema.nullable(), leftMs: millisSchema }), TESTIMONY_MAX),
    dead: listOf(startIdSchema, TESTIMONY_MAX),
  }),
  store: z.object({ type: z.literal("store"), group: groupNameSchema, record: groupRecordSchema }),
  stored: z.object({
    type: z.literal("stored"),
    group: groupNameSchema,
    number: recordNumberSchema,
    ok: z.boolean(),
    votedEpoch: epochSchema,
  }),
  stands: z.object({
    type: z.literal("stands"),
    group: groupNameSchema,
    record: groupRecordSchema,
    reason: reasonSchema,
  }),
  operate: z.object({
    type: z.literal("operate"),
    group: groupNameSchema,
    id: wholeSchema,
    command: z.enum(["pause", "resume"]),
  }),
  operated: z.object({
    type: z.literal("operated"),
    group: groupNameSchema,
    id: wholeSchema,
    ok: z.boolean(),
    text: reasonSchema,
  }),
};
