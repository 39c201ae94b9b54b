import { describe, expect, it } from "vitest";
import type { Epoch, SentinelId } from "../../../src/base/ids.ts";
import { settledWorld, World } from "./world.ts";

describe("votes", () => {
  it("are not given before they are durable", () => {
    const world = settledWorld();
    world.stuckDisks.add("s2");
    world.kill("s3");
    world.kill(world.masterId());
    world.run(10_000);
    expect(world.promotions).toHaveLength(1);
    const granted = world.sent.filter(
      ({ sentinel, message }) =>
        sentinel === "s2" && message.type === "vote" && message.granted && !message.pre,
    );
    expect(granted.filter(({ message }) => message.type === "vote" && message.epoch > 1)).toHaveLength(0);
  });

  it("split when two ask at once with the third away, and the next round decides", () => {
    // No rank: the second of them does not hear the first.
    const world = settledWorld({ seed: 3, saveMs: 30 });
    world.kill("s3");
    world.partition(["s1"], ["s2"]);
    const old = world.masterId();
    world.kill(old);
    world.run(100);
    world.heal();
    world.until("another master", () => world.settled() && world.masterId() !== old, 5000);
    expect(world.view("s1").votedEpoch).toBeLessThan(6);
  });

  it("a sentinel that has just started does not hold the master down by silence", () => {
    const world = settledWorld();
    const old = world.masterId();
    world.kill("s1");
    world.kill("s2");
    for (const id of ["s1", "s2", "s3"]) world.partition([old], [id]);
    world.run(700);
    world.startSentinel("s1");
    world.startSentinel("s2");
    world.run(900);
    expect(world.view("s3").master?.sdown).toBe(true);
    expect(world.view("s1").votedEpoch).toBe(1);
    expect(world.promotions).toHaveLength(1);
    world.until("then they do", () => world.promotions.length === 2, 3000);
  });

  it("a restarted sentinel names nobody until a majority confirms the record", () => {
    const world = settledWorld();
    world.kill("s1");
    world.partition(["s1"], ["s2", "s3"]);
    world.startSentinel("s1");
    world.run(2000);
    expect(world.named("s1")).toBeNull();
    world.heal();
    world.partition([], []);
    world.until("it names the master", () => world.named("s1") !== null, 500);
  });

  it("a stalled sentinel starts its silence clocks afresh", () => {
    const world = settledWorld();
    world.pause("s1");
    world.run(3000);
    world.resume("s1");
    expect(world.view("s1").master?.sdown).toBe(false);
    world.run(100);
    expect(world.view("s1").master?.sdown).toBe(false);
    expect(world.logs.some((log) => log.event === "stalled" && log.sentinel === "s1")).toBe(true);
  });

  it("a stall that is long for one group only does not put off what the others find", () => {
    const world = settledWorld({
      groups: ["mymaster", "quick"],
      groupsOfTheirOwn: { quick: { downAfterMs: 200 } },
    });
    world.until("a master", () => world.settled("quick"), 1000);
    world.pause(world.masterId());
    world.run(800);
    for (const id of world.sentinelIds()) world.pause(id);
    world.run(120);
    for (const id of world.sentinelIds()) world.resume(id);
    expect(world.logs.some((log) => log.event === "stalled")).toBe(true);
    world.until("another master", () => world.settled() && world.masterId() !== "n1", 500);
  });

  it("slow disks: nobody asks while a vote for another is on its way to the disk", () => {
    const world = settledWorld({ saveMs: 400 });
    world.kill(world.masterId());
    world.until("another master", () => world.settled() && world.masterId() !== "n1", 2000);
    expect(world.view("s1").votedEpoch).toBe(2);
  });

  it("disks slower than a candidate waits for votes: it waits longer the next time", () => {
    const world = new World({ saveMs: 1000 });
    world.until("a first master", () => world.settled(), 20_000);
    world.kill(world.masterId());
    world.until("another master", () => world.settled() && world.masterId() !== "n1", 10_000);
  });

  it("members' disks slower than a leader waits for seals: it waits longer the next time", () => {
    const world = settledWorld();
    for (const id of ["n1", "n2", "n3"]) world.node(id).promiseSaveMs = 4000;
    world.kill(world.masterId());
    world.until("another master", () => world.settled() && world.masterId() !== "n1", 40_000);
  });

  it("slow disks everywhere, one sentinel not asked: who waits for votes gives none to it, which would end its own reign", () => {
    const world = new World({ saveMs: 2500 });
    world.until("a first master", () => world.settled(), 60_000);
    for (const id of ["n1", "n2", "n3"]) world.node(id).promiseSaveMs = 2500;
    const { votedEpoch } = world.view("s1");
    world.partition(["s2"], ["s1", "s3"]);
    world.kill(world.masterId());
    world.run(100);
    world.heal();
    world.until("another master", () => world.settled() && world.masterId() !== "n1", 60_000);
    // Each gave its vote to the next one while the last one's were on their way: eleven.
    expect(world.view("s1").votedEpoch - votedEpoch).toBeLessThan(9);
  });

  it("a leader that has learnt to wait does not wait for a chosen member that is down", () => {
    const world = settledWorld({ nodes: 5 });
    for (const id of ["n2", "n3", "n4", "n5"]) world.node(id).promiseSaveMs = 4000;
    world.kill("n1");
    const chosen = (): string | undefined =>
      world
        .sentinelIds()
        .map((id) => world.view(id).failover)
        .find((failover) => failover?.step === "promote")?.target ?? undefined;
    world.until("a choice", () => chosen() !== undefined, 40_000);
    const first = chosen() as string;
    for (const id of ["n2", "n3", "n4", "n5"]) world.node(id).promiseSaveMs = 1;
    world.kill(first);
    const tookMs = world.until(
      "another master",
      () => world.settled() && ![first, "n1"].includes(world.masterId()),
      30_000,
    );
    expect(tookMs).toBeLessThan(3000);
  });

  it("a flapping sentinel does not make epochs grow", () => {
    const world = settledWorld();
    for (let round = 0; round < 10; round++) {
      world.partition(["s3"], ["s1", "s2", "n1", "n2", "n3"]);
      world.run(1800);
      world.heal();
      world.run(400);
    }
    expect(world.view("s1").votedEpoch).toBe(1);
    expect(world.promotions).toHaveLength(1);
  });
});

it("an older record that is said late to stand is answered from no more (S9)", () => {
  const world = settledWorld();
  const old = world.masterId();
  const record = world.view("s1").standing;
  world.kill(old);
  world.until("another master", () => world.settled() && world.masterId() !== old, 5000);
  if (record === null) throw new Error("a settled world has a record");
  world.say("s1", "s3", { type: "stands", group: "mymaster", record, reason: "late" });
  world.run(50);
  expect(world.view("s3").standing?.master).toBe(world.masterId());
  expect(world.named("s3")).toBe(world.masterId());
});

describe("a leader that dies", () => {
  it.each(["seal", "promote", "record"])("in step %s is succeeded in a new epoch", (step) => {
    const world = settledWorld({ saveMs: 5 });
    const old = world.masterId();
    world.kill(old);
    const leads = (id: string): boolean => world.view(id).failover?.step === step;
    world.until(`a leader in ${step}`, () => world.sentinelIds().some(leads), 1000);
    const leader = world.sentinelIds().find(leads) as string;
    world.kill(leader);
    const tookMs = world.until("another master", () => world.settled() && world.masterId() !== old, 3000);
    expect(tookMs).toBeLessThan(1500);
  });

  it("once it has sealed a master that is well is succeeded: only the promises tell of it", () => {
    const world = settledWorld({ saveMs: 5 });
    const master = world.node(world.masterId());
    world.operator("s1", { type: "switchover", group: "mymaster" });
    world.until("the master has promised", () => master.promise.epoch > 1, 2000);
    const { promise } = master;
    world.kill("s1");
    const stands = (): number => world.view("s2").standing?.number.epoch ?? 0;
    world.until("a reign above it", () => world.settled() && stands() > promise.epoch, 3000);
  });

  it("a leader cut off while it seals is superseded, and steps down", () => {
    const world = settledWorld({ saveMs: 5 });
    const old = world.masterId();
    world.kill(old);
    world.until("it leads", () => world.view("s1").failover !== null, 1000);
    world.partition(["s1"], ["s2", "s3", "n1", "n2", "n3"]);
    world.until(
      "another master",
      () => world.named("s2") === world.named("s3") && world.named("s2") !== old,
      4000,
    );
    world.run(3000);
    world.heal();
    world.until("s1 agrees", () => world.settled(), 3000);
    expect(world.view("s1").failover).toBeNull();
  });
});

describe("a sentinel that lost its state", () => {
  it("neither votes nor stores nor grants leases until it has heard every other one", () => {
    const world = settledWorld();
    world.kill("s1");
    world.kill("s2");
    world.startSentinel("s1", null);
    const old = world.masterId();
    world.kill(old);
    world.run(10_000);
    expect(world.promotions).toHaveLength(1);
    expect(world.disk("s1")).toBeNull();
    expect(world.view("s1").obstacles.join()).toContain("started without state");
    world.startSentinel("s2");
    world.until("then it takes part", () => world.settled() && world.masterId() !== old, 3000);
    expect(world.disk("s1")?.groups.mymaster?.votedEpoch).toBeGreaterThan(0);
  });

  it("does not vote below the greatest epoch that it has heard", () => {
    const world = settledWorld();
    const before = world.view("s2").votedEpoch;
    world.kill("s1");
    world.startSentinel("s1", null);
    world.until("it takes part", () => world.disk("s1") !== null, 1000);
    expect(world.disk("s1")?.groups.mymaster?.votedEpoch).toBeGreaterThanOrEqual(before);
    world.until("it names the master", () => world.settled(), 1000);
  });

  it.each([3, 5])("two of %i do not count each other as heard", (sentinels) => {
    const world = settledWorld({ sentinels });
    world.kill("s1");
    world.kill("s2");
    world.startSentinel("s1", null);
    world.startSentinel("s2", null);
    world.run(5000);
    for (const id of ["s1", "s2"]) expect(world.disk(id)).toBeNull();
    // Without one of them there is no majority now.
    for (const id of world.sentinelIds().slice(4)) world.kill(id);
    world.kill(world.masterId());
    world.run(5000);
    expect(world.promotions).toHaveLength(1);
  });

  it("passes on the record that it learnt: all may lose their state, one after the other", () => {
    const world = settledWorld();
    // A leader is elected, and can choose nobody: what is voted is above what is recorded.
    world.kill(world.masterId());
    world.until("one leads", () => world.sentinelIds().some((id) => world.view(id).failover !== null), 1000);
    world.partition(world.sentinelIds(), ["n1", "n2", "n3"]);
    world.run(3000);
    for (const id of world.sentinelIds()) {
      world.kill(id);
      world.startSentinel(id, null);
      world.until(`${id} takes part again`, () => world.disk(id) !== null, 3000);
      expect(world.disk(id)?.groups.mymaster).toMatchObject({ onlyLearnt: true });
    }
    for (const id of world.sentinelIds()) expect(world.view(id).standing).toBeNull();
    world.kill("s1");
    world.sent.length = 0;
    world.heal();
    world.until("there is a master", () => world.settled(), 10_000);
    // At no moment did anybody who takes part deny that there is a record.
    const denials = world.sent.filter(
      ({ message }) =>
        message.type === "report" && !message.blank && message.stored === null && message.learnt === null,
    );
    expect(denials).toEqual([]);
  });

  it("does not hold what it learnt, also once it has voted and started again", () => {
    const world = settledWorld();
    world.kill("s3");
    const state = world.disk("s3");
    const learnt = state?.groups.mymaster;
    if (state === null || learnt === undefined) throw new Error("s3 has no state");
    const votedFor = { id: "s1" as SentinelId, startId: world.startIdOf("s1") };
    const voted = { ...learnt, votedEpoch: (learnt.votedEpoch + 1) as Epoch, votedFor, onlyLearnt: true };
    world.sent.length = 0;
    // Nobody can begin a new epoch, whose record it might hold.
    world.partition(world.sentinelIds(), ["n1", "n2", "n3"]);
    world.startSentinel("s3", { ...state, groups: { mymaster: voted } });
    world.run(500);
    const reports = world.sent.flatMap(({ sentinel, message }) =>
      sentinel === "s3" && message.type === "report" ? [message] : [],
    );
    expect(reports.length).toBeGreaterThan(0);
    for (const report of reports) {
      expect(report).toMatchObject({ stored: null, learnt: learnt.record?.number });
    }
  });
});
