import { expect, it } from "vitest";
import { settledWorld } from "./world.ts";

it("a sentinel's pings and reports leave together, though its links came up at different times", () => {
  const world = settledWorld();
  world.kill("n3");
  world.run(137);
  world.restartNode("n3");
  world.kill("s2");
  world.run(71);
  world.startSentinel("s2");
  world.run(1000);
  const fromMs = world.nowMs;
  world.run(1000);
  const batches = new Map<number, string[]>();
  for (const { atMs, sentinel, message } of world.sent) {
    if (sentinel !== "s1" || atMs <= fromMs) continue;
    batches.set(atMs, [...(batches.get(atMs) ?? []), message.type]);
  }
  expect(batches.size).toBe(10);
  const reports = [...batches.values()].map((types) => types.filter((type) => type === "report").length);
  for (const types of batches.values()) {
    expect(types.filter((type) => type !== "report")).toEqual(["ping", "ping", "ping"]);
  }
  // To both of the other sentinels, with every third pings.
  expect(reports.join("")).toMatch(/^0{0,2}(200)+2?0?$/);
});

it("the pings of all groups leave together, and their reports with them", () => {
  const world = settledWorld({ groups: ["mymaster", "second"] });
  world.until("the other group has a master", () => world.settled("second"), 2000);
  world.kill("second-n3");
  world.run(137);
  world.restartNode("second-n3");
  world.run(1000);
  const fromMs = world.nowMs;
  world.run(1000);
  const pings = new Map<number, number>();
  const reports = new Set<number>();
  for (const { atMs, sentinel, message } of world.sent) {
    if (sentinel !== "s1" || atMs <= fromMs) continue;
    if (message.type === "ping") pings.set(atMs, (pings.get(atMs) ?? 0) + 1);
    if (message.type === "report") reports.add(atMs);
  }
  expect([...pings.values()]).toEqual(Array(10).fill(6));
  expect([...reports].filter((atMs) => !pings.has(atMs))).toEqual([]);
  expect(reports.size).toBeGreaterThan(0);
});

it("a sentinel that leads is heard every 100 ms, so that nobody takes it for gone", () => {
  const world = settledWorld();
  const master = world.masterId();
  for (const id of world.nodes.keys()) if (id !== master) world.pause(id);
  world.kill(master);
  const leads = (): boolean =>
    world.sent.some(({ message }) => message.type === "report" && message.leading !== null);
  world.until("somebody leads", leads, 2000);
  const fromMs = world.nowMs;
  world.run(400);
  const atMs = world.sent.flatMap((sent) =>
    sent.atMs >= fromMs && sent.message.type === "report" && sent.message.leading !== null ? [sent.atMs] : [],
  );
  const gaps = [...new Set(atMs)].map((at, index, all) => at - (all[index - 1] ?? fromMs));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(100);
  expect(gaps.length).toBeGreaterThanOrEqual(4);
});

it("no sentinel is flagged as down while all are there, however short down-after is", () => {
  for (const downAfterMs of [50, 200, 300]) {
    const world = settledWorld({ group: { downAfterMs } });
    for (let looks = 0; looks < 100; looks++) {
      world.run(10);
      expect(world.view("s1").sentinels.filter((one) => one.sdown)).toEqual([]);
    }
  }
});

it("a lease for a longer down-after is given once the sentinel's state says so", () => {
  const world = settledWorld({ group: { downAfterMs: 300 } });
  world.run(1000);
  expect(world.disk("s1")?.groups.mymaster?.leaseMs).toBe(300);
  world.reconfigure({ downAfterMs: 3000 });
  world.kill("s1");
  world.startSentinel("s1");
  let leases = 0;
  for (let looks = 0; looks < 200 && leases === 0; looks++) {
    const seen = world.sent.length;
    world.run(1);
    for (const { sentinel, message } of world.sent.slice(seen)) {
      if (sentinel !== "s1" || message.type !== "ping" || message.leaseEpoch === null) continue;
      leases++;
      expect(world.disk("s1")?.groups.mymaster?.leaseMs).toBe(3000);
    }
  }
  expect(leases).toBeGreaterThan(0);
});

it("a member that owes pongs is shown with how many and since when, and one that is gone with since when", () => {
  const world = settledWorld();
  const [id = ""] = world.replicaIds();
  const owes = () => {
    const member = world.view("s1").replicas.find((one) => one.id === id);
    return { pings: member?.unansweredPings, forMs: member?.unansweredForMs ?? 0 };
  };
  world.run(1000);
  world.until("all pings are answered", () => owes().pings === 0, 200);
  expect(owes()).toEqual({ pings: 0, forMs: 0 });
  world.pause(id);
  world.until("two pings are not", () => owes().pings === 2, 300);
  const { forMs } = owes();
  expect(forMs).toBeGreaterThanOrEqual(90);
  expect(forMs).toBeLessThanOrEqual(110);
  world.kill(id);
  world.run(300);
  expect(owes()).toEqual({ pings: 0, forMs: expect.any(Number) });
  expect(owes().forMs).toBeGreaterThanOrEqual(390);
  world.restartNode(id);
  world.until("all pings are answered again", () => owes().pings === 0 && owes().forMs === 0, 2000);
});
