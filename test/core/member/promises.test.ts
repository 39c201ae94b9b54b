/** What a member has promised binds it: whom it answers, and what of an older epoch it takes no more. */
import { describe, expect, it } from "vitest";
import type { SentinelId, StartId } from "../../../src/base/ids.ts";
import { LEADER, TestGroup } from "./test-group.ts";

const OTHER_LEADER = { id: "s2" as SentinelId, startId: "s2-start" as StartId };

describe("promises", () => {
  it("does not answer a seal before the promise is durable", () => {
    const group = new TestGroup();
    const n1 = group.member("n1");
    n1.diskIsSlow = true;
    group.seal(n1, 1);
    expect(n1.answers.some(({ type }) => type === "sealed")).toBe(false);
    n1.releaseDisk();
    expect(n1.lastAnswer("sealed").epoch).toBe(1);
  });

  it("refuses a second leader of the same epoch, and an older epoch", () => {
    const group = new TestGroup();
    const n1 = group.member("n1");
    group.seal(n1, 2);
    group.seal(n1, 2, OTHER_LEADER);
    expect(n1.lastAnswer("refused")).toMatchObject({ what: "seal", epoch: 2, promise: { epoch: 2 } });
    group.seal(n1, 1);
    expect(n1.lastAnswer("refused")).toMatchObject({ what: "seal", epoch: 1 });
  });

  it("keeps its promise over a restart", () => {
    const group = new TestGroup();
    const n1 = group.member("n1");
    group.seal(n1, 5);
    group.restart(n1);
    group.seal(n1, 4);
    expect(n1.lastAnswer("refused")).toMatchObject({ epoch: 4, promise: { epoch: 5, leader: LEADER } });
  });

  it("neither follows nor says so before the promise is durable", () => {
    const group = new TestGroup();
    group.reign(1, "n1", ["n3"]);
    const n2 = group.member("n2");
    n2.diskIsSlow = true;
    const record = group.record(1, "n1");
    group.order(n2, {
      type: "follow",
      group: "mymaster",
      epoch: record.number.epoch,
      leader: LEADER,
      record,
    });
    const { replicas } = group.member("n1").member.status();
    expect(replicas.map(({ id }) => id)).toEqual(["n3"]);
    expect(n2.answers.some(({ type }) => type === "following")).toBe(false);
    n2.releaseDisk();
    group.settle();
    expect(n2.lastAnswer("following").epoch).toBe(1);
    expect(group.member("n1").member.status().replicas).toHaveLength(2);
  });

  it("acknowledges nothing of an older epoch once it is sealed", () => {
    const group = new TestGroup();
    const n1 = group.reign(1, "n1", ["n2", "n3"]);
    const client = n1.connect();
    group.seal(group.member("n2"), 2);
    group.seal(group.member("n3"), 2);
    expect(n1.run(client, "SET", "a", "1")).toBe("");
    group.settle();
    expect(n1.read(client)).toBe("");
    expect(n1.member.log.committed).toBeLessThan(n1.member.log.tail.lastOffset);
  });
});
