import { describe, expect, it } from "vitest";
import type { MemberId, Offset } from "../../../src/base/ids.ts";
import { settledWorld, type World } from "./world.ts";

function switched(world: World): number {
  return switches(world).length;
}

/** Of each `+switch-master`: whether the old master's clients know by themselves. */
function switches(world: World): boolean[] {
  return world.notices.flatMap(({ notice }) => (notice.channel === "+switch-master" ? [notice.crashed] : []));
}

/** Both replicas and the master are at this offset of the present reign. */
function write(world: World, offset: number, ids: Iterable<string> = world.nodes.keys()): void {
  const { roleEpoch } = world.node(world.masterId());
  for (const id of ids) world.node(id).position = { epoch: roleEpoch, offset: offset as Offset };
}

describe("failover", () => {
  it("a killed master: two refused connects, and a replica is master within 40 ms on all sentinels", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.kill(old);
    const tookMs = world.until("another master", () => world.settled() && world.masterId() !== old, 500);
    expect(tookMs).toBeLessThan(40);
    expect(world.promotions).toHaveLength(2);
    expect(switches(world)).toEqual([true, true, true]);
  });

  it("a silent master: subscribers are told that its clients may not have noticed", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.pause(old);
    world.until("another master", () => world.settled() && world.masterId() !== old, 3000);
    expect(switches(world)).toEqual([false, false, false]);
  });

  it("a killed master is not waited for, and only one sentinel asks", () => {
    const world = settledWorld();
    const before = world.view("s1").votedEpoch;
    world.kill(world.masterId());
    world.until("another master", () => world.promotions.length === 2, 500);
    world.run(3000);
    expect(world.view("s1").votedEpoch).toBe(before + 1);
    expect(world.promotions).toHaveLength(2);
  });

  it("takes place where one sentinel finds the master down and another one only that it can commit nothing", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.kill("s2");
    world.partition([old], [...world.replicaIds(), "s1"]);
    world.node(old).oldestUncommittedMs = 5000;
    world.until("another master", () => world.promotions.length === 2, 10_000);
  });

  it("async, a master that its replicas may still confirm is waited for, half of down-after from a seal", () => {
    const world = settledWorld({ group: { replication: { mode: "async", copies: null } } });
    const old = world.masterId();
    const replicas = world.replicaIds().map((id) => world.node(id));
    const isSealed = () => replicas.some(({ heard }) => heard.some(({ type }) => type === "seal"));
    for (const { heard } of replicas) heard.length = 0;
    world.partition([old], world.sentinelIds());
    world.until("a seal", isSealed, 5000);
    const waitedMs = world.until("another master", () => world.promotions.length === 2, 5000);
    expect(waitedMs).toBeGreaterThanOrEqual(500);
    expect(waitedMs).toBeLessThan(700);
  });

  it("async, one that they have not heard for that long either is not", () => {
    const world = settledWorld({ group: { replication: { mode: "async", copies: null } } });
    const old = world.masterId();
    const replicas = world.replicaIds().map((id) => world.node(id));
    for (const { heard } of replicas) heard.length = 0;
    world.partition([old], [...world.sentinelIds(), ...world.replicaIds()]);
    world.until(
      "a seal",
      () => replicas.some(({ heard }) => heard.some(({ type }) => type === "seal")),
      5000,
    );
    expect(world.until("another master", () => world.promotions.length === 2, 5000)).toBeLessThan(400);
  });

  it("leaves a replica that replays its log for seconds alone, where another one holds as much", () => {
    const world = settledWorld();
    const [one, two] = world.replicaIds() as [string, string];
    write(world, 1_000_000);
    world.node(one).unapplied = 500_000;
    const old = world.masterId();
    world.kill(old);
    world.until("another master", () => world.settled() && world.masterId() !== old, 500);
    expect(world.masterId()).toBe(two);
  });

  it("promotes the replica that is ahead", () => {
    const world = settledWorld();
    const old = world.masterId();
    const [one, two] = world.replicaIds() as [string, string];
    write(world, 10);
    write(world, 11, [old, two]);
    world.kill(old);
    world.until("another master", () => world.settled() && world.masterId() !== old, 500);
    expect(world.masterId()).toBe(two);
    expect(one).not.toBe(two);
  });

  it("prefers a later epoch to a greater offset", () => {
    const world = settledWorld();
    const old = world.masterId();
    const [one, two] = world.replicaIds() as [string, string];
    world.node(one).position = { epoch: world.node(old).roleEpoch, offset: 5 as Offset };
    world.node(two).position = { epoch: 0 as never, offset: 50 as Offset };
    world.kill(old);
    world.until("another master", () => world.settled() && world.masterId() !== old, 500);
    expect(world.masterId()).toBe(one);
  });

  it("a shorter down-after does not shorten the leases that sentinels gave before they were restarted with it", () => {
    const world = settledWorld({ group: { downAfterMs: 3000 } });
    world.run(1000);
    const old = world.masterId();
    const cutAtMs = world.nowMs;
    const others = [...world.nodes.keys()].filter((id) => id !== old);
    world.partition([old], [...others, ...world.sentinelIds()]);
    world.reconfigure({ downAfterMs: 300 });
    for (let restarts = 0; restarts < 2; restarts++) {
      for (const id of world.sentinelIds()) {
        world.kill(id);
        world.startSentinel(id);
      }
      world.run(200);
      expect(world.disk("s1")?.groups.mymaster?.leaseMs).toBe(3000);
    }
    const promotions = world.promotions.length;
    world.until("another master", () => world.promotions.length > promotions, 10_000);
    expect((world.promotions.at(-1)?.atMs ?? 0) - cutAtMs).toBeGreaterThanOrEqual(3000);
    // None of those leases stands any more: the next life need not wait for them.
    world.until("its record is stored", () => world.disk("s1")?.groups.mymaster?.leaseMs === 300, 1000);
  });

  it("a stopped master: only silence shows it, and its lease has ended when another takes the role", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.pause(old);
    const tookMs = world.until("another master", () => world.settled() && world.masterId() !== old, 3000);
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(1200);
    world.resume(old);
    world.until("the old one follows", () => world.node(old).role === "replica", 1000);
    expect(world.node(old).heard.some((order) => order.type === "published")).toBe(true);
  });

  it("a pause of the master shorter than down-after changes nothing", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.pause(old);
    world.run(800);
    world.resume(old);
    world.run(3000);
    expect(world.masterId()).toBe(old);
    expect(world.promotions).toHaveLength(1);
  });

  it("a master cut off with one sentinel: the majority side has another within down-after and a bit", () => {
    const world = settledWorld();
    const old = world.masterId();
    const others = [...world.nodes.keys(), ...world.sentinelIds()].filter((id) => id !== old && id !== "s3");
    world.partition([old, "s3"], others);
    const tookMs = world.until(
      "another master on the majority's side",
      () => world.named("s1") !== old && world.named("s2") !== old,
      3000,
    );
    expect(tookMs).toBeLessThan(1300);
    expect(world.named("s3")).toBe(old);
    world.run(2000);
    world.heal();
    world.until("one master again", () => world.settled() && world.node(old).role === "replica", 3000);
  });

  it("a minority of sentinels elects nobody and spends no epoch", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.kill("s2");
    world.kill("s3");
    const before = world.view("s1").votedEpoch;
    world.kill(old);
    world.run(20_000);
    expect(world.promotions).toHaveLength(1);
    expect(world.view("s1").votedEpoch).toBe(before);
    expect(world.view("s1").obstacles.join()).toContain("hears 1 of 3 sentinels");
  });

  it("one sentinel down changes nothing", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.kill("s1");
    world.kill(old);
    const tookMs = world.until("another master", () => world.settled() && world.masterId() !== old, 500);
    expect(tookMs).toBeLessThan(60);
  });

  it("too few replicas: nobody is promoted, it is said why, and epochs don't grow", () => {
    const world = settledWorld();
    const old = world.masterId();
    const [one, two] = world.replicaIds() as [string, string];
    world.kill(one);
    world.run(100);
    world.kill(old);
    world.run(20_000);
    expect(world.promotions).toHaveLength(1);
    expect(world.view("s1").votedEpoch).toBeLessThan(4);
    expect(world.view("s1").obstacles.join("\n")).toContain(`${one} has no link`);
    world.restartNode(one);
    world.until("a master as soon as one is back", () => world.settled(), 2000);
    expect([one, two]).toContain(world.masterId());
  });

  it("a master that restarts at once has lost its role: another is elected without waiting for silence", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.kill(old);
    world.restartNode(old);
    world.until("a new reign", () => world.promotions.length === 2 && world.settled(), 500);
  });

  it("a master that answers the seal at the best position goes on in place, without +switch-master", () => {
    const world = settledWorld();
    const old = world.masterId();
    write(world, 10);
    write(world, 12, [old]);
    world.pause(old);
    world.until(
      "a leader seals",
      () => world.sentinelIds().some((id) => world.view(id).failover !== null),
      2000,
    );
    world.resume(old);
    const epoch = world.view("s1").votedEpoch;
    world.until(
      "that reign stands",
      () => world.settled() && world.view("s1").standing?.number.epoch === epoch,
      500,
    );
    expect(world.masterId()).toBe(old);
    expect(switched(world)).toBe(0);
  });

  it("without crash evidence, silence alone counts", () => {
    const world = settledWorld({ group: { crashEvidence: false } });
    const old = world.masterId();
    world.kill(old);
    const tookMs = world.until("another master", () => world.settled() && world.masterId() !== old, 3000);
    expect(tookMs).toBeGreaterThan(900);
  });

  it("a live master in whose place connects were refused: once it has linked again it is not dead, and reigns later as any other", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.wires.refuse(old);
    world.until("another master", () => world.settled() && world.masterId() !== old, 500);
    world.heal();
    const isFit = () => world.view("s1").replicas.every(({ ineligible }) => ineligible === null);
    world.until("it follows", () => world.node(old).role === "replica" && isFit(), 2000);
    const warned = world.logs.filter(({ event }) => event === "false-crash");
    expect(warned.map(({ fields }) => fields.member)).toEqual([old, old, old]);
    world.operator("s1", { type: "switchover", group: "mymaster", to: old });
    world.until("it is master again", () => world.settled() && world.masterId() === old, 2000);
    const heldDead = world.sent.flatMap(({ sentinel, message }) =>
      message.type === "vote" && message.epoch > 2 && message.dead.length > 0 ? [sentinel] : [],
    );
    expect(heldDead).toEqual([]);
    const { votedEpoch } = world.view("s1");
    world.run(3000);
    expect(world.masterId()).toBe(old);
    expect(world.view("s1").votedEpoch).toBe(votedEpoch);
    expect(world.promotions).toHaveLength(3);
  });

  it("after five fast failovers in a row, silence alone counts", () => {
    const world = settledWorld();
    const times: number[] = [];
    for (let round = 0; round < 7; round++) {
      const old = world.masterId();
      world.kill(old);
      times.push(world.until("another master", () => world.settled() && world.masterId() !== old, 5000));
      world.restartNode(old);
      world.until("it follows", () => world.node(old).role === "replica", 2000);
    }
    expect(times.slice(0, 5).every((ms) => ms < 100)).toBe(true);
    expect(times.some((ms) => ms > 900)).toBe(true);
  });

  it("a steward that alone does not see the master is succeeded when a member is to be admitted", () => {
    const world = settledWorld();
    const old = world.masterId();
    const steward = world.view("s1").standing?.steward.id as string;
    const [wiped] = world.replicaIds() as [string];
    world.partition([steward], [old]);
    world.run(3000);
    expect(world.promotions).toHaveLength(1);
    world.kill(wiped);
    world.restartNode(wiped, "everything");
    world.node(old).waiting = [{ id: wiped as MemberId, incarnation: world.node(wiped).incarnation }];
    world.node(old).push();
    world.until(
      "it is admitted by another steward",
      () => {
        const record = world.view("s2").standing;
        const member = record?.members.find(({ id }) => id === wiped);
        return member?.incarnation === world.node(wiped).incarnation && member.admitted;
      },
      5000,
    );
    expect(world.view("s2").standing?.steward.id).not.toBe(steward);
    expect(world.masterId()).toBe(old);
  });

  it("async: one admitted replica is enough, and the others get more time to be chosen", () => {
    const world = settledWorld({ group: { replication: { mode: "async", copies: null } } });
    const old = world.masterId();
    const [one] = world.replicaIds() as [string, string];
    world.kill(one);
    world.run(50);
    world.kill(old);
    world.until("another master", () => world.settled() && world.masterId() !== old, 1000);
  });

  it("two nodes with W 2: the seal quorum is one, but two copies must answer", () => {
    const world = settledWorld({ nodes: 2 });
    const old = world.masterId();
    world.kill(old);
    world.run(5000);
    expect(world.promotions).toHaveLength(1);
    world.restartNode(old);
    world.until("a master again", () => world.settled(), 2000);
  });

  it("two groups fail over each for itself", () => {
    const world = settledWorld({ groups: ["mymaster", "other"] });
    world.until("the other group has a master", () => world.settled("other"), 2000);
    const old = world.masterId("other");
    const mine = world.masterId();
    world.kill(old);
    world.until("another master there", () => world.settled("other") && world.masterId("other") !== old, 500);
    expect(world.masterId()).toBe(mine);
    expect(world.view("s1").stored?.groupId).not.toBe(world.view("s1", "other").stored?.groupId);
  });

  it("replies are held from the loss of the master until the new one is named", () => {
    const world = settledWorld();
    const old = world.masterId();
    expect(world.view("s1").holding).toBe(false);
    world.kill(old);
    world.run(1);
    expect(world.view("s1").holding).toBe(true);
    expect(world.isHolding("s1")).toBe(true);
    world.until("another master", () => world.settled() && world.masterId() !== old, 500);
    expect(world.view("s1").holding).toBe(false);
    expect(world.isHolding("s1")).toBe(false);
    expect(world.view("s1").master?.sdown).toBe(false);
    expect(world.view("s1").odown).toBe(false);
  });

  it("replies are held at most 500 ms", () => {
    const world = settledWorld();
    world.pause(world.masterId());
    world.until("held", () => world.view("s1").holding, 2000);
    const [one, two] = world.replicaIds() as [string, string];
    world.kill(one);
    world.kill(two);
    world.run(600);
    expect(world.view("s1").holding).toBe(false);
  });
});
