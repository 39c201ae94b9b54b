/** Where more than one disk fails, the role goes to one that can be written, and not to and fro. */
import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import type { ReplicationMode } from "../../../src/rules/group-record.ts";
import { World } from "./world.ts";

function worldWithFullDisksAt(mode: ReplicationMode, ...full: readonly string[]): World {
  const world = new World({ group: { replication: { mode, copies: null } } });
  world.until("a master", () => world.settled(), 1000);
  for (const id of full) {
    world.node(id).diskFailing = true;
    world.node(id).push();
  }
  return world;
}

/** Runs on for a while. @returns how many promotions that brought. */
function promotionsIn(world: World, ms: number): number {
  const { length } = world.promotions;
  world.run(ms);
  return world.promotions.length - length;
}

describe("full disks", () => {
  it("async, of the master and of one replica: the other replica takes over, and stays", () => {
    const world = worldWithFullDisksAt("async", "n1", "n2");
    world.until("another master", () => world.settled() && world.masterId() === "n3", 3000);
    expect(promotionsIn(world, 10_000)).toBe(0);
  });

  it("semi-sync, of the master and of one replica: no other could commit either, so nobody is elected", () => {
    expect(promotionsIn(worldWithFullDisksAt("semi-sync", "n1", "n2"), 10_000)).toBe(0);
  });

  it("async, of a master that holds writes which nobody else does: it stays, until another one has them", () => {
    const world = new World({ group: { replication: { mode: "async", copies: null } } });
    world.until("a master", () => world.settled(), 1000);
    world.partition(["n1"], ["n2", "n3"]);
    const { epoch, offset } = world.node("n1").position;
    const ahead = { epoch, offset: (offset + 1000) as Offset };
    world.node("n1").position = ahead;
    world.node("n1").diskFailing = true;
    world.node("n1").push();
    expect(promotionsIn(world, 5000)).toBe(0);
    world.heal();
    world.node("n3").position = ahead;
    world.node("n3").push();
    world.until("another master", () => world.settled() && world.masterId() === "n3", 3000);
  });

  it("async, of everyone: nobody could do better, so nobody is elected", () => {
    expect(promotionsIn(worldWithFullDisksAt("async", "n1", "n2", "n3"), 10_000)).toBe(0);
  });
});
