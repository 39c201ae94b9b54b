/** A trace reads as a conversation: who says what to whom, in words. */
import { describe, expect, it } from "vitest";
import { runPlan } from "./run-plan.ts";
import { cutWords } from "./swarm/cut-words.ts";
import { faultWords } from "./swarm/fault-words.ts";
import { planOf } from "./swarm/plan.ts";
import type { TraceEvent } from "./trace.ts";
import { lineOf } from "./trace-words.ts";

function linesOf(seed: number): string[] {
  const lines: string[] = [];
  runPlan(planOf(seed), { onTrace: (event: TraceEvent) => lines.push(lineOf(event)) });
  return lines;
}

describe("a trace", () => {
  const lines = linesOf(33);

  it("begins each line with the time, then who speaks to whom", () => {
    for (const line of lines)
      expect(line).toMatch(/^ *\d+\.\d{3} {2}(\*|[a-z]+\d+( -> ([a-z]+\d+|nobody))?) +\S/);
  });

  it("names peers, not links, and leaves no object behind", () => {
    for (const line of lines) {
      expect(line).not.toMatch(/link \d|\[object|undefined|\{"/);
      expect(line.length).toBeLessThan(320);
    }
  });

  it.each([
    /s\d -> s\d +vote for me in 1 \(bootstrap\)/,
    /s\d -> s\d +votes in 1: yes/,
    /s\d -> n\d +seal: epoch 1, leader s\d/,
    /n\d -> s\d +sealed in 1: no role; promised 1; log 0\/0/,
    /s\d -> n\d +be master of 1, with your log at 0\/0, record 1\.1: n\d master; admitted n1 n2/,
    /n\d -> s\d +pong \d+: master of 1; promised 1; log 1\/\d+, committed \d+, applied \d+; has its lease/,
    /s\d -> n\d +ping \d+, saw pong \d+, lease of epoch 1/,
    /n\d -> n\d +records of 1: \d+ bytes after 1\/\d+, commit \d+, frame \d+/,
    /client\d -> n\d +set r\d client\d-\d+/,
    /n\d -> client\d +set r\d client\d-\d+: OK/,
    /\* +fault #2 at 1551 ms, for 320 ms: cut the master off, perhaps with others/,
    /\* +cut 1: n1 \| client1 client2 n2 s1 s2 s3/,
  ])("says %s", (words) => {
    expect(lines.some((line) => words.test(line))).toBe(true);
  });
});

describe("a fault in words", () => {
  it("names what it draws, as it will be drawn", () => {
    const plan = planOf(16);
    expect(plan.faults.map((fault) => faultWords(fault, plan))[0]).toBe(
      "#1 at 1994 ms, for 2986 ms: pause n2",
    );
  });
});

describe("a partition in words", () => {
  it("names both sides once", () => {
    const pairs = [
      ["n1", "n2"],
      ["n1", "s1"],
      ["n2", "n1"],
      ["s1", "n1"],
    ] as const;
    expect(cutWords(pairs)).toBe("n1 | n2 s1");
  });

  it("tells one-way cuts from others", () => {
    const pairs = [
      ["n1", "n2"],
      ["n1", "s1"],
    ] as const;
    expect(cutWords(pairs)).toBe("n1 > n2 s1");
  });
});
