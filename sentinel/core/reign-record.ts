/** Composes group records: the first of a reign, and what its steward has to change in it later. Computes only. */
import type { Epoch } from "../../src/base/ids.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import { type GroupRecord, isSameAddress, type MemberRecord } from "../../src/rules/group-record.ts";
import { comparePositions } from "../../src/rules/log-position.ts";
import { currentStatus, type GroupContext, selfAsLeader } from "./group-context.ts";
import type { SealChoice } from "./seal-round.ts";

/** The record of the reign that begins with this choice. */
export function reignRecord(
  context: GroupContext,
  base: GroupRecord,
  epoch: Epoch,
  choice: SealChoice,
): GroupRecord {
  return {
    ...base,
    number: { epoch, seq: base.number.epoch === epoch ? base.number.seq + 1 : 1 },
    steward: selfAsLeader(context),
    master: choice.status.id,
    members: base.members.map((member) => withAdmission(refreshed(context, member), choice)),
  };
}

function withAdmission(member: MemberRecord, choice: SealChoice): MemberRecord {
  const status = choice.sealed.get(member.id);
  switch (choice.admits) {
    case "keep":
      return member;
    case "all":
      // One that is behind has not caught up: counted now, it could be part of a choice that drops the difference.
      return status === undefined || comparePositions(status.position, choice.status.position) < 0
        ? member
        : { ...member, incarnation: status.incarnation, admitted: true };
    case "chosen":
      return {
        ...member,
        incarnation: status?.incarnation ?? member.incarnation,
        admitted: member.id === choice.status.id,
      };
    default:
      return choice.admits satisfies never;
  }
}

/**
 * What the steward must write next.
 *
 * Admissions rest on the word of the present reign's master alone: only it knows who has caught up (S7).
 *
 * @param paused what an operator wants; `null` when nothing.
 * @returns `null` when the record is as it should be.
 */
export function amendedRecord(
  context: GroupContext,
  record: GroupRecord,
  paused: boolean | null,
): GroupRecord | null {
  const waiting = [...context.watches.keys()].flatMap((id) => {
    const word = currentStatus(context, id);
    return word !== null && context.rules.mayVouch(record, word) ? word.waiting : [];
  });
  const members = record.members.map((member) => {
    const fresh = refreshed(context, member);
    const admission = waiting.find((one) => one.id === member.id);
    if (admission === undefined || isHeldAdmitted(fresh, admission.incarnation)) return fresh;
    return { ...fresh, incarnation: admission.incarnation, admitted: true };
  });
  const wanted = paused ?? record.paused;
  const changed = wanted !== record.paused || members.some((member, at) => member !== record.members[at]);
  if (!changed) return null;
  return {
    ...record,
    number: { epoch: record.number.epoch, seq: record.number.seq + 1 },
    members,
    paused: wanted,
  };
}

function isHeldAdmitted(member: MemberRecord, incarnation: NodeStatus["incarnation"]): boolean {
  return member.admitted && member.incarnation === incarnation;
}

/** The same object when nothing about the member's addresses has changed. */
function refreshed(context: GroupContext, member: MemberRecord): MemberRecord {
  const status = currentStatus(context, member.id);
  const client = status?.client ?? member.client;
  const url = context.config.nodes.find((node) => node.id === member.id)?.url ?? member.url;
  return isSameAddress(client, member.client) && url === member.url ? member : { ...member, client, url };
}
