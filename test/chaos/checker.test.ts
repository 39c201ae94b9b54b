/** The checker on hand-made histories: what a correct store may show, and every way to lose or invent a write. */
import { describe, expect, it } from "vitest";
import { check } from "../../cluster/chaos/checker.ts";
import type { Operation, Outcome } from "../../cluster/chaos/history.ts";

/** An operation takes 1 ms from `at` unless told otherwise. */
function write(
  value: string,
  at: number,
  outcome: Outcome = "acknowledged",
  returnedAtMs = at + 1,
): Operation {
  return { kind: "write", client: 0, key: "k", value, invokedAtMs: at, returnedAtMs, outcome };
}

function read(value: string | null, at: number, returnedAtMs = at + 1): Operation {
  return { kind: "read", client: 1, key: "k", value, invokedAtMs: at, returnedAtMs };
}

function increment(result: number | null, at: number, outcome: Outcome = "acknowledged"): Operation {
  return { kind: "increment", client: 0, key: "k", result, invokedAtMs: at, returnedAtMs: at + 1, outcome };
}

function compareAndSet(expected: string | null, value: string, at: number, client = 0): Operation {
  const times = { invokedAtMs: at, execAtMs: at + 1, returnedAtMs: at + 2 };
  return { kind: "compareAndSet", client, key: "k", expected, value, ...times, outcome: "acknowledged" };
}

function verdictOf(...operations: Operation[]): { lost: number; kinds: string[] } {
  const { lost, anomalies } = check(operations, { clientResends: false });
  return { lost, kinds: anomalies.map(({ kind }) => kind) };
}

const FINE = { lost: 0, kinds: [] };

describe("checker of registers", () => {
  it("accepts reads of the last acknowledged write", () => {
    expect(verdictOf(read(null, 0), write("1", 10), read("1", 20), write("2", 30), read("2", 40))).toEqual(
      FINE,
    );
  });

  it("counts every acknowledged write behind an older value as lost", () => {
    const history = [write("1", 0), write("2", 10), write("3", 20), write("4", 30), read("2", 40)];
    expect(verdictOf(...history)).toEqual({ lost: 2, kinds: ["lost-write", "lost-write"] });
  });

  it("counts a lost write once, however often its absence is read", () => {
    expect(verdictOf(write("1", 0), write("2", 10), read("1", 20), read("1", 30)).lost).toBe(1);
  });

  it("counts a write as lost although later writes have covered the loss", () => {
    expect(verdictOf(write("1", 0), write("2", 10), read("1", 20), write("3", 30), read("3", 40)).lost).toBe(
      1,
    );
  });

  it("counts all acknowledged writes as lost when the key is gone", () => {
    expect(verdictOf(write("1", 0), write("2", 10), read(null, 20)).lost).toBe(2);
  });

  it("accepts that an indeterminate write happened, or never happened", () => {
    expect(verdictOf(write("1", 0), write("2", 10, "indeterminate"), read("1", 20))).toEqual(FINE);
    expect(verdictOf(write("1", 0), write("2", 10, "indeterminate"), read("2", 20))).toEqual(FINE);
  });

  it("accepts that an indeterminate write happens late, even after a newer acknowledged one", () => {
    const history = [
      write("1", 0),
      write("2", 10, "indeterminate"),
      write("3", 20),
      read("3", 30),
      read("2", 40),
    ];
    expect(verdictOf(...history)).toEqual(FINE);
  });

  it("catches an indeterminate write that was read, covered, and comes back", () => {
    const history = [write("1", 0, "indeterminate"), read("1", 10), write("2", 20), read("1", 30)];
    expect(verdictOf(...history)).toEqual({ lost: 1, kinds: ["lost-write"] });
  });

  it("catches a read that goes behind an earlier read of an indeterminate write", () => {
    const history = [write("1", 0), write("2", 10, "indeterminate"), read("2", 20), read("1", 30)];
    expect(verdictOf(...history)).toEqual({ lost: 0, kinds: ["stale-read"] });
  });

  it("catches the value of a failed write", () => {
    expect(verdictOf(write("1", 0), write("2", 10, "failed"), read("2", 20)).kinds).toEqual([
      "unknown-value",
    ]);
  });

  it("catches a value that was read before it was written", () => {
    expect(verdictOf(read("1", 0), write("1", 10)).kinds).toEqual(["read-from-the-future"]);
  });

  it("accepts either value while a write is under way", () => {
    const slow = write("2", 10, "acknowledged", 50);
    expect(verdictOf(write("1", 0), slow, read("1", 20), read("2", 30), read("2", 60))).toEqual(FINE);
  });

  it("catches the old value after the new one was read, although the write is still under way", () => {
    const slow = write("2", 10, "acknowledged", 50);
    expect(verdictOf(write("1", 0), slow, read("2", 20), read("1", 30)).kinds).toEqual(["lost-write"]);
  });

  it("tells a loss inside the longest of several overlapping reigns", () => {
    const history = [
      write("1", 0),
      write("2", 10),
      read("2", 15),
      write("3", 30),
      read("3", 35),
      write("4", 40),
      read("1", 50),
    ];
    expect(verdictOf(...history).lost).toBe(3);
  });
});

describe("checker of counters", () => {
  it("accepts increments that count one by one", () => {
    expect(verdictOf(increment(1, 0), increment(2, 10), read("2", 20))).toEqual(FINE);
  });

  it("accepts that indeterminate increments counted or not", () => {
    const twoInDoubt = [
      increment(1, 0),
      increment(null, 10, "indeterminate"),
      increment(null, 20, "indeterminate"),
    ];
    for (const shown of ["1", "2", "3"]) expect(verdictOf(...twoInDoubt, read(shown, 30))).toEqual(FINE);
  });

  it("counts each acknowledged increment above a later low point as lost", () => {
    const history = [increment(1, 0), increment(2, 10), increment(3, 20), increment(2, 30)];
    expect(verdictOf(...history).lost).toBe(2);
  });

  it("catches a loss that indeterminate increments have filled up", () => {
    const history = [increment(1, 0), increment(2, 10), increment(null, 20, "indeterminate"), read("1", 30)];
    expect(verdictOf(...history, increment(2, 40), read("2", 50)).lost).toBe(1);
  });

  it("catches two concurrent increments with the same answer", () => {
    expect(verdictOf(increment(1, 0), increment(1, 0.5)).lost).toBe(1);
  });

  it("catches a counter that is lower than the acknowledged increments, although no answer shows it go back", () => {
    const overlapping = { ...increment(1, 0), returnedAtMs: 100 } as Operation;
    expect(verdictOf(overlapping, read("0", 110)).lost).toBe(1);
  });

  it("catches an increment that counted twice, unless the client resends by itself", () => {
    const history = [increment(1, 0), increment(3, 10)];
    expect(verdictOf(...history).kinds).toEqual(["extra-increment"]);
    expect(check(history, { clientResends: true }).anomalyCount).toBe(0);
  });

  it("refuses to judge a counter that is no number", () => {
    expect(() => verdictOf(increment(1, 0), read("banana", 10))).toThrow(/banana/);
  });
});

describe("checker of compare-and-set", () => {
  it("accepts a chain of updates", () => {
    expect(verdictOf(compareAndSet(null, "1", 0), compareAndSet("1", "2", 10), read("2", 20))).toEqual(FINE);
  });

  it("catches one value replaced twice", () => {
    const history = [
      compareAndSet(null, "1", 0),
      compareAndSet("1", "2", 10),
      compareAndSet("1", "3", 11, 1),
    ];
    expect(verdictOf(...history).kinds).toContain("lost-update");
  });

  it("counts an update as lost when a later one succeeds on the value before it", () => {
    const history = [compareAndSet(null, "1", 0), compareAndSet("1", "2", 10), compareAndSet("1", "3", 20)];
    expect(verdictOf(...history)).toEqual({ lost: 1, kinds: ["lost-write", "lost-update"] });
  });
});

describe("checker", () => {
  it("counts outcomes and reads", () => {
    const history = [write("1", 0), write("2", 10, "failed"), write("3", 20, "indeterminate"), read("1", 30)];
    expect(check(history, { clientResends: false })).toMatchObject({
      acknowledged: 1,
      failed: 1,
      indeterminate: 1,
      reads: 1,
      lost: 0,
    });
  });

  it("judges each key by itself", () => {
    const other = { ...write("9", 5), key: "other" };
    expect(verdictOf(write("1", 0), other, read("1", 10))).toEqual(FINE);
  });
});
