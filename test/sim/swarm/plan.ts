/**
 * What one seed simulates: the cluster, its speeds, the load, and a list of faults. Computed before anything runs, so
 * that a fault can be left out without changing the others. Draws one plain group; `wider-plan.ts` adds the rest.
 */
import type { Millis } from "../../../src/base/ids.ts";
import { type Randomness, SeededRandomness } from "../../../src/base/randomness.ts";
import type { ReplicationMode } from "../../../src/rules/group-record.ts";
import { defaultCopies, majority } from "../../../src/rules/quorums.ts";
import type { FsyncPolicy } from "../world/node-disk.ts";

export const FAULT_KINDS = [
  "killNode",
  "killMaster",
  "crashMidway",
  "crashMasterMidway",
  "pauseNode",
  "pauseMaster",
  "rebootNode",
  "wipeNode",
  "stopCleanly",
  "killSentinel",
  "crashSentinelMidway",
  "pauseSentinel",
  "wipeSentinel",
  "partition",
  "isolateMaster",
  "oneWayIn",
  "oneWayOut",
  "cutPair",
  "bridge",
  "resetLinks",
  "slowLinks",
  "slowDisk",
  "diskFull",
  "clockJump",
  "snapshot",
  "switchover",
  "failover",
  "killAllNodes",
] as const;

/** Drawn apart, so that seeds that don't know them stay what they were. */
const LATER_KINDS = ["hideMaster", "loseMasterTwice"] as const;

/** Known to the wider plans alone. */
export const WIDER_KINDS = ["moveNode", "lossyLinks", "refuseDials", "rotRecord", "failDisk"] as const;

/** Beyond the promise. */
export const BEYOND_KINDS = ["powerCutAll", "wipeSentinels"] as const;

export type FaultKind =
  | (typeof FAULT_KINDS)[number]
  | (typeof LATER_KINDS)[number]
  | (typeof WIDER_KINDS)[number]
  | (typeof BEYOND_KINDS)[number];

export interface PlannedFault {
  /** Its place in the seed's list, from 1: stays the same when others are left out. */
  readonly number: number;
  readonly atMs: Millis;
  readonly kind: FaultKind;
  readonly lastsMs: Millis;
  /** Seeds whatever else the fault has to draw. */
  readonly dice: number;
}

export interface PlannedNode {
  readonly policy: FsyncPolicy;
  readonly priority: number;
  readonly clockRate: number;
  /** False for an observer. */
  readonly voting: boolean;
}

export interface GroupPlan {
  readonly nodes: readonly PlannedNode[];
  readonly mode: ReplicationMode;
  /** As configured; `null` leaves it to the default. */
  readonly copiesConfigured: number | null;
  /** W. */
  readonly copies: number;
  readonly quorum: number;
  readonly crashEvidence: boolean;
  readonly downAfterMs: Millis;
  readonly ackTimeoutMs: Millis;
  readonly snapshotAfterBytes: number;
  readonly logKeep: number;
  readonly clients: number;
  readonly replicaReaders: number;
  readonly registers: number;
  readonly counters: number;
  /** Share of the values set that expire, and after how long at the most. */
  readonly ttlShare: number;
  readonly ttlMsMax: Millis;
}

/**
 * `promised`: faults stay within what the configuration survives. `beyond`: they don't; the cluster may stop, and may
 * not lie. `calm`: only pauses too short for a failover. `cutForGood`: no fault but one partition that never heals,
 * around a core that can serve.
 */
export type PlanKind = (typeof PLAN_KINDS)[number];

export const PLAN_KINDS = ["promised", "beyond", "calm", "cutForGood"] as const;

/** Its own fields are those of the first group. */
export interface Plan extends GroupPlan {
  readonly seed: number;
  readonly kind: PlanKind;
  /** The clocks' first error, up or down. */
  readonly wallSkewMsMax: Millis;
  /** Watched by the same sentinels. */
  readonly furtherGroups: readonly GroupPlan[];
  readonly sentinels: number;
  readonly latencyMsMin: Millis;
  readonly latencyMsMax: Millis;
  readonly syncMs: Millis;
  readonly faultsUntilMs: Millis;
  readonly faults: readonly PlannedFault[];
  /** After the faults only what suffices comes back. */
  readonly healsCoreOnly: boolean;
}

export function groupsOf(plan: Plan): readonly GroupPlan[] {
  return [plan, ...plan.furtherGroups];
}

/** Begins the names of whatever belongs to a group; nothing for the first. */
export function groupPrefix(at: number): string {
  return at === 0 ? "" : `g${at + 1}`;
}

/** In the order in which faults draw them. */
export function nodeNames(plan: Plan): string[] {
  return groupsOf(plan).flatMap(({ nodes }, group) =>
    nodes.map((_, at) => `${groupPrefix(group)}n${at + 1}`),
  );
}

/** Draws the plan of one plain group. */
export function planOf(seed: number): Plan {
  const randomness = new SeededRandomness(seed * 2_654_435_761);
  const nodes = pick(randomness, [1, 2, 2, 3, 3, 3, 3, 3, 4, 5]);
  const sentinels = pick(randomness, [1, 2, 3, 3, 3, 3, 4, 5]);
  const mode = pick<ReplicationMode>(randomness, ["semi-sync", "semi-sync", "sync", "async"]);
  const copiesConfigured = mode === "async" || randomness.next() < 0.6 ? null : 1 + randomness.below(nodes);
  const policies = pick<readonly FsyncPolicy[]>(randomness, [
    ["always"],
    ["everysec"],
    ["always", "everysec", "no"],
    ["everysec", "memory"],
    ["memory"],
  ]);
  const downAfterMs = pick(randomness, [300, 500, 1000]);
  const latencyMsMin = pick(randomness, [0.05, 0.2, 1]);
  const faultsUntilMs = 5000 + randomness.below(4000);
  return {
    seed,
    nodes: Array.from({ length: nodes }, () => ({
      policy: pick(randomness, policies),
      priority: pick(randomness, [100, 100, 10]),
      clockRate: 1 + (randomness.next() - 0.5) * 0.01,
      voting: true,
    })),
    kind: "promised",
    wallSkewMsMax: 10_000,
    furtherGroups: [],
    ttlShare: 0,
    ttlMsMax: 0,
    sentinels,
    mode,
    copiesConfigured,
    copies: copiesConfigured ?? defaultCopies(mode, nodes),
    quorum: randomness.next() < 0.8 ? majority(sentinels) : 1 + randomness.below(sentinels),
    crashEvidence: randomness.next() < 0.85,
    downAfterMs,
    ackTimeoutMs: pick(randomness, [300, 1000]),
    latencyMsMin,
    latencyMsMax: latencyMsMin * pick(randomness, [1.5, 4, 10]),
    syncMs: pick(randomness, [0.3, 1, 4]),
    snapshotAfterBytes: pick(randomness, [1500, 6000, 100_000]),
    logKeep: pick(randomness, [0, 5, 40]),
    clients: 2 + randomness.below(3),
    replicaReaders: mode === "async" ? 0 : randomness.below(2),
    registers: 1 + randomness.below(3),
    counters: randomness.below(2),
    faultsUntilMs,
    faults: drawFaults(randomness, faultsUntilMs, seed),
    healsCoreOnly: randomness.next() < 0.4,
  };
}

/** Each seed knows only some kinds of faults, so that rare ones meet each other without being drowned. */
function drawFaults(randomness: Randomness, untilMs: Millis, seed: number): PlannedFault[] {
  const apart = new SeededRandomness(seed * 40_503);
  const kinds: FaultKind[] = [
    ...FAULT_KINDS.filter(() => randomness.next() < 0.25),
    ...LATER_KINDS.filter(() => apart.next() < 0.2),
  ];
  const meanGapMs = pick(randomness, [150, 400, 1000]);
  const lastsMs = pick(randomness, [150, 600, 2000]);
  const faults: PlannedFault[] = [];
  if (kinds.length === 0) return faults;
  // Now and then the first faults meet the bootstrap.
  let atMs = randomness.next() < 0.2 ? 0 : 1000;
  for (;;) {
    atMs += -Math.log(1 - randomness.next()) * meanGapMs;
    if (atMs >= untilMs) return faults;
    const kind = pick(randomness, kinds);
    const dice = seed * 1000 + faults.length;
    faults.push({
      number: faults.length + 1,
      atMs,
      kind,
      lastsMs: lastsMs * (0.1 + 1.5 * randomness.next()),
      dice,
    });
  }
}

export function pick<Choice>(randomness: Randomness, choices: readonly Choice[]): Choice {
  return choices[randomness.below(choices.length)] as Choice;
}
