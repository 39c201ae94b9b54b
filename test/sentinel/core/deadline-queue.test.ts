import fc from "fast-check";
import { expect, it } from "vitest";
import { DeadlineQueue } from "../../../sentinel/core/deadline-queue.ts";

it("knows the earliest deadline and gives what is due, earliest first, however deadlines are moved", () => {
  const change = fc.record({ key: fc.nat(12), atMs: fc.option(fc.nat(20), { nil: undefined }) });
  const step = fc.oneof(change, fc.record({ takenAtMs: fc.nat(20) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queue = new DeadlineQueue<number>();
      const expected = new Map<number, number>();
      for (const one of steps) {
        if ("key" in one) {
          queue.set(one.key, one.atMs);
          if (one.atMs === undefined) expected.delete(one.key);
          else expected.set(one.key, one.atMs);
        } else {
          let lastMs = -1;
          for (const key of queue.takeDue(one.takenAtMs)) {
            const atMs = expected.get(key) ?? Number.NaN;
            expect(atMs).toBeGreaterThanOrEqual(lastMs);
            lastMs = atMs;
            expected.delete(key);
          }
          for (const atMs of expected.values()) expect(atMs).toBeGreaterThan(one.takenAtMs);
        }
        const times = [...expected.values()];
        expect(queue.earliestMs).toBe(times.length === 0 ? undefined : Math.min(...times));
      }
    }),
  );
});
