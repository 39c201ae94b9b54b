/** When a master says that a new incarnation has caught up, and when that one shows that it has lost something. */
import { describe, expect, it } from "vitest";
import type { IncarnationId, MemberId, Offset } from "../../../src/base/ids.ts";
import { CatchUp } from "../../../src/core/replication/catch-up.ts";
import { replicationRules } from "../../../src/rules/replication-rules.ts";
import { TestGroup } from "../member/test-group.ts";

const ID = "n2" as MemberId;
const NEW = "n2-new" as IncarnationId;
const record = new TestGroup().record(1, "n1");

/** A new incarnation, first seen when the log held ten records, that has acknowledged so many. */
function caughtUpTo(received: number): CatchUp {
  const catchUp = new CatchUp(replicationRules);
  catchUp.onSight(record, ID, NEW, 10 as Offset);
  catchUp.onAck(ID, NEW, received as Offset);
  return catchUp;
}

describe("a new incarnation", () => {
  it("waits to be admitted once it holds all that the log held at first sight, and not before", () => {
    expect(caughtUpTo(9).waiting(record)).toEqual([]);
    expect(caughtUpTo(10).waiting(record)).toEqual([{ id: ID, incarnation: NEW }]);
  });

  it("is measured by its first sight, however often it asks anew", () => {
    const catchUp = caughtUpTo(10);
    catchUp.onSight(record, ID, NEW, 20 as Offset);
    expect(catchUp.waitingCount(record)).toBe(1);
  });

  it("has lost something where it shows less than it has acknowledged", () => {
    const catchUp = caughtUpTo(10);
    expect(catchUp.showsLessThanAcked(ID, NEW, 9 as Offset)).toBe(true);
    expect(catchUp.showsLessThanAcked(ID, NEW, 10 as Offset)).toBe(false);
  });
});
