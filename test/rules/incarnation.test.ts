import { describe, expect, it } from "vitest";
import type { IncarnationId } from "../../src/base/ids.ts";
import {
  type FoundParts,
  hasRebooted,
  judgeIncarnation,
  lastStopOf,
  type PreviousLife,
  whatIsFound,
} from "../../src/rules/incarnation.ts";

const old = "old" as IncarnationId;
const crashed: PreviousLife = {
  incarnation: old,
  doubts: [],
  cleanStop: false,
  bootId: "boot-1",
  appendfsync: "everysec",
  voidedBy: null,
};
const nothing: FoundParts = { state: false, log: false, snapshots: false };
const all: FoundParts = { state: true, log: true, snapshots: true };
const keep = { decision: "keep", incarnation: old, doubts: [] };

function judge(previous: PreviousLife, bootIdNow: string | null) {
  return judgeIncarnation({ contents: "whole", previous }, bootIdNow);
}

describe("an incarnation", () => {
  it("goes on after a process crash on a machine that has not rebooted", () => {
    expect(judge(crashed, "boot-1")).toEqual(keep);
    expect(judge({ ...crashed, appendfsync: "no" }, "boot-1")).toEqual(keep);
  });

  it("goes on after a clean stop, whatever the machine did meanwhile", () => {
    expect(judge({ ...crashed, cleanStop: true }, "boot-2")).toEqual(keep);
    expect(judge({ ...crashed, cleanStop: true, bootId: null, appendfsync: "no" }, null)).toEqual(keep);
  });

  it("goes on after a reboot when every record was synced before it was acknowledged", () => {
    expect(judge({ ...crashed, appendfsync: "always" }, "boot-2")).toEqual(keep);
  });

  it.each(["everysec", "no"] as const)(
    "begins anew, doubtful by reboot, after a power cut under %s",
    (appendfsync) => {
      expect(judge({ ...crashed, appendfsync }, "boot-2")).toMatchObject({
        decision: "new",
        doubts: [old],
        reason: expect.stringContaining(appendfsync),
      });
    },
  );

  it("begins anew where nobody can say whether the machine has rebooted", () => {
    expect(judge(crashed, null)).toMatchObject({ decision: "new", doubts: [old] });
    expect(judge({ ...crashed, bootId: null }, "boot-1")).toMatchObject({
      decision: "new",
      doubts: [old],
    });
  });

  it("begins anew, and not for the reboot, when its storage has failed, even after a clean stop or always", () => {
    const voided: PreviousLife = { ...crashed, cleanStop: true, appendfsync: "always", voidedBy: "EIO" };
    expect(judge(voided, "boot-1")).toMatchObject({
      decision: "new",
      doubts: [],
      reason: expect.stringContaining("EIO"),
    });
  });

  it("begins in an empty directory, and in one that has lost a part", () => {
    expect(judgeIncarnation({ contents: "nothing" }, "boot-1")).toMatchObject({
      decision: "new",
      doubts: [],
    });
    expect(judgeIncarnation({ contents: "incomplete", missing: "its log" }, "boot-1")).toMatchObject({
      decision: "new",
      doubts: [],
      reason: expect.stringContaining("its log"),
    });
  });

  it("stays doubtful by reboot through later starts that keep it", () => {
    const older = "older" as IncarnationId;
    expect(judge({ ...crashed, doubts: [older] }, "boot-1")).toEqual({ ...keep, doubts: [older] });
  });

  it("remembers all that a row of reboots has put in doubt, up to a bound", () => {
    const older = Array.from({ length: 8 }, (_, at) => `older-${at}` as IncarnationId);
    expect(judge({ ...crashed, doubts: older }, "boot-2")).toMatchObject({
      decision: "new",
      doubts: [old, ...older.slice(0, 7)],
    });
  });
});

describe("a reboot", () => {
  it("is ruled out only by two known boot ids that are equal", () => {
    expect(hasRebooted("a", "a")).toBe(false);
    expect(hasRebooted("a", "b")).toBe(true);
    expect(hasRebooted(null, null)).toBe(true);
    expect(hasRebooted("a", null)).toBe(true);
  });
});

describe("what a start finds in a data directory", () => {
  it("is nothing only where no part of one is left", () => {
    expect(whatIsFound(null, nothing)).toEqual({ contents: "nothing" });
  });

  it.each(["state", "log", "snapshots"] as const)("has lost its identity where there is a %s", (part) => {
    expect(whatIsFound(null, { ...nothing, [part]: true })).toEqual({
      contents: "incomplete",
      missing: "its identity file",
    });
  });

  it.each([
    ["state", "its state file"],
    ["log", "its log"],
  ])("is incomplete without the %s", (part, missing) => {
    expect(whatIsFound(crashed, { ...all, [part]: false })).toEqual({ contents: "incomplete", missing });
  });

  it("is whole without a snapshot", () => {
    const found = whatIsFound(crashed, { ...all, snapshots: false });
    expect(found).toEqual({ contents: "whole", previous: crashed });
  });
});

describe("the last stop", () => {
  it("was a crash when the same boot still runs", () => {
    expect(lastStopOf(crashed, "boot-1")).toBe("crash");
  });

  it("counts as a power cut after a reboot, or where nobody can say", () => {
    expect(lastStopOf(crashed, "boot-2")).toBe("powerCut");
    expect(lastStopOf(crashed, null)).toBe("powerCut");
    expect(lastStopOf(null, "boot-1")).toBe("powerCut");
  });

  it("was clean where the marker says so, whatever the machine did meanwhile", () => {
    expect(lastStopOf({ ...crashed, cleanStop: true }, "boot-2")).toBe("clean");
  });

  it("counts as a power cut when the storage had failed, even within one boot", () => {
    expect(lastStopOf({ ...crashed, cleanStop: true, voidedBy: "EIO" }, "boot-1")).toBe("powerCut");
  });
});
