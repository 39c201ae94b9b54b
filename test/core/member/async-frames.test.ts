/** In async mode nobody waits for the replicas: records of a few turns share a frame. */
import { expect, it } from "vitest";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { NodeMessage, Records } from "../../../src/protocol/peer/node-messages.ts";
import { TestGroup, type TestMember } from "./test-group.ts";

class WatchedGroup extends TestGroup {
  readonly frames: Records[] = [];

  override send(from: TestMember, link: LinkId, message: NodeMessage): void {
    if (message.type === "records" && message.bytes.length > 0) this.frames.push(message);
    super.send(from, link, message);
  }
}

it("sends the records of several turns as one frame, acks of earlier ones notwithstanding", () => {
  const group = new WatchedGroup({ mode: "async", copies: 1 });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  group.pass(200);
  n1.ask(client, "SET", "before", "1");
  group.pass(5);
  group.frames.length = 0;
  for (const value of ["1", "2", "3"]) expect(n1.ask(client, "SET", "a", value)).toBe("+OK\r\n");
  const early = group.frames.length;
  group.pass(5, 1);
  const late = group.frames.slice(early);
  expect(group.frames.length).toBeLessThanOrEqual(2 * 2);
  expect(late.length).toBe(2);
  expect(late[0]).toBe(late[1]);
  expect(group.member("n2").member.log.tail.lastOffset).toBe(n1.member.log.tail.lastOffset);
});
