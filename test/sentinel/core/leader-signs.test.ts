import { describe, expect, it } from "vitest";
import { LeaderSigns } from "../../../sentinel/core/leader-signs.ts";
import type { Epoch } from "../../../src/base/ids.ts";
import { electionRules } from "../../../src/rules/election-rules.ts";

const [RECORD, LED] = [4 as Epoch, 5 as Epoch];

describe("the signs of a leader", () => {
  it("keep others from disturbing it until it is silent for a while, or gives up", () => {
    const signs = new LeaderSigns(electionRules);
    signs.note(LED, "s1", 1000);
    expect(signs.atWork(RECORD, null, 1100)).toBe(true);
    expect(signs.atWork(RECORD, "s1", 1100)).toBe(false);
    expect(signs.atWork(RECORD, null, signs.endsAtMs(RECORD) ?? 0)).toBe(false);
    signs.note(LED, "s1", 2000);
    signs.gone(LED, "s1");
    expect(signs.atWork(RECORD, null, 2001)).toBe(false);
  });

  it("stay when somebody else gives up in that epoch, or its leader in an earlier one", () => {
    const signs = new LeaderSigns(electionRules);
    signs.note(LED, "s1", 1000);
    signs.gone(LED, "s2");
    signs.gone(RECORD, "s1");
    expect(signs.atWork(RECORD, null, 1100)).toBe(true);
  });
});
