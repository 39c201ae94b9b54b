/** What is said of a failover before there is one. */
import { describe, expect, it } from "vitest";
import { settledWorld } from "./world.ts";

describe("before the master fails, it is said whether another could follow it", () => {
  it("one of three nodes down: the others serve, but neither could alone", () => {
    const world = settledWorld();
    const old = world.masterId();
    const [one = ""] = world.replicaIds();
    expect(world.view("s1").obstacles).toEqual([]);
    world.kill(one);
    world.run(100);
    expect(world.view("s1").obstacles).toEqual([
      `without its master ${old} the group needs 2 admitted of 3 voting members to choose from; 1 can be counted`,
      `without its master ${old} the group needs 2 of 3 voting members for its writes; 1 answer`,
      `${one} has no link to this sentinel`,
    ]);
    world.kill(old);
    world.run(5000);
    expect(world.promotions).toHaveLength(1);
    world.restartNode(one);
    world.until("a master again, and the third node back", () => world.settled(), 2000);
  });

  it("async: one replica is enough", () => {
    const world = settledWorld({ group: { replication: { mode: "async", copies: null } } });
    const [one = "", two = ""] = world.replicaIds();
    world.kill(one);
    world.run(100);
    expect(world.view("s1").obstacles).toEqual([]);
    world.kill(two);
    world.run(100);
    expect(world.view("s1").obstacles[0]).toContain("needs 1 admitted of 3 voting members");
  });

  it("too few members for a write are told apart from too few to choose from", () => {
    const world = settledWorld({ group: { replication: { mode: "sync", copies: 3 } } });
    const [one = ""] = world.replicaIds();
    expect(world.view("s1").obstacles).toEqual([
      `without its master ${world.masterId()} the group needs 3 of 3 voting members for its writes; 2 answer`,
    ]);
    world.kill(one);
    world.run(100);
    expect(world.view("s1").obstacles).toEqual([
      "needs 3 of 3 voting members for its writes; 2 answer",
      `${one} has no link to this sentinel`,
    ]);
  });

  it("the quorum that must find it down counts, even above a majority", () => {
    const world = settledWorld({ group: { quorum: 3 } });
    world.kill("s3");
    world.run(3000);
    expect(world.view("s1").obstacles).toEqual(["hears 2 of 3 sentinels, itself included; 3 are needed"]);
  });
});
