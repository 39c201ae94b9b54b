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
