/** A master that answers, and can confirm nothing. */
import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { settledWorld } from "./world.ts";

describe("a stalled master", () => {
  it("a failing disk of the master, seen as stalled: the others take over", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.node(old).diskFailing = true;
    world.node(old).push();
    world.until("another master", () => world.settled() && world.masterId() !== old, 500);
  });

  it("an uncommitted record of a master whose replicas don't see each other is no reason", () => {
    const world = settledWorld();
    const old = world.masterId();
    const [one, two] = world.replicaIds() as [string, string];
    world.partition([one], [two]);
    world.node(old).oldestUncommittedMs = 9000;
    world.run(3000);
    expect(world.masterId()).toBe(old);
    world.heal();
    world.until("another master", () => world.settled() && world.masterId() !== old, 1000);
  });

  it("async: a master that can confirm nothing is replaced, as one that nobody sees, though it is ahead", () => {
    const world = settledWorld({ group: { replication: { mode: "async", copies: null } } });
    const old = world.masterId();
    world.partition([old], world.replicaIds());
    const { epoch, offset } = world.node(old).position;
    world.node(old).position = { epoch, offset: (offset + 10) as Offset };
    world.node(old).oldestUncommittedMs = 9000;
    world.node(old).push();
    world.until("another master", () => world.settled() && world.masterId() !== old, 3000);
  });
});
