import { describe, expect, it } from "vitest";
import { decodeMemberState, encodeMemberState, FRESH_STATE } from "../../../src/core/member-state.ts";

const encoded = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe("a member's saved state", () => {
  it("reads back as it was saved", () => {
    expect(decodeMemberState(encodeMemberState(FRESH_STATE))).toEqual(FRESH_STATE);
  });

  it.each([
    ["null", null],
    ["another format", { format: 2, ...FRESH_STATE }],
    ["an epoch that is no number", { format: 1, ...FRESH_STATE, promise: { epoch: "1", leader: null } }],
    ["a promise without a leader", { format: 1, ...FRESH_STATE, promise: { epoch: 1 } }],
    ["no group", { format: 1, promise: FRESH_STATE.promise, record: null }],
    ["a record of another shape", { format: 1, ...FRESH_STATE, record: {} }],
  ])("is refused with %s", (_name, value) => {
    expect(() => decodeMemberState(encoded(value))).toThrow(expect.objectContaining({ code: "BAD_STATE" }));
  });

  it("is refused with an epoch that no number holds, which JSON can say", () => {
    const text = encodeMemberState(FRESH_STATE).toString().replace('"epoch":0', '"epoch":1e999');
    expect(() => decodeMemberState(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: "BAD_STATE" }),
    );
  });
});
