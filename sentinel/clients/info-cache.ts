/** SENTINEL INFO-CACHE: the newest word of each member, told as the INFO that Redis would have cached. */
import { array, integer, nil } from "../../src/protocol/resp/reply.ts";
import type { MemberView } from "../core/view.ts";
import type { Answer, CommandContext } from "./answer.ts";
import { reply } from "./answer.ts";
import { groupNamed } from "./groups.ts";
import { opinionOf, replicasOf, type StandingGroup, standingGroup } from "./instance-fields.ts";
import { bulkText } from "./wire-text.ts";

export function infoCache(context: CommandContext): Answer {
  const { argv, world } = context;
  const groups = argv.slice(2).flatMap((name) => standingGroup(groupNamed(world, name)) ?? []);
  return reply(array(groups.flatMap((group) => [bulkText(group.record.name), membersOf(group, context)])));
}

function membersOf(group: StandingGroup, { session }: CommandContext): string {
  const members = [group.master, ...replicasOf(group)];
  return array(
    members.map(({ id }) => {
      const opinion = opinionOf(group.view, id);
      const text = opinion === undefined ? null : infoText(opinion);
      const ageMs = Math.round(opinion?.sinceLastPongMs ?? 0);
      return array([integer(ageMs), text === null ? nil(session.protocol) : bulkText(text)]);
    }),
  );
}

function infoText({ status }: MemberView): string | null {
  if (status === null) return null;
  const lines = [
    "# Server",
    `run_id:${status.startId}`,
    `tcp_port:${status.client.port}`,
    "",
    "# Replication",
    `role:${status.role === "master" ? "master" : "slave"}`,
    ...(status.following === null ? [] : [`master_link_status:${status.following.linkUp ? "up" : "down"}`]),
    `slave_priority:${status.voting ? status.priority : 0}`,
    `slave_repl_offset:${status.applied}`,
    `master_repl_offset:${status.position.offset}`,
  ];
  return `${lines.join("\r\n")}\r\n`;
}
