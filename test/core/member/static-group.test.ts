/** Members that sentinels have sealed, started again in a group without sentinels. */
import { expect, it } from "vitest";
import type { MemberId } from "../../../src/base/ids.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

/** They have promised to sentinels, n2 more than its master by configuration, n1, will ever know of. */
function withoutSentinels(): { group: TestGroup; n1: TestMember; n2: TestMember } {
  const group = new TestGroup({ members: 2 });
  group.reign(1, "n1", ["n2"]);
  const [n1, n2] = [group.member("n1"), group.member("n2")];
  group.seal(n1, 5);
  group.seal(n2, 8);
  n1.staticRole = { role: "master" };
  n2.staticRole = { role: "replica", masterId: "n1" as MemberId, masterUrl: "ws://n1" };
  for (const member of [n1, n2]) group.restart(member);
  return { group, n1, n2 };
}

it("an old promise binds neither of them: the master writes, the replica follows", () => {
  const { group, n1, n2 } = withoutSentinels();
  expect(n1.ask(n1.connect(), "SET", "a", "1")).toBe("+OK\r\n");
  group.pass(100);
  expect(n2.ask(n2.connect(), "GET", "a")).toBe("$1\r\n1\r\n");
});

it("a sentinel that still knows them is refused, and changes nothing", () => {
  const { group, n1, n2 } = withoutSentinels();
  for (const member of [n1, n2]) {
    group.seal(member, 9);
    expect(member.lastAnswer("refused")).toMatchObject({
      what: "seal",
      epoch: 9,
      reason: "this member belongs to a group without sentinels",
    });
  }
  expect(n1.ask(n1.connect(), "SET", "a", "1")).toBe("+OK\r\n");
  group.pass(100);
  expect(n2.ask(n2.connect(), "GET", "a")).toBe("$1\r\n1\r\n");
});
