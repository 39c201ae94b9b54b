/** Whether the old master can no longer serve, so that another may be promoted. Pure. */
import type { Millis, StartId } from "../base/ids.ts";
import { majority } from "./quorums.ts";

/** What one voter of this epoch has said of the leases that it had given. */
interface VoterLeases {
  readonly leases: readonly {
    /** `null`: given in the voter's earlier life, to a process that it no longer knows. */
    readonly process: StartId | null;
    readonly endsAtMs: Millis;
  }[];
}

export interface FencingFacts {
  /** False only before the first reign. */
  readonly hasOldMaster: boolean;
  /** The old master has promised this epoch. */
  readonly oldMasterSealed: boolean;
  /** The process that held the recorded role; `null` when unknown. */
  readonly masterProcess: StartId | null;
  /** Processes held dead: a dead one never comes back, and one that was only held dead is none of these once it has linked again. */
  readonly dead: ReadonlySet<StartId>;
  /** Those that have voted in this epoch: they give no more leases below it. */
  readonly voters: readonly VoterLeases[];
  /** Size of the sentinel set. */
  readonly sentinels: number;
  /** In async, until when acks of all other members may stand in for the old master's lease; `-Infinity` where none can. */
  readonly confirmedUntilMs: Millis;
  readonly nowMs: Millis;
}

/**
 * In async a master goes on without a lease while all other members acknowledge what it sent within the last half of
 * down-after. A sealed one acknowledges nothing more.
 *
 * @returns until when that may last, by the word of this sealed member; all must go on, so the earliest of them counts.
 */
export function confirmsUntilMs(
  sealed: { readonly atMs: Millis; readonly seesMaster: boolean },
  downAfterMs: Millis,
): Millis {
  return sealed.seesMaster ? sealed.atMs + downAfterMs / 2 : sealed.atMs;
}

/**
 * A lease needs a majority of the sentinels. It is gone for certain once those whose lease may still stand, with
 * all that have not voted in this epoch, are no majority any more.
 */
export function mayPromoteAnother(facts: FencingFacts): boolean {
  if (!facts.hasOldMaster || facts.oldMasterSealed) return true;
  if (facts.masterProcess !== null && facts.dead.has(facts.masterProcess)) return true;
  if (facts.nowMs < facts.confirmedUntilMs) return false;
  const ended = facts.voters.filter((voter) => leasesEndAtMs(voter, facts.dead) <= facts.nowMs).length;
  return facts.sentinels - ended < majority(facts.sentinels);
}

/** When the last lease of this voter ends; leases of dead processes have ended. */
export function leasesEndAtMs(voter: VoterLeases, dead: ReadonlySet<StartId>): Millis {
  let last = Number.NEGATIVE_INFINITY;
  for (const lease of voter.leases) {
    if (lease.process !== null && dead.has(lease.process)) continue;
    last = Math.max(last, lease.endsAtMs);
  }
  return last;
}
