/** Reads a sentinel's view for the process tests. Asks no one. */
import type { GroupView } from "../../sentinel/core/view.ts";

/** What keeps the group from being whole: a reigning master, all others up, admitted and following it. Empty: nothing. */
export function obstacleIn({ standing, master, replicas }: GroupView): string {
  if (standing?.master == null || master?.id !== standing.master) return "no standing master";
  if (master.sdown || master.status?.established !== true) return `${master.id} does not reign yet`;
  for (const { id, admitted, sdown, status } of replicas) {
    if (!admitted || sdown) return `${id} ${sdown ? "is down" : "is not admitted"}`;
    if (status?.following?.master !== master.id || !status.following.linkUp) return `${id} does not follow`;
  }
  return "";
}
