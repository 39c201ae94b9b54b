import { describe, expect, it } from "vitest";
import { ExpiryPace } from "../../src/core/expiry-pace.ts";

const SPAN_MS = 10_000;

/** Some time of a process in which deleting a key takes `keyMs`, and more keys are overdue than it can delete. */
function spanOf(keyMs: number): { share: number; perSecond: number; longestMs: number } {
  const pace = new ExpiryPace();
  let nowMs = 0;
  let begunMs = 0;
  let deleted = 0;
  let longestMs = 0;
  for (let slices = 0; nowMs - begunMs < SPAN_MS; slices += 1) {
    const { keys } = pace;
    expect(pace.mayBegin(nowMs)).toBe(true);
    pace.onSlice(nowMs, keys);
    nowMs += keys * keyMs;
    pace.onClock(nowMs);
    expect(pace.mayBegin(pace.deadlineMs - 0.5)).toBe(false);
    nowMs = pace.deadlineMs;
    // From the first one the pace learns what keys cost.
    if (slices === 0) begunMs = nowMs;
    else {
      deleted += keys;
      longestMs = Math.max(longestMs, keys * keyMs);
    }
  }
  const elapsedMs = nowMs - begunMs;
  return { share: (deleted * keyMs) / elapsedMs, perSecond: deleted / (elapsedMs / 1000), longestMs };
}

describe("the pace of expiry", () => {
  it.each([0.0001, 0.001, 0.01, 0.1, 1, 10, 100])(
    "leaves three quarters of the time to others where a key takes %s ms",
    (keyMs) => {
      expect(spanOf(keyMs).share).toBeLessThanOrEqual(0.251);
    },
  );

  it("keeps up with far more than ten thousand keys a second where they cost little", () => {
    expect(spanOf(0.001).perSecond).toBeGreaterThan(150_000);
    expect(spanOf(0.02).perSecond).toBeGreaterThan(10_000);
  });

  it("makes slices of slow keys small, so that nobody waits for long", () => {
    expect(spanOf(0.1).longestMs).toBeLessThanOrEqual(4);
  });

  it("goes on as before soon after the process stood still in the middle of a slice", () => {
    const pace = new ExpiryPace();
    pace.onSlice(0, pace.keys);
    pace.onClock(SPAN_MS);
    expect(pace.deadlineMs - SPAN_MS).toBeLessThanOrEqual(500);
    let nowMs = pace.deadlineMs;
    while (pace.keys < 1000) {
      pace.onSlice(nowMs, pace.keys);
      pace.onClock(nowMs);
      nowMs = pace.deadlineMs;
    }
    expect(nowMs - SPAN_MS).toBeLessThan(1000);
  });

  it("wakes nobody up when nothing more is due, and begins at once when something is", () => {
    const pace = new ExpiryPace();
    pace.onSlice(0, 0);
    expect(pace.deadlineMs).toBe(Number.POSITIVE_INFINITY);
    expect(pace.mayBegin(0)).toBe(true);
    pace.onSlice(0, pace.keys - 1);
    pace.onClock(10);
    expect(pace.deadlineMs).toBe(Number.POSITIVE_INFINITY);
    // Few as they were, they took long: a tick for something else does not bring the next ones at once.
    expect(pace.mayBegin(39)).toBe(false);
    expect(pace.mayBegin(40)).toBe(true);
  });
});
