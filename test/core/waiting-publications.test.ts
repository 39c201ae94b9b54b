import { expect, it } from "vitest";
import type { Offset } from "../../src/base/ids.ts";
import { ReplyGate } from "../../src/core/replication/reply-gate.ts";
import { WaitingPublications } from "../../src/core/waiting-publications.ts";

it("of what waits for an unsafe record only so much is kept", () => {
  const waiting = new WaitingPublications(2 * 128);
  const gate = new ReplyGate(() => undefined, { uncertain: "", unconfirmed: "" });
  const publish = (message: string): void => waiting.add(1 as Offset, { channel: "news", message });
  for (const message of ["one", "two", "1"]) publish(message);
  gate.advance(1 as Offset, 0);
  const heard: string[] = [];
  const release = (): void =>
    waiting.release(
      gate,
      (_, message) => void heard.push(message),
      () => true,
    );
  release();
  expect(heard).toEqual(["one"]);
  publish("later");
  release();
  expect(heard).toEqual(["one", "later"]);
});

it("what a call may not release waits for the next one, in order", () => {
  const waiting = new WaitingPublications();
  const gate = new ReplyGate(() => undefined, { uncertain: "", unconfirmed: "" });
  for (const message of ["one", "two", "three"]) waiting.add(1 as Offset, { channel: "news", message });
  const heard: string[] = [];
  const release = (countMax: number): void =>
    waiting.release(
      gate,
      (_, message) => void heard.push(message),
      (done) => done < countMax,
    );
  expect(waiting.hasSafe(gate)).toBe(false);
  gate.advance(1 as Offset, 0);
  expect(waiting.hasSafe(gate)).toBe(true);
  release(2);
  expect(heard).toEqual(["one", "two"]);
  expect(waiting.hasSafe(gate)).toBe(true);
  release(2);
  expect(heard).toEqual(["one", "two", "three"]);
  expect(waiting.hasSafe(gate)).toBe(false);
});
