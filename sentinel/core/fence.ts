/** Gathers what is known of the old master for the rule that says whether another may be promoted. */
import type { Millis, SentinelId, StartId } from "../../src/base/ids.ts";
import { leasesEndAtMs } from "../../src/rules/fencing.ts";
import type { CountedVote } from "./election.ts";
import type { GroupContext } from "./group-context.ts";
import type { SealRound } from "./seal-round.ts";

type Votes = ReadonlyMap<SentinelId, CountedVote>;

export function isFenced(context: GroupContext, round: SealRound, votes: Votes, nowMs: Millis): boolean {
  const { base } = round;
  return context.rules.mayPromoteAnother({
    hasOldMaster: base.master !== null,
    oldMasterSealed: base.master !== null && round.hasSealed(base.master),
    masterProcess: context.masterProcess.of(base.number.epoch),
    dead: knownDead(context, votes),
    voters: [...votes.values()],
    sentinels: context.sentinels,
    confirmedUntilMs: round.confirmedUntilMs(context.ledger.longestLeaseMs),
    nowMs,
  });
}

/** When what the old master may serve by has ended: time to ask `isFenced` again. */
export function fencedFromMs(context: GroupContext, round: SealRound, votes: Votes): Millis | undefined {
  const dead = knownDead(context, votes);
  const leases = [...votes.values()].map((vote) => leasesEndAtMs(vote, dead));
  const ends = [...leases, round.confirmedUntilMs(context.ledger.longestLeaseMs)].filter(Number.isFinite);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

function knownDead(context: GroupContext, votes: Votes): Set<StartId> {
  const dead = new Set<StartId>();
  for (const vote of votes.values()) for (const process of vote.dead) dead.add(process);
  for (const watch of context.watches.values()) for (const process of watch.dead) dead.add(process);
  return dead;
}
