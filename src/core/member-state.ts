/** What a member keeps durably beside its log: its promise, its group, the newest record. As bytes and back. */
import { z } from "zod";
import { InterrexError } from "../base/errors.ts";
import { EPOCH_ZERO, type GroupId } from "../base/ids.ts";
import type { MemberPromise } from "../protocol/peer/node-messages.ts";
import { groupIdSchema, groupRecordSchema, promiseSchema } from "../protocol/peer/schema.ts";
import type { GroupRecord } from "../rules/group-record.ts";

export interface MemberState {
  readonly promise: MemberPromise;
  readonly groupId: GroupId | null;
  /** The newest record that this member has been handed, standing. */
  readonly record: GroupRecord | null;
}

export const FRESH_STATE: MemberState = {
  promise: { epoch: EPOCH_ZERO, leader: null },
  groupId: null,
  record: null,
};

const FORMAT = 1;

const stateSchema = z.object({
  format: z.literal(FORMAT),
  promise: promiseSchema,
  groupId: groupIdSchema.nullable(),
  record: groupRecordSchema.nullable(),
});

export function encodeMemberState(state: MemberState): Buffer {
  return Buffer.from(JSON.stringify({ format: FORMAT, ...state }));
}

/** @throws InterrexError BAD_STATE when the bytes are not a state that this version wrote. */
export function decodeMemberState(bytes: Buffer): MemberState {
  try {
    const { format: _, ...state } = stateSchema.parse(JSON.parse(bytes.toString()));
    return state;
  } catch (cause) {
    throw new InterrexError("BAD_STATE", "Cannot read the member's saved promise: unknown format", { cause });
  }
}
