import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Alarm } from "../../src/node/alarm.ts";

let rung: number[] = [];
let alarm: Alarm;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  rung = [];
  alarm = new Alarm(
    () => performance.now(),
    () => rung.push(performance.now()),
  );
});
afterEach(() => {
  vi.useRealTimers();
});

it("rings once, at the earliest moment that was asked for", () => {
  const beganMs = performance.now();
  alarm.ringBy(beganMs + 30);
  alarm.ringBy(beganMs + 10);
  alarm.ringBy(beganMs + 20);
  vi.advanceTimersByTime(100);
  expect(rung).toEqual([beganMs + 10]);
});

it("rings never too early: what is due after a fraction of a millisecond is due by then", () => {
  const beganMs = performance.now();
  alarm.ringBy(beganMs + 10.25);
  vi.advanceTimersByTime(10);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toHaveLength(1);
});

it("rings early, and not at once, for what is further away than a timer waits", () => {
  alarm.ringBy(performance.now() + 2 ** 31);
  vi.advanceTimersByTime(2 ** 31 - 2);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toHaveLength(1);
});

it("rings again when it is asked again, and not when it was cancelled", () => {
  const beganMs = performance.now();
  alarm.ringBy(beganMs + 10);
  vi.advanceTimersByTime(10);
  alarm.ringBy(beganMs + 40);
  vi.advanceTimersByTime(30);
  alarm.ringBy(beganMs + 50);
  alarm.cancel();
  vi.advanceTimersByTime(100);
  expect(rung).toEqual([beganMs + 10, beganMs + 40]);
});
