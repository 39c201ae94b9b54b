/** The disk has damaged the standing snapshot, and a replica needs it. */
import { expect, it } from "vitest";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

/** n1 reigns and is idle, its snapshot holds all that it has. */
function idleMaster(): { group: TestGroup; n1: TestMember } {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  n1.run(n1.connect(), "SET", "a", "1");
  group.settle();
  n1.member.wantSnapshot();
  group.pass(200);
  expect(n1.disk.snapshot?.position.offset).toBe(n1.member.log.applied);
  return { group, n1 };
}

it("takes a new one at once, though nothing was written since, and says so once", () => {
  const { group, n1 } = idleMaster();
  const damaged = n1.disk.snapshot;
  n1.step({ type: "snapshotDamaged" });
  n1.step({ type: "snapshotDamaged" });
  group.pass(200);
  expect(n1.disk.snapshot).not.toBe(damaged);
  expect(Buffer.concat(n1.disk.snapshot?.chunks ?? [])).toEqual(Buffer.concat(damaged?.chunks ?? []));
  expect(n1.logged.filter((event) => event === "snapshot-damaged")).toHaveLength(1);
});

it("takes one more when that could not be written, as soon as a replica needs it again", () => {
  const { group, n1 } = idleMaster();
  n1.diskIsSlow = true;
  n1.step({ type: "snapshotDamaged" });
  group.pass(200);
  n1.step({ type: "snapshotFailed", kind: "own" });
  n1.heldInputs.length = 0;
  n1.diskIsSlow = false;
  const damaged = n1.disk.snapshot;
  n1.step({ type: "snapshotDamaged" });
  group.pass(200);
  expect(n1.disk.snapshot).not.toBe(damaged);
});

it("is told as failed from when it could not be kept until one stands", () => {
  const { group, n1 } = idleMaster();
  expect(n1.member.view.snapshotFailed).toBe(false);
  n1.diskIsSlow = true;
  n1.run(n1.connect(), "SET", "a", "2");
  n1.member.wantSnapshot();
  group.pass(200);
  n1.step({ type: "snapshotFailed", kind: "own" });
  n1.heldInputs.length = 0;
  n1.diskIsSlow = false;
  group.pass(200);
  expect(n1.member.view.snapshotFailed).toBe(true);
  n1.member.wantSnapshot();
  group.pass(200);
  expect(n1.member.view.snapshotFailed).toBe(false);
});

it("takes no second one when that stands and nothing has come since", () => {
  const { group, n1 } = idleMaster();
  n1.step({ type: "snapshotDamaged" });
  group.pass(200);
  const mended = n1.disk.snapshot;
  n1.step({ type: "snapshotOpened", link: 99 as LinkId, snapshot: null });
  n1.member.wantSnapshot();
  group.pass(200);
  expect(n1.disk.snapshot).toBe(mended);
});
