/** Messages for many subscribers at once, on real sockets. */
import { expect, it } from "vitest";
import { RawClient } from "../io/redis/redis-harness.ts";
import { AskingClient, startLoneMaster } from "./lone-master.ts";

const SUBSCRIBERS = 50;
const MESSAGES = 1000;

it("the messages of one transaction let others in between, and come once and in order", async () => {
  const node = await startLoneMaster();
  const subscribers = await Promise.all(
    Array.from({ length: SUBSCRIBERS }, () => RawClient.open(node.address.port)),
  );
  for (const subscriber of subscribers) {
    subscriber.send("SUBSCRIBE news\r\n");
    await subscriber.receives("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n".length);
    subscriber.received = "";
  }
  const publisher = await RawClient.open(node.address.port);
  const other = await AskingClient.open(node);
  const bodies = Array.from({ length: MESSAGES }, (_, at) => String(1000 + at));
  const all = bodies.map((body) => `*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$4\r\n${body}\r\n`).join("");

  publisher.send(
    `MULTI\r\nSET key value\r\n${bodies.map((body) => `PUBLISH news ${body}\r\n`).join("")}EXEC\r\n`,
  );
  const last = subscribers.at(-1);
  let answersBetween = 0;
  while ((last?.received.length ?? 0) < all.length) {
    expect(await other.ask("PING")).toBe("+PONG");
    const bytes = last?.received.length ?? 0;
    if (bytes > 0 && bytes < all.length) answersBetween++;
  }
  // Ten pieces; how many answers come between depends on who is read first.
  expect(answersBetween).toBeGreaterThan(0);
  for (const subscriber of subscribers) {
    await subscriber.receives(all.length);
    expect(subscriber.received === all).toBe(true);
  }
});
