/**
 * What few clusters have, put on top of a plain plan: a second group, observers, values that expire, rarer faults; and
 * the three other kinds of run. Drawn apart, so that the plain part of a seed stays what it was.
 */
import type { Millis } from "../../../src/base/ids.ts";
import { type Randomness, SeededRandomness } from "../../../src/base/randomness.ts";
import { defaultCopies } from "../../../src/rules/quorums.ts";
import {
  BEYOND_KINDS,
  type FaultKind,
  type GroupPlan,
  groupsOf,
  type Plan,
  type PlanKind,
  type PlannedFault,
  pick,
  planOf,
  WIDER_KINDS,
} from "./plan.ts";

/** By then a calm cluster has its first master. */
export const CALM_FROM_MS: Millis = 2500;
/** Of down-after: heartbeats and latencies need the rest. */
const PAUSE_SHARE_MAX = 0.7;

/** Draws the plan of a seed. @param only the kind of run, instead of one that is drawn. */
export function widePlanOf(seed: number, only: PlanKind | null = null): Plan {
  const apart = new SeededRandomness(seed * 69_069 + 5);
  const plain = planOf(seed);
  const first = withObservers(plain, apart);
  const furtherGroups = apart.next() < 0.12 ? [withObservers(furtherGroup(seed, plain), apart)] : [];
  const kinds = WIDER_KINDS.filter(() => apart.next() < 0.12);
  const wider: Plan = { ...plain, ...first, furtherGroups, faults: withFaults(plain, kinds, apart) };
  const timed = apart.next() < 0.2 ? withExpiry(wider, apart) : wider;
  const dice = apart.next();
  const kind =
    only ?? (dice < 0.05 ? "calm" : dice < 0.15 ? "beyond" : dice < 0.2 ? "cutForGood" : "promised");
  switch (kind) {
    case "promised":
      return timed;
    case "beyond":
      return {
        ...timed,
        kind,
        faults: withFaults(timed, [...BEYOND_KINDS, "wipeNode", "rebootNode"], apart),
      };
    case "calm":
      return calmed(timed, apart);
    case "cutForGood":
      return mayBeCutForGood(timed) ? { ...timed, ...CUT_FOR_GOOD } : timed;
    default:
      return kind satisfies never;
  }
}

/** Nothing else happens: all are up and admitted when the network parts. */
const CUT_FOR_GOOD = { kind: "cutForGood", faults: [], healsCoreOnly: false, replicaReaders: 0 } as const;

/** Without acks a master alone serves its side, and two sentinels or one node leave nobody to cut off. */
function mayBeCutForGood(plan: Plan): boolean {
  return (
    plan.sentinels > 2 && groupsOf(plan).every(({ mode, nodes }) => mode !== "async" && nodes.length > 1)
  );
}

/** Values that expire, by clocks that are near each other: else nothing could be said of them. */
function withExpiry(plan: Plan, randomness: Randomness): Plan {
  const expiry = { ttlShare: pick(randomness, [0.3, 0.8]), ttlMsMax: pick(randomness, [50, 400, 1500]) };
  return {
    ...plan,
    ...expiry,
    furtherGroups: plan.furtherGroups.map((group) => ({ ...group, ...expiry })),
    wallSkewMsMax: pick(randomness, [0, 20]),
    faults: plan.faults.filter(({ kind }) => kind !== "clockJump"),
  };
}

/** Pauses that no down-after calls a failure, of nodes and of sentinels, over a network that is quick. */
function calmed(plan: Plan, randomness: Randomness): Plan {
  const latencyMsMin = Math.min(plan.latencyMsMin, 0.2);
  const downAfterMs = Math.min(...groupsOf(plan).map((group) => group.downAfterMs));
  const pauses = (kinds: readonly FaultKind[]): Omit<PlannedFault, "number">[] => {
    const faults: Omit<PlannedFault, "number">[] = [];
    let atMs = CALM_FROM_MS;
    for (;;) {
      atMs += downAfterMs * (0.1 + randomness.next());
      const lastsMs = downAfterMs * PAUSE_SHARE_MAX * randomness.next();
      if (atMs + lastsMs >= plan.faultsUntilMs) return faults;
      const dice = plan.seed * 1000 + randomness.below(1000);
      faults.push({ atMs, kind: pick(randomness, kinds), lastsMs, dice });
      // Who was just silent must be heard again before it is silent again.
      atMs += lastsMs + downAfterMs / 2;
    }
  };
  return {
    ...plan,
    kind: "calm",
    latencyMsMin,
    latencyMsMax: 4 * latencyMsMin,
    healsCoreOnly: false,
    faults: [...pauses(["pauseNode", "pauseMaster"]), ...pauses(["pauseSentinel"])]
      .sort((a, b) => a.atMs - b.atMs)
      .map((fault, at) => ({ number: at + 1, ...fault })),
  };
}

/** Another seed's group, small, under the same sentinels. */
function furtherGroup(seed: number, { quorum }: Plan): GroupPlan {
  const other = planOf(seed + 500_000_000);
  const nodes = other.nodes.slice(0, 3);
  const configured = other.copiesConfigured === null ? null : Math.min(other.copiesConfigured, nodes.length);
  return {
    ...groupPartOf(other),
    nodes,
    copiesConfigured: configured,
    copies: configured ?? defaultCopies(other.mode, nodes.length),
    quorum,
    clients: Math.min(2, other.clients),
  };
}

function withObservers(group: GroupPlan, randomness: Randomness): GroupPlan {
  if (randomness.next() >= 0.15) return groupPartOf(group);
  const policies = group.nodes.map(({ policy }) => policy);
  const observers = Array.from({ length: pick(randomness, [1, 1, 2]) }, () => ({
    policy: pick(randomness, policies),
    priority: 10,
    clockRate: 1 + (randomness.next() - 0.5) * 0.01,
    voting: false,
  }));
  return { ...groupPartOf(group), nodes: [...group.nodes, ...observers] };
}

/** A few of each kind, between those that were there. */
function withFaults(
  { faults, faultsUntilMs, seed }: Plan,
  kinds: readonly FaultKind[],
  randomness: Randomness,
): PlannedFault[] {
  const more = kinds.flatMap((kind, of) =>
    Array.from({ length: 1 + randomness.below(4) }, (_, at) => ({
      number: 1000 + of * 10 + at,
      atMs: 1000 + randomness.next() * (faultsUntilMs - 1000),
      kind,
      lastsMs: pick(randomness, [150, 600, 2000]) * (0.1 + 1.5 * randomness.next()),
      dice: seed * 1000 + 500 + of * 10 + at,
    })),
  );
  return [...faults, ...more].sort((a, b) => a.atMs - b.atMs);
}

function groupPartOf(plan: GroupPlan): GroupPlan {
  const { nodes, mode, copiesConfigured, copies, quorum, crashEvidence, downAfterMs, ackTimeoutMs } = plan;
  const { snapshotAfterBytes, logKeep, clients, replicaReaders, registers, counters, ttlShare, ttlMsMax } =
    plan;
  return {
    nodes,
    mode,
    copiesConfigured,
    copies,
    quorum,
    crashEvidence,
    downAfterMs,
    ackTimeoutMs,
    snapshotAfterBytes,
    logKeep,
    clients,
    replicaReaders,
    registers,
    counters,
    ttlShare,
    ttlMsMax,
  };
}
