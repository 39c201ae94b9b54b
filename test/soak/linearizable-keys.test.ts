/** Recorded histories in the checker's terms: what was answered, what was not, and what certainly did not happen. */
import { describe, expect, it } from "vitest";
import type { Operation, Outcome } from "../../cluster/chaos/history.ts";
import { unexplainedKeys } from "../../cluster/soak/linearizable-keys.ts";

const at = (atMs: number) => ({ client: 0, key: "k", invokedAtMs: atMs, returnedAtMs: atMs + 1 });
const write = (atMs: number, value: string, outcome: Outcome = "acknowledged"): Operation => ({
  ...at(atMs),
  kind: "write",
  value,
  outcome,
});
const read = (atMs: number, value: string | null): Operation => ({ ...at(atMs), kind: "read", value });
const increment = (atMs: number, result: number): Operation => ({
  ...at(atMs),
  kind: "increment",
  result,
  outcome: "acknowledged",
});
const swap = (atMs: number, expected: string | null, value: string, outcome: Outcome): Operation => ({
  ...at(atMs),
  kind: "compareAndSet",
  expected,
  value,
  execAtMs: atMs + 0.5,
  outcome,
});

describe("a recorded history", () => {
  it.each<[string, Operation[]]>([
    ["a write that was refused is nowhere", [write(1, "a"), write(3, "b", "failed"), read(5, "a")]],
    [
      "a write without an answer may come late",
      [write(1, "a", "indeterminate"), read(3, null), read(5, "a")],
    ],
    ["increments count", [increment(1, 1), increment(3, 2), read(5, "2")]],
    ["a swap that was aborted did nothing", [write(1, "a"), swap(3, "a", "b", "failed"), read(5, "a")]],
    ["a swap without an answer may have worked", [swap(1, null, "b", "indeterminate"), read(5, "b")]],
    [
      "a swap took effect at EXEC, not at WATCH",
      [
        write(1, "a"),
        { ...swap(2, "a", "b", "acknowledged"), returnedAtMs: 5 },
        read(2.2, "a"),
        read(6, "b"),
      ],
    ],
  ])("passes: %s", (_, operations) => {
    expect(unexplainedKeys(operations)).toEqual([]);
  });

  it.each<[string, Operation[]]>([
    ["a lost write", [write(1, "a"), read(3, null)]],
    ["a refused write that is there", [write(1, "a", "failed"), read(3, "a")]],
    ["a swap of a value that was gone", [write(1, "a"), write(3, "b"), swap(5, "a", "c", "acknowledged")]],
    ["a lost increment", [increment(1, 1), increment(3, 1)]],
    ["an aborted swap that took effect", [write(1, "a"), swap(3, "a", "b", "failed"), read(5, "b")]],
  ])("fails: %s", (_, operations) => {
    expect(unexplainedKeys(operations).map(({ key }) => key)).toEqual(["k"]);
  });
});
