import { describe, expect, it } from "vitest";
import type { ClusterOptions } from "../../cluster/cluster-options.ts";
import { optionDifferences } from "../../cluster/option-differences.ts";
import type { GroupRecord } from "../../src/rules/group-record.ts";

const member = (id: string) => ({ id, priority: 100, zone: "", voting: true });
const record = {
  mode: "semi-sync",
  copies: 2,
  members: [{ ...member("n1"), priority: 5 }, member("n2"), { ...member("n3"), voting: false }],
} as unknown as GroupRecord;

describe("what was asked for otherwise than is recorded", () => {
  it.each([
    [{}, []],
    [{ replication: "semi-sync", copies: 2, nodes: 3 }, []],
    [{ nodes: [{ priority: 5 }, {}, { voting: false }] }, []],
    [{ nodes: [{}, { zone: undefined } as unknown as object, {}] }, []],
    [{ replication: "sync" }, ["replication is semi-sync, not sync"]],
    [{ copies: 3 }, ["copies is 2, not 3"]],
    [{ nodes: 2 }, ["n3 is a member, but not started"]],
    [{ nodes: 4 }, ["n4 is no member"]],
    [
      { nodes: [{ priority: 7 }, { zone: "a" }, { voting: true }] },
      ["priority of n1 is 5, not 7", 'zone of n2 is "", not "a"', "voting of n3 is false, not true"],
    ],
  ] satisfies [ClusterOptions, string[]][])("of %j", (options, differences) => {
    expect(optionDifferences(options, record)).toEqual(differences);
  });
});
