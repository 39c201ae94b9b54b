import { describe, expect, it } from "vitest";
import type { ConfiguredGroup } from "../../sentinel/sentinel-config.ts";
import { survivalOf } from "../../sentinel/survival.ts";
import type { MemberId } from "../../src/base/ids.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";

function group(voters: number, mode: ReplicationMode, copies: number | null, observers = 0): ConfiguredGroup {
  const nodes = Array.from({ length: voters + observers }, (_, index) => ({
    id: `n${index + 1}` as MemberId,
    url: `ws://127.0.0.1:${16_379 + index}`,
    priority: 100,
    zone: "",
    voting: index < voters,
  }));
  const timing = { quorum: 2, downAfterMs: 1000, stallAfterMs: 2000, switchoverTimeoutMs: 5000 };
  return { name: "mymaster", nodes, ...timing, replication: { mode, copies }, crashEvidence: true };
}

describe("what a configuration survives", () => {
  it("takes a node to vote unless it is said to be an observer", () => {
    const nodes = [{}, { voting: false }, {}, { voting: undefined }];
    expect(survivalOf({ ...group(3, "semi-sync", null), nodes }, 3)).toBe(
      "3 nodes and 1 observer, W 2: any 1 node; 3 sentinels: any 1 sentinel",
    );
  });

  it.each([
    [group(3, "semi-sync", null), 3, "3 nodes, W 2: any 1 node; 3 sentinels: any 1 sentinel"],
    [group(2, "semi-sync", 2), 3, "2 nodes, W 2: no node; 3 sentinels: any 1 sentinel"],
    [group(3, "sync", 3), 3, "3 nodes, W 3: no node; 3 sentinels: any 1 sentinel"],
    [group(3, "semi-sync", 1), 3, "3 nodes, W 1: no node; 3 sentinels: any 1 sentinel"],
    [group(5, "sync", 3), 5, "5 nodes, W 3: any 2 nodes; 5 sentinels: any 2 sentinels"],
    [
      group(3, "async", null),
      2,
      "3 nodes, async: any 2 nodes, but the last writes may be lost; 2 sentinels: no sentinel",
    ],
    [group(1, "async", null), 3, "1 node, async: no node; 3 sentinels: any 1 sentinel"],
    [group(3, "semi-sync", 2, 1), 3, "3 nodes and 1 observer, W 2: any 1 node; 3 sentinels: any 1 sentinel"],
    [{ ...group(3, "semi-sync", 2), quorum: 5 }, 5, "3 nodes, W 2: any 1 node; 5 sentinels: no sentinel"],
  ])("%#: %s sentinels", (configured, sentinels, expected) => {
    expect(survivalOf(configured, sentinels)).toBe(expected);
  });
});
