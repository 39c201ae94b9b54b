/**
 * A process that was held dead and has linked again: something else had refused connects in its place. Takes that back, since a fence and a vote
 * rest on it for as long as it stands, and tells. What was decided on it meanwhile stays decided.
 */
import type { StartId } from "../../src/base/ids.ts";
import type { GroupContext } from "./group-context.ts";
import type { MemberWatch } from "./member-watch.ts";

/** Call it before `watch.onLinkUp`, which forgets. */
export function takeBackDeath(context: GroupContext, watch: MemberWatch, process: StartId): void {
  context.masterProcess.noteLife(process);
  if (!watch.isDead(process)) return;
  context.outbox.log(
    "warn",
    "false-crash",
    { group: context.config.name, member: watch.id },
    "a process that was held dead runs: something in between has refused connects for it; if it may do so again, set crashEvidence: false",
  );
}
