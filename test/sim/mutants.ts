/** Rules made wrong, one at a time, to see that the simulator sees. Each names the rule that it breaks. */
import type { Offset } from "../../src/base/ids.ts";
import type { ElectionRules } from "../../src/rules/election-rules.ts";
import { type ReplicationRules, replicationRules } from "../../src/rules/replication-rules.ts";

export interface Mutant {
  readonly name: string;
  readonly replicationRules?: Partial<ReplicationRules>;
  readonly electionRules?: Partial<ElectionRules>;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "a write is committed with the master's copy alone",
    replicationRules: {
      committedOffset: ({ ownPersisted, epochStart, committed }) =>
        ownPersisted >= epochStart && ownPersisted > committed ? ownPersisted : committed,
    },
  },
  {
    name: "a replica applies what is not committed",
    replicationRules: { applicable: (received) => received },
  },
  {
    name: "a promise is given to any leader of any epoch",
    replicationRules: { mayPromise: () => true },
  },
  {
    name: "an incarnation that is not admitted counts",
    replicationRules: { countsInAcks: () => true },
  },
  {
    name: "reads need no confirmation of the reign",
    replicationRules: { leaseHeldUntilMs: () => Number.POSITIVE_INFINITY },
  },
  {
    name: "what a replica has received counts before W - 1 have it",
    replicationRules: {
      committedOffset: (input) =>
        replicationRules.committedOffset({ ...input, copies: Math.max(1, input.copies - 1) }) as Offset,
    },
  },
  {
    name: "one vote elects",
    electionRules: { isMajority: (count: number) => count >= 1 },
  },
];
