/** Outages as the gap between acknowledged writes around each fault. */
import { describe, expect, it } from "vitest";
import type { History, Operation, Outcome } from "../../cluster/chaos/history.ts";
import { outagesOf } from "../../cluster/chaos/outages.ts";
import { summarize } from "../../cluster/chaos/quantiles.ts";

function write(client: number, returnedAtMs: number, outcome: Outcome = "acknowledged"): Operation {
  return {
    kind: "write",
    client,
    key: "k",
    value: "v",
    invokedAtMs: returnedAtMs - 1,
    returnedAtMs,
    outcome,
  };
}

function history(operations: Operation[], ...faultsAtMs: number[]): History {
  const faults = faultsAtMs.map((atMs) => ({ atMs, action: "kill", target: "n1" }));
  return { operations, faults, unansweredReads: 0, startedAtMs: 0, endedAtMs: 1000 };
}

describe("outages", () => {
  it("run from the last acknowledged write before a fault to the first after it", () => {
    const operations = [
      write(0, 90),
      write(0, 99),
      write(0, 150, "indeterminate"),
      write(0, 250),
      write(0, 260),
    ];
    expect(outagesOf(history(operations, 100))).toMatchObject([{ anyClientMs: 151, recovered: true }]);
  });

  it("find the gap that opens a moment after the fault", () => {
    const operations = [write(0, 99), write(0, 101), write(0, 301), write(0, 302)];
    expect(outagesOf(history(operations, 100))).toMatchObject([{ anyClientMs: 200 }]);
  });

  it("tell the first client that was back from the last", () => {
    const operations = [write(0, 99), write(1, 98), write(0, 150), write(1, 198)];
    expect(outagesOf(history(operations, 100))).toMatchObject([{ anyClientMs: 51, everyClientMs: 100 }]);
  });

  it("belong each to its own fault", () => {
    const operations = [write(0, 99), write(0, 120), write(0, 499), write(0, 510)];
    const outages = outagesOf(history([...operations, write(0, 121), write(0, 498)], 100, 500));
    expect(outages.map(({ anyClientMs }) => anyClientMs)).toEqual([377, 11]);
  });

  it("never end when nothing was acknowledged again", () => {
    expect(outagesOf(history([write(0, 99)], 100))).toMatchObject([{ anyClientMs: 901, recovered: false }]);
  });
});

describe("summaries", () => {
  it("take quantiles that were really measured", () => {
    expect(summarize([5, 1, 3, 2, 4, 10])).toEqual({ count: 6, min: 1, median: 3, p99: 10, max: 10 });
  });

  it("are absent without values", () => {
    expect(summarize([])).toBeNull();
  });
});
