import { expect, it } from "vitest";
import type { Client } from "../../../src/core/client.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { NodeMessage, Publications } from "../../../src/protocol/peer/node-messages.ts";
import { TestGroup } from "./test-group.ts";
import type { TestMember } from "./test-member.ts";

class WatchedGroup extends TestGroup {
  readonly sent: { readonly to: LinkId; readonly published: Publications["published"] }[] = [];

  override send(from: TestMember, link: LinkId, message: NodeMessage): void {
    if (message.type === "publications") this.sent.push({ to: link, published: message.published });
    super.send(from, link, message);
  }
}

const heard = (message: string): string =>
  `*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$${message.length}\r\n${message}\r\n`;

function subscribed(member: TestMember): Client {
  const client = member.connect();
  member.run(client, "SUBSCRIBE", "news");
  return client;
}

it("PUBLISH on the master reaches the subscribers of a replica", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const n2 = group.member("n2");
  const subscriber = subscribed(n2);
  n1.run(n1.connect(), "PUBLISH", "news", "hello");
  group.settle();
  expect(n2.read(subscriber)).toBe(heard("hello"));
});

it("what is published in one turn is one message to each replica, and comes in order", () => {
  const group = new WatchedGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const n2 = group.member("n2");
  const subscriber = subscribed(n2);
  const bodies = Array.from({ length: 100 }, (_, at) => `${at}`);
  n1.runAll(
    n1.connect(),
    bodies.map((body) => ["PUBLISH", "news", body]),
  );
  group.settle();
  expect(group.sent).toHaveLength(2);
  expect(new Set(group.sent.map(({ to }) => to)).size).toBe(2);
  expect(n2.read(subscriber)).toBe(bodies.map(heard).join(""));
});

it("a message to replicas has bounds, unless it is of one publication alone", () => {
  const group = new WatchedGroup();
  const n1 = group.reign(1, "n1", ["n2"]);
  const bodies = ["a".repeat(40_000), "b".repeat(20_000), "c".repeat(10_000), "d".repeat(200_000), "e"];
  n1.runAll(
    n1.connect(),
    bodies.map((body) => ["PUBLISH", "news", body]),
  );
  group.settle();
  const letters = group.sent.map(({ published }) => published.map(({ message }) => message[0]).join(""));
  expect(letters).toEqual(["ab", "c", "d", "e"]);
});

it("a replica with many subscribers delivers in pieces, once and in order", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2"]);
  const n2 = group.member("n2");
  const subscribers = Array.from({ length: 20 }, () => subscribed(n2));
  const bodies = Array.from({ length: 1000 }, (_, at) => `${at}`);
  const published = bodies.map((message) => ({ channel: "news", message }));
  group.tell(n2, n1, { type: "publications", published });
  const first = subscribers.map((subscriber) => n2.read(subscriber));
  const turns: string[][] = [];
  while (n2.member.wantsFlush) {
    n2.flush();
    turns.push(subscribers.map((subscriber) => n2.read(subscriber)));
  }
  expect(turns.length).toBeGreaterThan(1);
  for (const [at, text] of first.entries()) {
    expect(text + turns.map((turn) => turn[at]).join("")).toBe(bodies.map(heard).join(""));
  }
});
