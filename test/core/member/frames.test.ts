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

it("sends the records of several turns as one frame, though acks of earlier ones come in between", () => {
  const group = new WatchedGroup({ mode: "async", copies: 1 });
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const client = n1.connect();
  group.pass(200);
  group.frames.length = 0;
  group.now = { monoMs: group.now.monoMs + 5, wallMs: group.now.wallMs + 5 };
  n1.run(client, "SET", "a", "1");
  expect(group.frames.length).toBe(2);
  for (const value of ["2", "3"]) n1.run(client, "SET", "a", value);
  // The acks of the first frame arrive.
  group.settle();
  expect(group.frames.length).toBe(2);
  group.pass(5, 1);
  expect(group.frames.length).toBe(4);
  // One message for both replicas, so that it is encoded once.
  expect(group.frames[2]).toBe(group.frames[3]);
  expect(group.member("n2").member.log.tail.lastOffset).toBe(n1.member.log.tail.lastOffset);
});
