/** An older copy of a member's directory is put back: nothing in it says so, but the sentinels have heard more of it. */
import { describe, expect, it } from "vitest";
import type { MemberId, Offset } from "../../../src/base/ids.ts";
import { settledWorld, type World } from "./world.ts";
import { answer } from "./world-answers.ts";

function hold(world: World, offset: number, ids: Iterable<string>): void {
  const { roleEpoch } = world.node(world.masterId());
  for (const id of ids) world.node(id).position = { epoch: roleEpoch, offset: offset as Offset };
}

function whyNot(world: World, id: string): string | null | undefined {
  return world.view("s1").replicas.find((member) => member.id === id)?.ineligible;
}

/** The master has 100 records, one replica all of them and then an older copy with 40, the other 90. */
function withAnOldCopy(options?: Parameters<typeof settledWorld>[0]): {
  world: World;
  old: string;
  one: string;
  other: string;
} {
  const world = settledWorld(options);
  const old = world.masterId();
  const [one = "", other = ""] = world.replicaIds();
  hold(world, 100, [old, one]);
  hold(world, 90, [other]);
  world.run(500);
  world.kill(one);
  hold(world, 40, [one]);
  world.restartNode(one);
  world.kill(old);
  return { world, old, one, other };
}

describe("an older copy of a member's directory", () => {
  it("is not counted among the sealed, and it is said why, once by each sentinel", () => {
    const { world, old, one } = withAnOldCopy();
    world.run(5000);
    expect(world.promotions).toHaveLength(1);
    expect(whyNot(world, one)).toContain(
      "holds 40 records, and held 100 that were committed: an older copy of its directory is in use",
    );
    const warned = world.logs.filter(({ event }) => event === "went-back");
    expect(warned.map(({ fields }) => [fields.member, fields.shows, fields.committed])).toEqual(
      world.sentinelIds().map(() => [one, 40, 100]),
    );
    world.restartNode(old);
    world.until("the old master serves again", () => world.settled() && world.masterId() === old, 5000);
  });

  it("that is put back after the election is not counted either, and the failed round says why", () => {
    const world = settledWorld();
    const old = world.masterId();
    const [one = "", other = ""] = world.replicaIds();
    hold(world, 100, [old, one]);
    hold(world, 90, [other]);
    world.run(500);
    world.node(one).ignoresSeals = true;
    world.kill(old);
    const leads = (): boolean => world.sentinelIds().some((id) => world.view(id).failover?.step === "seal");
    world.until("a leader seals", leads, 1000);
    world.kill(one);
    hold(world, 40, [one]);
    world.restartNode(one);
    world.node(one).ignoresSeals = false;
    const failed = () => world.logs.find(({ event }) => event === "failover.failed");
    world.until("the round is given up", () => failed() !== undefined, 20_000);
    expect(JSON.stringify(failed())).toContain(`${one} holds 40 records, and held 100`);
    expect(world.promotions).toHaveLength(1);
  });

  it("is counted again once it has caught up", () => {
    const { world, old, one, other } = withAnOldCopy();
    world.run(1000);
    world.restartNode(old);
    world.until("the old master serves again", () => world.settled(), 5000);
    hold(world, 101, [old, one]);
    world.run(500);
    expect(whyNot(world, one)).toBeNull();
    world.kill(old);
    world.until("it takes over", () => world.settled() && world.masterId() === one, 5000);
    expect(world.masterId()).not.toBe(other);
  });

  it("an operator may go on without what is lost, and then it counts as any other", () => {
    const { world, one, other } = withAnOldCopy();
    world.run(1000);
    const memberId = other as MemberId;
    const id = world.operator("s1", { type: "recover", group: "mymaster", acceptLoss: true, memberId });
    expect(answer(world, id).ok).toBe(true);
    expect(world.masterId()).toBe(other);
    hold(world, 91, [other, one]);
    world.run(500);
    expect(whyNot(world, one)).not.toContain("older copy");
  });

  it("async: what was committed may be cut, so an end before it means nothing", () => {
    const { world, old, other } = withAnOldCopy({
      group: { replication: { mode: "async", copies: null } },
    });
    world.until("another master", () => world.settled() && world.masterId() !== old, 5000);
    expect(world.masterId()).toBe(other);
    expect(world.logs.filter(({ event }) => event === "went-back")).toEqual([]);
  });
});
