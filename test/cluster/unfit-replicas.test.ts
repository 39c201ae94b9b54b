import { describe, expect, it } from "vitest";
import { unfitReplicas as unfitAfter } from "../../cluster/unfit-replicas.ts";
import type { GroupView } from "../../sentinel/core/view.ts";
import type { StartId } from "../../src/base/ids.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import { HEALTHY_VIEW } from "../cli/example-views.ts";

const said = (view: GroupView): NodeStatus[] =>
  [view.master, ...view.replicas].map((member) => {
    if (!member?.status) throw new Error("the example's members have all been heard");
    return member.status;
  });
const unfitReplicas = (views: readonly GroupView[], nodes: readonly NodeStatus[]): string[] =>
  unfitAfter(views, nodes, 60_000);
const NODES = said(HEALTHY_VIEW);
const [MASTER, REPLICA, ...OTHERS] = NODES as [NodeStatus, NodeStatus, ...NodeStatus[]];

function viewWith(change: Partial<GroupView["replicas"][number]>): GroupView {
  const [first, ...others] = HEALTHY_VIEW.replicas;
  if (first === undefined) throw new Error("the example has replicas");
  return { ...HEALTHY_VIEW, replicas: [{ ...first, ...change }, ...others] };
}

describe("replicas that could not take over", () => {
  it("are none in a healthy cluster, nor where only those run that could", () => {
    expect(unfitReplicas([HEALTHY_VIEW, HEALTHY_VIEW], NODES)).toEqual([]);
    expect(unfitReplicas([viewWith({ ineligible: "has no link" })], [MASTER, ...OTHERS])).toEqual([]);
  });

  it("are those that one sentinel would not promote, an observer excepted", () => {
    const unlinked = { ineligible: "has no link to this sentinel" };
    expect(unfitReplicas([HEALTHY_VIEW, viewWith(unlinked)], NODES)).toEqual([
      `${REPLICA.id} has no link to this sentinel`,
    ]);
    expect(unfitReplicas([viewWith({ ...unlinked, voting: false })], NODES)).toEqual([]);
  });

  it("are those of whom a sentinel knows another process only, or nothing", () => {
    const reason = `${REPLICA.id} has not been heard by every sentinel`;
    const restarted = { ...REPLICA, startId: "another" as StartId };
    expect(unfitReplicas([HEALTHY_VIEW], [MASTER, restarted, ...OTHERS])).toEqual([reason]);
    expect(unfitReplicas([viewWith({ status: null })], NODES)).toEqual([reason]);
    expect(unfitReplicas([{ ...HEALTHY_VIEW, replicas: [] }], [MASTER, REPLICA])).toEqual([reason]);
  });

  it("are those that a sentinel has not heard since the last fault: their ends may have closed the link during a cut", () => {
    const heard = viewWith({ sinceLastPongMs: 80 });
    expect(unfitAfter([heard], NODES, 100)).toEqual([]);
    expect(unfitAfter([heard], NODES, 70)).toContain(`${REPLICA.id} has not been heard by every sentinel`);
  });

  it("are those that don't follow this master, in their own words or as a sentinel has heard", () => {
    const reason = `${REPLICA.id} does not follow ${MASTER.id} yet`;
    for (const following of [
      null,
      { master: MASTER.id, linkUp: false },
      { master: REPLICA.id, linkUp: true },
    ]) {
      expect(unfitReplicas([HEALTHY_VIEW], [MASTER, { ...REPLICA, following }, ...OTHERS])).toEqual([reason]);
      const view = viewWith({ status: { ...REPLICA, following } });
      expect(unfitReplicas([HEALTHY_VIEW, view], NODES)).toEqual([reason]);
    }
  });

  it("are all of them while the master is dead, or not agreed upon", () => {
    expect(unfitReplicas([HEALTHY_VIEW], [REPLICA])).toEqual([`${MASTER.id} is the master and does not run`]);
    const blank = { ...HEALTHY_VIEW, standing: null };
    expect(unfitReplicas([HEALTHY_VIEW, blank], NODES)).toHaveLength(1);
    expect(unfitReplicas([], NODES)).toHaveLength(1);
  });
});
