import { expect, it } from "vitest";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { NodeMessage } from "../../../src/protocol/peer/node-messages.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

class HeardGroup extends TestGroup {
  /** Who beats, once for each beat, while somebody listens. */
  beats: string[] | undefined;

  override send(from: TestMember, link: LinkId, message: NodeMessage): void {
    if (message.type === "beat") this.beats?.push(from.id);
    super.send(from, link, message);
  }

  beatsWithin(ms: number): string[] {
    const beats: string[] = [];
    this.beats = beats;
    this.pass(ms);
    this.beats = undefined;
    return beats.toSorted();
  }
}

it("members beat for those to whom they say nothing else, and all see each other", () => {
  const group = new HeardGroup();
  group.reign(1, "n1", ["n2", "n3"]);
  group.pass(500);
  // The master's rounds and their acks are heard; the two replicas have nothing else to say to each other.
  expect(group.beatsWithin(300)).toEqual(["n2", "n2", "n2", "n3", "n3", "n3"]);
  for (const { id, member } of group.members) {
    const others = group.members.map((other) => other.id).filter((other) => other !== id);
    expect(member.status().sees.toSorted()).toEqual(others);
  }
});

it("a master beats for a member that does not follow it", () => {
  const group = new HeardGroup();
  const n1 = group.reign(1, "n1", ["n2"]);
  group.pass(500);
  expect(group.beatsWithin(300).filter((id) => id === "n1")).toEqual(["n1", "n1", "n1"]);
  expect(n1.member.status().sees.toSorted()).toEqual(["n2", "n3"]);
});
