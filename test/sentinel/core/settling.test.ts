/** Which groups a sentinel settles after an event: those that it concerns, and those whose time has come. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Group } from "../../../sentinel/core/group.ts";
import { SentinelCore } from "../../../sentinel/core/sentinel.ts";
import { Chaos } from "./chaos.ts";
import { settledWorld, type World } from "./world.ts";

const GROUPS = ["mymaster", "second", "third"];
const { settle } = Group.prototype;
const { step } = SentinelCore.prototype;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Names of the groups settled while `action` runs, one for each time. */
function settledBy(action: () => void): string[] {
  const names: string[] = [];
  const spy = vi.spyOn(Group.prototype, "settle").mockImplementation(function (this: Group, now) {
    names.push(this.name);
    settle.call(this, now);
  });
  action();
  spy.mockRestore();
  return names;
}

/** Between two beats, so that no group's time comes. */
function quietWorld(groups: readonly string[] = GROUPS): World {
  const world = settledWorld({ groups });
  for (const group of groups) world.until(`${group} has a master`, () => world.settled(group), 2000);
  world.run(1000 - (world.nowMs % 1000) + 50);
  return world;
}

describe("what is settled after an event", () => {
  it.each<[string, (world: World) => void]>([
    ["a member's word", (world) => world.node("second-n2").push()],
    ["a member's death, and the probes that follow", (world) => world.kill("second-n2")],
    ["an operator's word", (world) => void world.operator("s1", { type: "reset", group: "second" })],
  ])("%s: its group alone", (_, cause) => {
    const world = quietWorld();
    const names = settledBy(() => {
      cause(world);
      world.run(20);
    });
    expect(new Set(names)).toEqual(new Set(["second"]));
  });

  it("the end of another sentinel's link: all groups", () => {
    const world = quietWorld();
    const names = settledBy(() => {
      world.kill("s3");
      world.run(1);
    });
    expect(new Set(names)).toEqual(new Set(GROUPS));
  });

  it("in a quiet second: for each group as often as if it were alone", () => {
    const groups = ["mymaster", "second", "third", "fourth", "fifth"];
    const alone = settledBy(() => quietWorld(["mymaster"]).run(1000)).length;
    const together = settledBy(() => quietWorld(groups).run(1000)).length;
    expect(together / groups.length / alone).toBeLessThan(1.5);
  });
});

/**
 * Settles all groups before each event, which does what is due by time alone, and those that the event left out after it:
 * that must come to nothing.
 */
function watchForMissedGroups(): string[] {
  const groupsOf = new WeakMap<SentinelCore, readonly Group[]>();
  const missed: string[] = [];
  vi.spyOn(SentinelCore.prototype, "step").mockImplementation(function (this: SentinelCore, now, event) {
    for (const group of groupsOf.get(this) ?? []) {
      // What one settling does may show in the next one only.
      for (let times = 0; times < 2; times++) settle.call(group, now);
    }
    const settled = new Set<Group>();
    const spy = vi.spyOn(Group.prototype, "settle").mockImplementation(function (this: Group, at) {
      settled.add(this);
      settle.call(this, at);
    });
    step.call(this, now, event);
    spy.mockRestore();
    if (event.type === "start") groupsOf.set(this, [...settled]);
    const effects = this.outbox.take();
    for (const group of groupsOf.get(this) ?? []) {
      if (settled.has(group)) continue;
      const before = JSON.stringify([group.view(now), group.deadlineMs(now.monoMs)]);
      settle.call(group, now);
      const more = this.outbox.take();
      const after = JSON.stringify([group.view(now), group.deadlineMs(now.monoMs)]);
      if (more.length > 0 || after !== before) missed.push(`${event.type} ${JSON.stringify(more)}`);
      effects.push(...more);
    }
    for (const effect of effects) this.outbox.push(effect);
  });
  return missed;
}

describe("random faults in three groups", () => {
  it.each([1, 2, 3, 4])("seed %i: no group is left out that an event concerns", (seed) => {
    const missed = watchForMissedGroups();
    // The writes of `Chaos` are one group's; in async nobody checks them.
    const group = { replication: { mode: "async", copies: null } } as const;
    const chaos = new Chaos(seed, { groups: GROUPS, group });
    for (let round = 0; round < 25; round++) chaos.round();
    chaos.repairAll();
    for (const name of GROUPS) chaos.world.until(`${name} settles`, () => chaos.world.settled(name), 15_000);
    expect(missed).toEqual([]);
  });
});
