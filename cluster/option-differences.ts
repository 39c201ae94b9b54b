/**
 * What `startCluster` was asked for by name otherwise than the record in its `dataDir` says, in words. The record rules; a test
 * should not take it for what it asked for. Pure.
 */
import type { MemberId } from "../src/base/ids.ts";
import { type GroupRecord, memberOf } from "../src/rules/group-record.ts";
import { type ClusterOptions, type NodeChoices, nodeChoices } from "./cluster-options.ts";
import { shownValue } from "./config/shown.ts";
import { recordDifferences } from "./processes/record-differences.ts";

/** @returns nothing for what was left to its default. */
export function optionDifferences(options: ClusterOptions, record: GroupRecord): string[] {
  const { nodes, replication = record.mode, copies = null } = options;
  const choices = nodes === undefined ? [] : nodeChoices(options);
  const ids = nodes === undefined ? record.members.map(({ id }) => id) : choices.map((_, at) => nodeId(at));
  return [
    ...recordDifferences({ replication, copies }, ids, record),
    ...choices.flatMap((choice, at) => choiceDifferences(choice, at, record)),
  ];
}

function choiceDifferences(choices: NodeChoices, at: number, record: GroupRecord): string[] {
  const member = memberOf(record, nodeId(at));
  if (member === undefined) return [];
  const { priority = member.priority, zone = member.zone, voting = member.voting } = choices;
  return Object.entries({ priority, zone, voting })
    .filter(([key, value]) => member[key as keyof NodeChoices] !== value)
    .map(([key, value]) => {
      const recorded = shownValue(member[key as keyof NodeChoices]);
      return `${key} of ${member.id} is ${recorded}, not ${shownValue(value)}`;
    });
}

function nodeId(at: number): MemberId {
  return `n${at + 1}` as MemberId;
}
