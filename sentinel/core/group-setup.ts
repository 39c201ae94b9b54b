/** Puts the parts of one group together, from the configuration and what was found on the disk. */
import type { Instant } from "../../src/base/instant.ts";
import type { Randomness } from "../../src/base/randomness.ts";
import type { ElectionRules } from "../../src/rules/election-rules.ts";
import { type MemberRecord, memberOf } from "../../src/rules/group-record.ts";
import { Beat } from "./beat.ts";
import type { GroupConfig, GroupNode } from "./core-config.ts";
import type { FastBudget } from "./fast-budget.ts";
import type { GroupContext, SelfIdentity } from "./group-context.ts";
import { LeaderSigns } from "./leader-signs.ts";
import { LeasesGiven } from "./leases.ts";
import { GroupLedger } from "./ledger.ts";
import { MasterProcess } from "./master-process.ts";
import { MemberWatch } from "./member-watch.ts";
import { GroupNotices } from "./notices.ts";
import type { SentinelOutbox } from "./outbox.ts";
import type { SentinelPeers } from "./peers.ts";
import type { StateKeeper } from "./sentinel-state.ts";

export interface GroupSetup {
  readonly config: GroupConfig;
  readonly self: SelfIdentity;
  readonly sentinels: number;
  readonly rules: ElectionRules;
  readonly randomness: Randomness;
  readonly outbox: SentinelOutbox;
  readonly peers: SentinelPeers;
  readonly keeper: StateKeeper;
  readonly now: Instant;
}

export function createContext(setup: GroupSetup, budget: FastBudget): GroupContext {
  const { config, self, sentinels, rules, randomness, outbox, peers, keeper, now } = setup;
  const nowMs = now.monoMs;
  const { name: group, downAfterMs } = config;
  const ledger = new GroupLedger({ group, self: self.id, sentinels, keeper, rules, downAfterMs, nowMs });
  // The configuration says where a member is now; the record, who is one.
  const recorded = ledger.stored?.members ?? [];
  const nodes = [...recorded, ...config.nodes];
  const beat = new Beat(now, downAfterMs);
  const watches = new Map(
    nodes.map((node) => [node.id, new MemberWatch(node, downAfterMs, beat, rules, nowMs)]),
  );
  reportDifferences(setup, ledger);
  const leases = new LeasesGiven();
  // An earlier life of this sentinel may have given a lease a moment ago.
  leases.note(null, rules.earlierLeaseMayStandUntilMs(nowMs, ledger.earlierLeaseMs));
  return {
    config,
    self,
    sentinels,
    beat,
    rules,
    randomness,
    outbox,
    notices: new GroupNotices(config.name, outbox, ledger, watches),
    peers,
    ledger,
    leases,
    signs: new LeaderSigns(rules),
    masterProcess: new MasterProcess(budget),
    watches,
  };
}

/** Of what sentinel.yaml says of a node itself: the rest is the node's own word at the first start. */
function traitDifferences(member: MemberRecord, node: GroupNode): string[] {
  return (["priority", "zone", "voting"] as const).flatMap((trait) => {
    const wanted = node[trait];
    if (wanted === undefined || wanted === member[trait]) return [];
    return [
      `${trait} of ${node.id} is ${JSON.stringify(member[trait])}, configured ${JSON.stringify(wanted)}`,
    ];
  });
}

/** The record rules after the first start; what the configuration says otherwise is not taken silently. */
function reportDifferences(setup: GroupSetup, ledger: GroupLedger): void {
  const { config, outbox } = setup;
  const record = ledger.stored;
  if (record === null) return;
  const differences: string[] = [];
  const { mode, copies } = config.replication;
  if (mode !== record.mode) differences.push(`mode is ${record.mode}, configured ${mode}`);
  if (copies !== null && copies !== record.copies) {
    differences.push(`copies is ${record.copies}, configured ${copies}`);
  }
  const known = new Set(record.members.map((member) => member.id));
  const configured = new Set(config.nodes.map((node) => node.id));
  for (const id of configured) if (!known.has(id)) differences.push(`${id} is configured, but no member`);
  for (const id of known) if (!configured.has(id)) differences.push(`${id} is a member, but not configured`);
  for (const node of config.nodes) {
    const member = memberOf(record, node.id);
    if (member !== undefined) differences.push(...traitDifferences(member, node));
  }
  if (differences.length === 0) return;
  outbox.log(
    "warn",
    "config.differs",
    { group: config.name, differences },
    "the group record rules; the configuration differs",
  );
}
