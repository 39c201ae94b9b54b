import { expect, it } from "vitest";
import type { Offset } from "../../src/base/ids.ts";
import { KeptLog } from "../../src/core/kept-log.ts";
import { MemberOutbox } from "../../src/core/member-io.ts";

function scene(): { kept: KeptLog; review: (neededAfter: number | null, nowMs: number) => unknown[] } {
  const outbox = new MemberOutbox();
  const kept = new KeptLog(outbox);
  const review = (neededAfter: number | null, nowMs: number): unknown[] => {
    kept.review(neededAfter as Offset | null, nowMs);
    return outbox.take().map((effect) => (effect.type === "retainLog" ? effect.after : effect));
  };
  return { kept, review };
}

it("storage is told at once of what is needed, and once", () => {
  const { review } = scene();
  expect(review(null, 0)).toEqual([]);
  expect(review(70, 10)).toEqual([70]);
  expect(review(70, 20)).toEqual([]);
  expect(review(50, 30)).toEqual([50]);
  expect(review(60, 40)).toEqual([]);
});

it("what a replica needed stays for some seconds after its link broke, and no longer", () => {
  const { review } = scene();
  review(null, 0);
  review(50, 4900);
  for (let nowMs = 5000; nowMs < 9900; nowMs += 100) expect(review(null, nowMs)).toEqual([]);
  // It is back, and has some more.
  expect(review(60, 9900)).toEqual([]);
  expect(review(60, 10_000)).toEqual([60]);
  expect(review(60, 15_000)).toEqual([]);
  for (const nowMs of [15_100, 20_000]) expect(review(null, nowMs)).toEqual([]);
  expect(review(null, 25_000)).toEqual([null]);
});

it("what storage could not keep is forgotten, and asked for anew where it is needed", () => {
  const { kept, review } = scene();
  expect(review(50, 0)).toEqual([50]);
  kept.onDropped();
  expect(review(90, 10)).toEqual([90]);
});
