import { expect, it } from "vitest";
import type { MemberInput } from "../../../src/core/member-io.ts";
import { TestGroup } from "../member/test-group.ts";
import type { TestMember } from "../member/test-member.ts";

/** Has the disk carry out a snapshot of its own, and keeps the news of it back. @returns the news. */
function takeSnapshotSilently(group: TestGroup, member: TestMember): MemberInput {
  member.diskIsSlow = true;
  member.member.wantSnapshot();
  group.pass(200);
  while (member.disk.snapshot === null) {
    const input = member.heldInputs.shift();
    if (input === undefined) throw new Error("no snapshot is taken");
    member.step(input);
    group.settle();
  }
  const at = member.heldInputs.findIndex(({ type }) => type === "snapshotCommitted");
  const [news] = member.heldInputs.splice(at, 1);
  if (news === undefined) throw new Error("the snapshot was told of");
  member.releaseDisk();
  return news;
}

it("a log that must be cut below a snapshot that stands, and is not told of yet, is begun anew", () => {
  const group = new TestGroup({ mode: "async", copies: 1 });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  n1.ask(client, "SET", "kept", "1");
  group.pass(100);
  const n2 = group.member("n2");
  const n3 = group.member("n3");
  group.partition(["n3"]);
  for (let i = 0; i < 5; i++) n1.ask(client, "SET", `lost${i}`, "1");
  group.pass(100);
  const news = takeSnapshotSilently(group, n2);
  expect(n2.disk.snapshot?.position.offset).toBeGreaterThan(n3.disk.last.offset);

  group.partition(["n1"]);
  group.heal();
  group.partition(["n1"]);
  group.reign(2, "n3", ["n2"]);
  group.pass(100);
  n2.step(news);
  group.settle();
  group.pass(500);
  expect(n2.member.status().position).toEqual(n3.member.status().position);
  expect(n2.keyspace.digest()).toBe(n3.keyspace.digest());
});
