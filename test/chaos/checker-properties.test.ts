/** The register checker against a brute-force search for a linearization, on small random histories. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { checkRegister, type RegisterRead, type RegisterWrite } from "../../cluster/chaos/check-register.ts";

const interval = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 15 }))
  .map(([start, length]) => ({ invokedAtMs: start, returnedAtMs: start + length }));

const writes = fc
  .array(fc.record({ at: interval, acknowledged: fc.boolean() }), { maxLength: 4 })
  .map((drawn): RegisterWrite[] => {
    return drawn.map(({ at, acknowledged }, index) => ({ ...at, acknowledged, value: String(index) }));
  });
const reads = fc
  .array(fc.record({ at: interval, value: fc.constantFrom(null, "0", "1", "2", "3") }), { maxLength: 4 })
  .map((drawn): RegisterRead[] => drawn.map(({ at, value }) => ({ ...at, value })));

interface Step {
  readonly startMs: number;
  readonly endMs: number;
  readonly optional: boolean;
  readonly apply: (state: string | null) => { state: string | null } | null;
}

/** Tries every order that respects real time. */
function isLinearizable(steps: readonly Step[], state: string | null): boolean {
  if (steps.every((step) => step.optional)) return true;
  return steps.some((step) => {
    const rest = steps.filter((other) => other !== step);
    if (rest.some((other) => other.endMs < step.startMs)) return false;
    const applied = step.apply(state);
    return applied !== null && isLinearizable(rest, applied.state);
  });
}

function bruteForce(writesDrawn: readonly RegisterWrite[], readsDrawn: readonly RegisterRead[]): boolean {
  const steps: Step[] = [];
  for (const { value, acknowledged, invokedAtMs, returnedAtMs } of writesDrawn) {
    const endMs = acknowledged ? returnedAtMs : Number.POSITIVE_INFINITY;
    steps.push({ startMs: invokedAtMs, endMs, optional: !acknowledged, apply: () => ({ state: value }) });
  }
  for (const { value, invokedAtMs, returnedAtMs } of readsDrawn) {
    const apply = (state: string | null) => (state === value ? { state } : null);
    steps.push({ startMs: invokedAtMs, endMs: returnedAtMs, optional: false, apply });
  }
  return isLinearizable(steps, null);
}

it("finds an anomaly exactly where no order of the operations explains the answers", () => {
  let explained = 0;
  let unexplained = 0;
  fc.assert(
    fc.property(writes, reads, (someWrites, someReads) => {
      const expected = bruteForce(someWrites, someReads);
      if (expected) explained += 1;
      else unexplained += 1;
      expect(checkRegister("k", someWrites, someReads).anomalies.length === 0).toBe(expected);
    }),
    { numRuns: 3000, seed: 20 },
  );
  expect(Math.min(explained, unexplained)).toBeGreaterThan(300);
});
