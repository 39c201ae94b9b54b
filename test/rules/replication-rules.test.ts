import { describe, expect, it } from "vitest";
import type { Offset } from "../../src/base/ids.ts";
import { replicationRules } from "../../src/rules/replication-rules.ts";

/** The commit offset of a reign that begins at offset 10, with `committed` before these acks. */
function committedBy(ownPersisted: number, acks: readonly number[], copies: number, committed = 7): number {
  return replicationRules.committedOffset({
    ownPersisted: ownPersisted as Offset,
    acks: acks.map((received) => ({ received: received as Offset, applied: 0 as Offset, round: 0 })),
    copies,
    epochStart: 10 as Offset,
    committed: committed as Offset,
  });
}

describe("what is committed", () => {
  it.each([
    [12, [11, 10], 2, 11],
    [12, [11, 10], 3, 10],
    [12, [11], 1, 12],
    [10, [12, 12], 2, 12],
    [10, [12], 2, 10],
  ])("own %d, acks %j, W %d: up to %d", (own, acks, copies, expected) => {
    expect(committedBy(own, acks, copies)).toBe(expected);
  });

  it("is nothing of an old epoch's tail by its copies alone, however many there are (S10)", () => {
    expect(committedBy(9, [9, 9], 2)).toBe(7);
    expect(committedBy(10, [9, 9], 2)).toBe(7);
    expect(committedBy(10, [10, 9], 2)).toBe(10);
  });

  it("is no more than before where copies are too few, and never less", () => {
    expect(committedBy(12, [], 2)).toBe(7);
    expect(committedBy(12, [10], 2, 11)).toBe(11);
  });
});
