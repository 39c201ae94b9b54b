import { describe, expect, it } from "vitest";
import type { MemberId, Offset } from "../../../src/base/ids.ts";
import { settledWorld, type World } from "./world.ts";
import { answer, channels } from "./world-answers.ts";

const group = "mymaster";

/** The old master is ready to hand over to n3, as `id` has ordered. */
function handingOver(): { world: World; id: number } {
  const world = settledWorld();
  const old = world.masterId();
  const id = world.operator("s1", { type: "switchover", group, to: "n3" as MemberId });
  world.until("the handover is ready", () => world.node(old).handover?.ready === true, 500);
  return { world, id };
}

describe("switchover", () => {
  it("to a named replica: the master hands over, and nothing else moves", () => {
    const world = settledWorld();
    const old = world.masterId();
    const id = world.operator("s2", { type: "switchover", group, to: "n3" as MemberId });
    const { ok, text } = answer(world, id);
    expect(ok, text).toBe(true);
    expect(world.masterId()).toBe("n3");
    world.until("everyone agrees", () => world.settled(), 500);
    expect(world.node(old).role).toBe("replica");
    expect(world.node(old).heard.map((order) => order.type)).toContain("prepareHandover");
    expect(channels(world)).not.toContain("+sdown");
  });

  it("waits for a target that is slow to promise instead of going back to the old master", () => {
    const { world, id } = handingOver();
    world.pause("n3");
    world.run(100);
    world.resume("n3");
    const { ok, text } = answer(world, id);
    expect(ok, text).toBe(true);
    expect(world.masterId()).toBe("n3");
  });

  it("whose target dies on the way is answered with who was not promoted, and who is master instead", () => {
    const { world, id } = handingOver();
    world.kill("n3");
    const { ok, text } = answer(world, id);
    expect(ok).toBe(false);
    expect(text).toMatch(/^n3 was not promoted: master is n[12] since epoch \d+/);
  });

  it("takes the best replica when none is named", () => {
    const world = settledWorld();
    const old = world.masterId();
    const { ok } = answer(world, world.operator("s1", { type: "switchover", group }));
    expect(ok).toBe(true);
    expect(world.masterId()).not.toBe(old);
  });

  it("takes one that has applied its log before one that is ahead and has not", () => {
    const world = settledWorld();
    const { roleEpoch } = world.node(world.masterId());
    const [one, two] = world.replicaIds() as [string, string];
    for (const node of world.nodes.values())
      node.position = { epoch: roleEpoch, offset: 1_000_000 as Offset };
    world.node(two).position = { epoch: roleEpoch, offset: 999_999 as Offset };
    world.node(one).unapplied = 500_000;
    world.run(300);
    const { ok, text } = answer(world, world.operator("s1", { type: "switchover", group }));
    expect(ok, text).toBe(true);
    expect(world.masterId()).toBe(two);
  });

  it("is cancelled when the target never reaches parity, and the old master goes on", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.node(old).refuses.set("parity", "too slow");
    const { ok, text } = answer(
      world,
      world.operator("s1", { type: "switchover", group, to: "n2" as MemberId }),
    );
    expect(ok).toBe(false);
    expect(text).toContain("cancelled");
    world.run(10);
    expect(world.node(old).handover).toBeNull();
    expect(world.masterId()).toBe(old);
  });

  it.each([
    ["n9", "is no member"],
    ["n1", "is the master already"],
  ])("to %s is refused: it %s", (to, why) => {
    const world = settledWorld();
    const { ok, text } = answer(
      world,
      world.operator("s1", { type: "switchover", group, to: to as MemberId }),
    );
    expect(ok).toBe(false);
    expect(text).toContain(why);
  });

  it("a second one through another sentinel is refused by the master, and does not cancel the first", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.node(old).refuses.set("parity", "not yet");
    const first = world.operator("s1", { type: "switchover", group, to: "n2" as MemberId });
    world.until("the handover has begun", () => world.node(old).handover !== null, 500);
    world.node(old).refuses.set("prepareHandover", "another switchover is under way");
    const second = answer(world, world.operator("s2", { type: "switchover", group, to: "n3" as MemberId }));
    expect(second.text).toContain("another switchover is under way");
    world.run(50);
    expect(world.node(old).handover).not.toBeNull();
    world.node(old).refuses.clear();
    world.node(old).handover = { target: "n2" as MemberId, ready: true };
    world.node(old).push();
    expect(answer(world, first).ok).toBe(true);
    expect(world.masterId()).toBe("n2");
  });

  it("a second one while the first is under way is refused", () => {
    const world = settledWorld();
    const first = world.operator("s1", { type: "switchover", group });
    const second = world.operator("s1", { type: "switchover", group });
    expect(world.replies.get(second)?.ok).toBe(false);
    expect(answer(world, first).ok).toBe(true);
  });
});

describe("a switchover right behind another", () => {
  it("waits until the new master serves, and then takes place", () => {
    const world = settledWorld();
    const old = world.masterId() as MemberId;
    expect(answer(world, world.operator("s1", { type: "switchover", group, to: "n3" as MemberId })).ok).toBe(
      true,
    );
    world.node("n3").established = false;
    world.node("n3").push();
    world.run(5);
    const second = world.operator("s1", { type: "switchover", group, to: old });
    world.run(200);
    expect(world.replies.has(second)).toBe(false);
    world.node("n3").established = true;
    const { ok, text } = answer(world, second);
    expect(ok, text).toBe(true);
    expect(world.masterId()).toBe(old);
  });

  it("is refused once the new master has not served for as long as a switchover may take", () => {
    const world = settledWorld();
    const old = world.masterId() as MemberId;
    world.node(old).established = false;
    world.node(old).push();
    world.run(5);
    const { ok, text } = answer(world, world.operator("s1", { type: "switchover", group }));
    expect(ok).toBe(false);
    expect(text).toContain("does not serve now");
  });

  it.each([
    ["n9", "is no member"],
    ["n1", "is the master already"],
  ])("to %s is refused without waiting: it %s", (to, why) => {
    const world = settledWorld();
    expect(world.masterId()).toBe("n1");
    world.node("n1").established = false;
    world.node("n1").push();
    world.run(5);
    const id = world.operator("s1", { type: "switchover", group, to: to as MemberId });
    expect(world.replies.get(id)).toMatchObject({ ok: false, text: expect.stringContaining(why) });
  });

  it("is refused at once when the master falls silent meanwhile", () => {
    const world = settledWorld();
    const old = world.masterId() as MemberId;
    world.node(old).established = false;
    world.node(old).push();
    world.run(5);
    const id = world.operator("s1", { type: "switchover", group });
    world.run(50);
    expect(world.replies.has(id)).toBe(false);
    world.kill(old);
    expect(answer(world, id).ok).toBe(false);
  });
});
