/** What `interrex up` was told otherwise than the record of its group says, in words. The record rules; nobody should take it for the flags. Pure. */
import type { GroupRecord } from "../../src/rules/group-record.ts";
import type { ClusterPlan } from "./layout.ts";

export function recordDifferences(
  plan: Pick<ClusterPlan, "replication" | "copies">,
  nodeIds: readonly string[],
  record: GroupRecord,
): string[] {
  const differences: string[] = [];
  if (plan.replication !== record.mode)
    differences.push(`replication is ${record.mode}, not ${plan.replication}`);
  if (plan.copies !== null && plan.copies !== record.copies) {
    differences.push(`copies is ${record.copies}, not ${plan.copies}`);
  }
  const members = record.members.map(({ id }) => String(id));
  for (const id of nodeIds) if (!members.includes(id)) differences.push(`${id} is no member`);
  for (const id of members) if (!nodeIds.includes(id)) differences.push(`${id} is a member, but not started`);
  return differences;
}
