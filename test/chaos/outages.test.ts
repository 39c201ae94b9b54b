/** Outages as the gap between acknowledged writes around each fault. */
import { describe, expect, it } from "vitest";
import type { FaultMark, History, Operation, Outcome } from "../../cluster/chaos/history.ts";
import { outagesOf } from "../../cluster/chaos/outages.ts";
import { summarize } from "../../cluster/chaos/quantiles.ts";

function write(
  client: number,
  returnedAtMs: number,
  outcome: Outcome = "acknowledged",
  invokedAtMs: number = returnedAtMs - 1,
): Operation {
  return {
    kind: "write",
    client,
    key: "k",
    value: "v",
    invokedAtMs,
    returnedAtMs,
    outcome,
  };
}

/** It ends with its last operation. */
function history(operations: Operation[], ...faultsAtMs: number[]): History {
  const endedAtMs = Math.max(...operations.map(({ returnedAtMs }) => returnedAtMs));
  return { ...withFaults(operations, ...faultsAtMs.map((atMs) => ({ atMs }))), endedAtMs };
}

/** It ends at 10000. */
function withFaults(operations: Operation[], ...marks: Omit<FaultMark, "action" | "target">[]): History {
  const faults = marks.map((mark) => ({ ...mark, action: "kill", target: "n1" }));
  return { operations, faults, unansweredReads: 0, startedAtMs: 0, endedAtMs: 10_000 };
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
    const never = withFaults([write(0, 99)], { atMs: 100 });
    expect(outagesOf(never)).toMatchObject([{ anyClientMs: 9901, recovered: false }]);
  });

  it("are not ended by an acknowledgement that was on its way when the fault came", () => {
    const operations = [write(0, 999), write(1, 1000.3), write(0, 9000), write(1, 9001)];
    expect(outagesOf(withFaults(operations, { atMs: 1000 }, { atMs: 6000 }))).toMatchObject([
      { anyClientMs: 4999.7, recovered: false },
      { anyClientMs: 7999.7, recovered: true },
    ]);
  });

  it("are not ended by what was sent before the fault was done", () => {
    const operations = [write(0, 999), write(0, 1003, "acknowledged", 1001)];
    const [slow] = outagesOf(withFaults(operations, { atMs: 1000, brokenAtMs: 1002 }));
    expect(slow).toMatchObject({ anyClientMs: 8997, recovered: false });
  });

  it("have not ended while the last one is open, though some writes came through before", () => {
    const operations = [write(0, 999), write(0, 1100), write(0, 1200)];
    const [mended] = outagesOf(withFaults(operations, { atMs: 1000, mendedAtMs: 3000 }));
    expect(mended).toMatchObject({ anyClientMs: 8800, everyClientMs: 8800, recovered: false });
    const [cutShort] = outagesOf(withFaults(operations, { atMs: 1000 }));
    expect(cutShort).toMatchObject({ anyClientMs: 8800, recovered: true });
  });

  it("count for a client that has not come back, although another has", () => {
    const operations = [write(0, 999), write(1, 998), write(1, 1001), write(0, 1100), write(0, 9999)];
    expect(outagesOf(withFaults(operations, { atMs: 1000 }))).toMatchObject([{ everyClientMs: 8999 }]);
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
