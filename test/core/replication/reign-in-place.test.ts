import { expect, it } from "vitest";
import { OFFSET_ZERO } from "../../../src/base/ids.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { NodeMessage } from "../../../src/protocol/peer/node-messages.ts";
import { TestGroup } from "../member/test-group.ts";
import type { TestMember } from "../member/test-member.ts";

/** In it replicas may hold what they are sent and apply nothing of it. */
class IdleGroup extends TestGroup {
  appliesNothing = false;

  override send(from: TestMember, link: LinkId, message: NodeMessage): void {
    const isIdle = this.appliesNothing && message.type === "ack";
    super.send(from, link, isIdle ? { ...message, applied: OFFSET_ZERO } : message);
  }
}

it.each(["semi-sync", "sync"] as const)(
  "a read in a reign that goes on in place waits for rounds of that reign, in %s",
  (mode) => {
    const group = new TestGroup({ mode });
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    n1.ask(client, "SET", "a", "1");
    // Rounds go by, each confirmed.
    group.pass(1000);
    expect(n1.ask(client, "GET", "a")).toBe("$1\r\n1\r\n");
    group.reign(2, "n1", ["n2", "n3"]);
    expect(n1.ask(client, "GET", "a")).toBe("$1\r\n1\r\n");
    group.partition(["n1"]);
    // Another master may reign by now: what the replicas confirmed in the reign before says nothing of it.
    expect(n1.ask(client, "GET", "a")).toBe("");
    group.pass(2000);
    expect(n1.read(client)).toMatch(/^-MASTERDOWN /);
  },
);

it("in sync a reply waits on through a reign in place until a replica has applied what it tells of", () => {
  const group = new IdleGroup({ mode: "sync" });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  expect(n1.ask(client, "SET", "a", "1")).toBe("+OK\r\n");
  group.appliesNothing = true;
  expect(n1.ask(client, "SET", "a", "2")).toBe("");
  expect(n1.member.status().committed).toBe(n1.disk.last.offset);
  group.reign(2, "n1", ["n2", "n3"]);
  group.pass(100);
  expect(n1.member.status().established).toBe(true);
  expect(n1.read(client)).toBe("");
  group.appliesNothing = false;
  group.pass(100);
  expect(n1.read(client)).toBe("+OK\r\n");
});
