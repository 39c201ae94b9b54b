/** Who could not take over from the master now, by what the nodes say of themselves and the sentinels of them. Pure: asks no one. */
import type { GroupView } from "../sentinel/core/view.ts";
import type { Millis } from "../src/base/ids.ts";
import type { NodeStatus } from "../src/protocol/peer/node-messages.ts";
import { establishedMaster } from "./agreed-master.ts";

/**
 * @param views of the sentinels that run.
 * @param nodes those that run, in their own words.
 * @param calmForMs time since the last fault, or the end of one: what a sentinel heard before says nothing of its links now, which may have been
 *   closed at the other end while they were cut.
 * @returns why not every one of them but the master could take its place at once, a reason each; empty when all could.
 */
export function unfitReplicas(
  views: readonly GroupView[],
  nodes: readonly NodeStatus[],
  calmForMs: Millis,
): string[] {
  const id = establishedMaster(views);
  const master = nodes.find((node) => node.id === id);
  if (id === null) return ["the sentinels name no master that acknowledges writes, all the same one"];
  if (master === undefined) return [`${id} is the master and does not run`];
  const reasons = nodes
    .filter((node) => node !== master)
    .flatMap((node) => views.map((view) => whyUnfit(view, node, master, calmForMs)))
    .filter((reason) => reason !== null);
  return [...new Set(reasons)];
}

function whyUnfit(
  { replicas }: GroupView,
  node: NodeStatus,
  master: NodeStatus,
  calmForMs: Millis,
): string | null {
  const { id } = node;
  const known = replicas.find((one) => one.id === id);
  // What is said of the process that it was before counts for nothing.
  if (known?.status?.startId !== node.startId || known.sinceLastPongMs > calmForMs)
    return `${id} has not been heard by every sentinel`;
  // An observer is never promoted: it is as fit as it will be once it follows.
  if (known.voting && known.ineligible !== null) return `${id} ${known.ineligible}`;
  return follows(node, master) && follows(known.status, master)
    ? null
    : `${id} does not follow ${master.id} yet`;
}

function follows({ following }: NodeStatus, { id }: NodeStatus): boolean {
  return following !== null && following.master === id && following.linkUp;
}
