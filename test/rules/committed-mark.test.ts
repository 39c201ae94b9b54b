import { describe, expect, it } from "vitest";
import type { Epoch, IncarnationId, Offset } from "../../src/base/ids.ts";
import { hasGoneBack, raiseMark, type ShownLog } from "../../src/rules/committed-mark.ts";

function shown(epoch: number, last: number, committed: number, incarnation = "first"): ShownLog {
  return {
    incarnation: incarnation as IncarnationId,
    position: { epoch: epoch as Epoch, offset: last as Offset },
    committed: committed as Offset,
  };
}

const mark = raiseMark(null, shown(3, 120, 100));

describe("the mark of what an incarnation held as committed", () => {
  it("tells a log that ends before it", () => {
    expect(hasGoneBack(mark, shown(3, 99, 0))).toBe(true);
    expect(hasGoneBack(mark, shown(2, 99, 0))).toBe(true);
  });

  it("lets an uncommitted tail be cut, also to a reign before", () => {
    expect(hasGoneBack(mark, shown(3, 100, 0))).toBe(false);
    expect(hasGoneBack(mark, shown(2, 100, 0))).toBe(false);
  });

  it("lets a later reign go on from less: an operator has accepted that", () => {
    expect(hasGoneBack(mark, shown(4, 51, 0))).toBe(false);
    const later = raiseMark(mark, shown(4, 51, 51));
    expect(hasGoneBack(later, shown(4, 51, 0))).toBe(false);
    expect(hasGoneBack(later, shown(4, 50, 0))).toBe(true);
  });

  it("says nothing of another incarnation, and of one not heard before", () => {
    expect(hasGoneBack(mark, shown(3, 5, 0, "second"))).toBe(false);
    expect(hasGoneBack(null, shown(3, 5, 0))).toBe(false);
    expect(hasGoneBack(raiseMark(mark, shown(3, 5, 0, "second")), shown(3, 5, 0, "second"))).toBe(false);
  });

  it("stays where a member shows less, and knows of no commit yet after a restart", () => {
    const after = raiseMark(raiseMark(mark, shown(2, 50, 0)), shown(3, 110, 0));
    expect(after).toEqual(mark);
  });

  it("rises with what is committed", () => {
    expect(hasGoneBack(raiseMark(mark, shown(3, 130, 115)), shown(3, 114, 0))).toBe(true);
  });
});
