/** Which changes a member tells its sentinels of at once, and which the next pong is soon enough for. */
import { expect, it } from "vitest";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

function pushed(member: TestMember): number {
  return member.answers.filter(({ type }) => type === "status").length;
}

it("that it reigns, and that it acknowledges: at once", () => {
  const group = new TestGroup();
  const n1 = group.member("n1");
  const before = pushed(n1);
  group.reign(1, "n1", ["n2", "n3"]);
  const said = n1.answers.flatMap((answer) => (answer.type === "status" ? [answer.status] : []));
  expect(said.slice(before).map(({ role }) => role)).toContain("master");
  expect(said.at(-1)).toMatchObject({ role: "master", roleEpoch: 1, established: true });
});

it("that it is sealed: its leader alone, in the answer", () => {
  const group = new TestGroup();
  group.reign(1, "n1", ["n2", "n3"]);
  const n3 = group.member("n3");
  const before = pushed(n3);
  group.seal(n3, 2);
  expect(n3.lastAnswer("sealed").status).toMatchObject({ role: "none", promise: { epoch: 2 } });
  expect(pushed(n3)).toBe(before);
});

it("that a master is sealed: at once, for it reigns no more", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  group.seal(n1, 2);
  expect(n1.lastAnswer("status").status).toMatchObject({ role: "none", promise: { epoch: 2 } });
});
