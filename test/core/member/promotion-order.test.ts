import { expect, it } from "vitest";
import type { MemberEffect } from "../../../src/core/member-io.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

/** The kinds of what the member asks for from now on, in order. */
function watchEffects({ member: { outbox } }: TestMember): MemberEffect["type"][] {
  const seen: MemberEffect["type"][] = [];
  const push = outbox.push.bind(outbox);
  outbox.push = (effect) => {
    seen.push(effect.type);
    push(effect);
  };
  return seen;
}

it("a promoted member writes its epoch-start record before it lets its clients go", () => {
  const group = new TestGroup();
  group.reign(1, "n1", ["n2", "n3"]);
  const n2 = group.member("n2");
  const clients = [n2.connect(), n2.connect(), n2.connect()];
  const effects = watchEffects(n2);
  group.reign(2, "n2", ["n3"]);
  expect(clients.every((client) => n2.closedClients.has(client))).toBe(true);
  expect(effects.filter((type) => type === "closeClient")).toHaveLength(clients.length);
  expect(effects.indexOf("append")).toBeGreaterThanOrEqual(0);
  expect(effects.indexOf("append")).toBeLessThan(effects.indexOf("closeClient"));
});
