import { expect, it } from "vitest";
import type { Report } from "../../../src/protocol/peer/sentinel-messages.ts";
import { settledWorld, type World } from "./world.ts";

interface Said {
  readonly sentinel: string;
  readonly report: Report;
}

/** What was reported until another member was the master of all sentinels. */
function reportsOfFailover(world: World): Said[] {
  const old = world.masterId();
  const before = world.sent.length;
  world.kill(old);
  world.until("another master", () => world.settled() && world.masterId() !== old, 500);
  return world.sent
    .slice(before)
    .flatMap(({ sentinel, message }) => (message.type === "report" ? [{ sentinel, report: message }] : []));
}

it("a failover has a sentinel report once, to each of the others, and its leader thrice", () => {
  const world = settledWorld();
  // Between two heartbeats.
  world.run(150);
  const reports = reportsOfFailover(world);
  const counts = world.sentinelIds().map((id) => reports.filter(({ sentinel }) => sentinel === id).length);
  expect(counts).toEqual([3 * 2, 2, 2]);
  const leads = reports.map(({ report }) => report.leading !== null);
  expect(leads.filter(Boolean)).toHaveLength(2);
});

it("what a failover has changed beside that is in the next heartbeat", () => {
  const world = settledWorld();
  reportsOfFailover(world);
  const before = world.sent.length;
  world.run(300);
  const number = world.view("s1").standing?.number;
  const heard = world.sent.slice(before).flatMap(({ sentinel, message }) => {
    return message.type === "report" && message.stored?.epoch === number?.epoch ? [sentinel] : [];
  });
  expect(number?.epoch).toBe(2);
  expect(new Set(heard)).toEqual(new Set(world.sentinelIds()));
});

it("what was found of a master is never said of the next one", () => {
  const world = settledWorld();
  const old = world.masterId();
  const reports = reportsOfFailover(world);
  const ofNext = reports.filter(({ report }) => report.master !== old);
  expect(ofNext.length).toBeGreaterThan(0);
  expect(ofNext.flatMap(({ report }) => report.finds)).toEqual([]);
});
