import { expect, it } from "vitest";
import { recordDifferences } from "../../../cluster/processes/record-differences.ts";
import { recordWith } from "../../sentinel/clients/sentinel-fixture.ts";

const NODES = ["n1", "n2", "n3"];
const record = recordWith("n1");

it("nothing differs where the record says what was planned, or where nothing was asked for", () => {
  expect(recordDifferences({ replication: "semi-sync", copies: 2 }, NODES, record)).toEqual([]);
  expect(recordDifferences({ replication: "semi-sync", copies: null }, NODES, record)).toEqual([]);
});

it("names both for all that the record says otherwise", () => {
  expect(recordDifferences({ replication: "sync", copies: 3 }, ["n1", "n2", "n4"], record)).toEqual([
    "replication is semi-sync, not sync",
    "copies is 2, not 3",
    "n4 is no member",
    "n3 is a member, but not started",
  ]);
});
