import { describe, expect, it } from "vitest";
import type { Epoch, IncarnationId, MemberId, Offset } from "../../../src/base/ids.ts";
import { settledWorld, World } from "./world.ts";
import { answer, channels } from "./world-answers.ts";

const group = "mymaster";

describe("failover by an operator", () => {
  it("goes by handover where the master cooperates", () => {
    const world = settledWorld();
    const old = world.masterId();
    expect(answer(world, world.operator("s3", { type: "failover", group })).ok).toBe(true);
    expect(world.masterId()).not.toBe(old);
  });

  it("goes by force where it refuses", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.node(old).refuses.set("prepareHandover", "busy");
    expect(answer(world, world.operator("s3", { type: "failover", group })).ok).toBe(true);
    expect(world.masterId()).not.toBe(old);
  });

  it("by force, with an old master that is silent but may hold its lease, waits for the lease", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.node(old).refuses.set("parity", "never");
    world.node(old).ignoresSeals = true;
    const { ok } = answer(world, world.operator("s1", { type: "failover", group }));
    expect(ok).toBe(true);
    expect(world.masterId()).not.toBe(old);
    expect(world.node(old).holdsLease()).toBe(false);
  });

  it("in async, by force, leaves the role where the newest writes are", () => {
    const world = settledWorld({ group: { replication: { mode: "async", copies: null } } });
    const old = world.masterId();
    world.partition([old], world.replicaIds());
    const { epoch, offset } = world.node(old).position;
    world.node(old).position = { epoch, offset: (offset + 1000) as Offset };
    world.node(old).refuses.set("parity", "the replica can't be reached");
    expect(answer(world, world.operator("s1", { type: "failover", group }))).toEqual({
      ok: false,
      text: `master is still ${old}: nobody else that answers holds all that it does`,
      code: "NOGOODSLAVE",
    });
    expect(world.masterId()).toBe(old);
  });

  it("without a replica that could take over is refused with Redis's code, and says why of each", () => {
    const world = settledWorld();
    const replicas = world.replicaIds();
    for (const id of replicas) world.kill(id);
    world.run(50);
    const { ok, text, code } = answer(world, world.operator("s1", { type: "failover", group }));
    expect({ ok, code }).toEqual({ ok: false, code: "NOGOODSLAVE" });
    expect(text).toMatch(/^No suitable replica to promote: /);
    for (const id of replicas) expect(text).toContain(`${id} has no link to this sentinel`);
  });

  it("of a dead master with too few members left is refused with the same code", () => {
    const world = settledWorld();
    world.kill(world.replicaIds()[0] as MemberId);
    world.kill(world.masterId());
    world.run(50);
    const { ok, text, code } = answer(world, world.operator("s1", { type: "failover", group }));
    expect({ ok, code }).toEqual({ ok: false, code: "NOGOODSLAVE" });
    expect(text).toMatch(
      /^No suitable replica to promote: needs 2 admitted of 3 voting members to choose from; 1 can be counted/,
    );
  });

  it("while another one is under way for an operator is refused with Redis's code", () => {
    const world = settledWorld();
    const first = world.operator("s1", { type: "failover", group });
    const second = world.operator("s1", { type: "failover", group });
    expect(world.replies.get(second)).toEqual({
      ok: false,
      text: "Failover already in progress, for an operator",
      code: "INPROG",
    });
    expect(answer(world, first)).toMatchObject({ ok: true, code: null });
  });

  it("of an unknown group is answered", () => {
    const world = settledWorld();
    const { ok, code } = answer(world, world.operator("s1", { type: "failover", group: "nobody" }));
    expect({ ok, code }).toEqual({ ok: false, code: null });
  });
});

describe("recovery by an operator", () => {
  const recover = { type: "recover", group, acceptLoss: true } as const;

  it("never makes an observer master: its own copy would count for writes, and not for failovers", () => {
    const world = new World({ nodes: 4 });
    world.node("n4").voting = false;
    world.until("a master everywhere", () => world.settled(), 2000);
    for (const id of ["n1", "n2"]) world.kill(id);
    world.run(2000);
    const { ok, text } = answer(world, world.operator("s1", { ...recover, memberId: "n4" as MemberId }));
    expect(text).toBe("n4 is an observer: it is never promoted");
    expect(ok).toBe(false);
    expect(world.node("n4").role).not.toBe("master");
  });

  it("is refused while the master serves", () => {
    const world = settledWorld();
    const old = world.masterId();
    const { ok, text } = answer(world, world.operator("s1", { ...recover, memberId: "n2" as MemberId }));
    expect(text).toBe(`master ${old} serves: there is nothing to recover`);
    expect(ok).toBe(false);
    expect(world.masterId()).toBe(old);
  });

  it("does not go on from a member that has lost everything while another one holds data: all would be empty", () => {
    const world = settledWorld();
    const old = world.masterId();
    const [kept, lost] = world.replicaIds() as [MemberId, MemberId];
    const { epoch, offset } = world.node(kept).position;
    for (const id of [old, lost]) world.kill(id);
    for (const id of [old, lost]) world.restartNode(id, "everything");
    world.run(3000);
    const refused = answer(world, world.operator("s1", { ...recover, memberId: old }));
    const holder = `${kept} holds data (log position ${epoch}:${offset})`;
    expect(refused.text).toBe(
      `${old} holds nothing, and ${holder}: name ${kept}, or stop it if its data does not count`,
    );
    expect(refused.ok).toBe(false);
    const id = world.operator("s1", { ...recover, memberId: kept });
    world.until("an answer", () => world.replies.has(id), 9000);
    expect(world.masterId()).toBe(kept);
  });
});

describe("maintenance", () => {
  it("resume is recorded although the steward and the master have gone during the maintenance, and not before it is asked for", () => {
    const world = settledWorld();
    const old = world.masterId();
    const steward = world.view("s1").standing?.steward.id as string;
    const asked = world.sentinelIds().find((id) => id !== steward) as string;
    expect(answer(world, world.operator(asked, { type: "pause", group })).ok).toBe(true);
    world.kill(steward);
    world.startSentinel(steward);
    world.kill(old);
    world.run(5000);
    expect(world.promotions).toHaveLength(1);
    expect(answer(world, world.operator(asked, { type: "resume", group })).ok).toBe(true);
    world.until("another master", () => world.settled() && world.masterId() !== old, 3000);
  });

  it("the last word counts, though the one before it is still being recorded", () => {
    const world = settledWorld({ saveMs: 20 });
    const steward = world.view("s1").standing?.steward.id as string;
    const pause = world.operator(steward, { type: "pause", group });
    world.run(10);
    const resume = world.operator(steward, { type: "resume", group });
    expect(world.replies.get(pause)).toMatchObject({ ok: false, text: "a later resume took its place" });
    expect(answer(world, resume)).toMatchObject({ ok: true, text: "resumed" });
    world.run(500);
    for (const id of world.sentinelIds()) expect(world.view(id).standing?.paused).toBe(false);
  });

  it("pause stops automatic failovers, resume lets them happen", () => {
    const world = settledWorld();
    const old = world.masterId();
    expect(answer(world, world.operator("s2", { type: "pause", group })).ok).toBe(true);
    world.until(
      "known everywhere",
      () => world.sentinelIds().every((id) => world.view(id).standing?.paused),
      500,
    );
    expect(channels(world)).toContain("+paused");
    world.kill(old);
    world.run(5000);
    expect(world.promotions).toHaveLength(1);
    expect(world.view("s1").obstacles.join()).toContain("paused");
    expect(answer(world, world.operator("s3", { type: "resume", group })).ok).toBe(true);
    world.until("another master", () => world.settled() && world.masterId() !== old, 2000);
  });

  it("with the steward gone, pausing elects a new one and the master stays in place", () => {
    const world = settledWorld();
    const old = world.masterId();
    const steward = world.view("s2").standing?.steward.id as string;
    world.kill(steward);
    world.run(1200);
    const asked = world.sentinelIds().find((id) => id !== steward) as string;
    expect(answer(world, world.operator(asked, { type: "pause", group })).ok).toBe(true);
    expect(world.masterId()).toBe(old);
    expect(world.node(old).established).toBe(true);
    expect(channels(world)).not.toContain("+switch-master");
  });
});

describe("admission", () => {
  it("a wiped replica counts again once the master has said that it caught up, and a majority has recorded it", () => {
    const world = settledWorld();
    world.kill("n3");
    world.restartNode("n3", "everything");
    world.until("it follows", () => world.node("n3").role === "replica", 2000);
    world.run(200);
    expect(world.view("s1").replicas.find((member) => member.id === "n3")?.ineligible).toContain(
      "lost its state",
    );
    const master = world.node(world.masterId());
    master.waiting = [{ id: "n3" as MemberId, incarnation: world.node("n3").incarnation }];
    master.push();
    world.until(
      "the master may count it",
      () =>
        master.record?.members.find((member) => member.id === "n3")?.incarnation ===
        world.node("n3").incarnation,
      500,
    );
    expect(channels(world)).toContain("+admitted");
    expect(world.view("s1").replicas.find((member) => member.id === "n3")?.ineligible).toBeNull();
    expect(world.promotions).toHaveLength(1);
  });

  it.each([
    ["a replica", "replica", 1],
    ["a master of an earlier reign", "master", 0],
  ] as const)("is not taken from %s", (_who, role, roleEpoch) => {
    const world = settledWorld();
    const replica = world.node("n3");
    replica.role = role;
    replica.roleEpoch = roleEpoch as Epoch;
    replica.waiting = [{ id: "n2" as MemberId, incarnation: "made-up" as IncarnationId }];
    replica.push();
    world.run(500);
    expect(world.view("s1").standing?.number.seq).toBe(1);
  });

  it("with the steward gone, a new one is elected for it and the master stays", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.kill("s1");
    world.kill("n3");
    world.restartNode("n3", "everything");
    world.until("it follows", () => world.node("n3").role === "replica", 2000);
    const master = world.node(old);
    master.waiting = [{ id: "n3" as MemberId, incarnation: world.node("n3").incarnation }];
    master.push();
    world.until(
      "it is admitted",
      () =>
        master.record?.members.find((member) => member.id === "n3")?.incarnation ===
        world.node("n3").incarnation,
      5000,
    );
    expect(world.masterId()).toBe(old);
    expect(channels(world)).not.toContain("+switch-master");
  });

  it("a member's new address is recorded by the steward", () => {
    const world = settledWorld();
    world.node("n2").client = { host: "127.0.0.1", port: 7777 };
    world.node("n2").push();
    world.until(
      "it is recorded",
      () => world.view("s3").standing?.members.find((member) => member.id === "n2")?.client.port === 7777,
      500,
    );
  });
});
