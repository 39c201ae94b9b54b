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
  for (const types of batches.values()) {
    expect(types.sort()).toEqual(["ping", "ping", "ping", "report", "report"]);
  }
});
