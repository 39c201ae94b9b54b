/** The group of a master without sentinels: itself alone counts, so an acknowledged write has one sure copy. */
import type { Epoch, GroupId, IncarnationId, SentinelId, StartId } from "../base/ids.ts";
import type { GroupRecord } from "../rules/group-record.ts";
import type { MemberSetup } from "./member-setup.ts";

/** @param epoch a new one at each start, so that logs which parted at a crash are told apart. */
export function staticRecord(setup: MemberSetup, incarnation: IncarnationId, epoch: Epoch): GroupRecord {
  return {
    name: "static",
    groupId: "static" as GroupId,
    number: { epoch, seq: 0 },
    steward: { id: "" as SentinelId, startId: "" as StartId },
    master: setup.id,
    members: [
      {
        id: setup.id,
        url: "",
        client: setup.client,
        incarnation,
        admitted: true,
        voting: true,
        priority: setup.priority,
        zone: setup.zone,
      },
    ],
    mode: "async",
    copies: 1,
    paused: false,
  };
}
