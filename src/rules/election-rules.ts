/**
 * The small decisions of the sentinels, one function each, so that a test can replace exactly one
 * and the simulator must notice. Pure: numbers and records in, a verdict out.
 */
import type { Epoch, GroupId, IncarnationId, MemberId, Millis, Offset, StartId } from "../base/ids.ts";
import { type Candidate, type ChoiceWish, chooseCandidate } from "./choose-candidate.ts";
import { type CommittedMark, hasGoneBack, type ShownLog } from "./committed-mark.ts";
import { type FencingFacts, mayPromoteAnother } from "./fencing.ts";
import { compareRecordNumbers, type GroupRecord, isAdmitted, type RecordNumber } from "./group-record.ts";
import { majority } from "./quorums.ts";

interface SealCount {
  /** Admitted voting members sealed in this epoch that still answer. */
  readonly admitted: number;
  /** Voting members sealed in this epoch that still answer, admitted or not. */
  readonly voting: number;
  /** R. */
  readonly sealQuorum: number;
  /** W. */
  readonly copies: number;
}

/** One recorded voting member as it answered after a power cut of everything. */
export interface SurvivorFacts {
  readonly answers: boolean;
  readonly sameGroup: boolean;
  readonly admitted: boolean;
  readonly doubtfulByReboot: boolean;
}

/** A member's word of its role. */
export interface RoleFacts {
  readonly id: MemberId;
  readonly role: "master" | "replica" | "none";
  readonly roleEpoch: Epoch;
}

/** What a node holds that may become a member of a new group. */
export interface NodeContents {
  readonly offset: Offset;
  readonly groupId: GroupId | null;
}

export interface ElectionRules {
  /** One vote an epoch, never below one given before or a record held (S1). */
  mayVote(votedEpoch: Epoch, recordEpoch: Epoch, asked: Epoch): boolean;
  /** Only newer records, and none below the voted epoch: a leader sees all that ever stood. */
  mayStore(votedEpoch: Epoch, stored: RecordNumber | null, offered: RecordNumber): boolean;
  /** The epoch that a ping to the recorded master grants a lease for; `null` once a higher one has been voted for. */
  leaseEpoch(votedEpoch: Epoch, recordEpoch: Epoch, blank: boolean): Epoch | null;
  /** Until when a lease may stand that was given by naming a pong received at `pongReceivedMs`. */
  leaseMayStandUntilMs(pongReceivedMs: Millis, downAfterMs: Millis): Millis;
  /** Until when a lease may stand that an earlier life of this sentinel, started again at `startedAtMs`, has given. */
  earlierLeaseMayStandUntilMs(startedAtMs: Millis, downAfterMs: Millis): Millis;
  /** Silence alone: the last pong is old, and this sentinel itself has run, unstalled, for as long. */
  isSilent(sincePongMs: Millis | null, runningForMs: Millis, downAfterMs: Millis): boolean;
  /** Whether so many sentinels carry an election, or hold a record that thereby stands. */
  isMajority(count: number, sentinels: number): boolean;
  /**
   * Whether a sentinel that lost its state may take part on the word of all others, of whom so many have lost theirs. None may: the
   * leader that it voted for may be one of them, elected since by votes that it has not heard of.
   */
  mayTakePart(othersWithoutState: number): boolean;
  /** Whether clients may be answered from `offered` after `standing` (S9). */
  mayStand(standing: RecordNumber | null, offered: RecordNumber): boolean;
  /** Whether a node may be a member of the group that the first record founds. */
  mayBeFounder(contents: NodeContents): boolean;
  /** S7: whether this incarnation counts in R. */
  countsInSeals(record: GroupRecord, id: MemberId, incarnation: IncarnationId): boolean;
  /** Whether this incarnation shows less than it once held as committed: it may not be counted on for what it acknowledged (S6). */
  hasGoneBack(mark: CommittedMark | null, shown: ShownLog): boolean;
  /** Whether this word of who has caught up may admit: only the present reign's master knows (S7). */
  mayVouch(record: GroupRecord, word: RoleFacts): boolean;
  /** Whether what `sealed` reported still holds: a seal speaks for the process that gave it. */
  isSameProcess(sealed: StartId, present: StartId | null): boolean;
  /** Whether a leader of whom nothing was heard for so long may still be at work, and is not to be disturbed. */
  isAtWork(silentForMs: Millis, silenceMsMax: Millis): boolean;
  /** Whether enough members are sealed for a choice that loses nothing acknowledged (S6). */
  sealedEnough(count: SealCount): boolean;
  mayPromoteAnother(facts: FencingFacts): boolean;
  chooseCandidate(candidates: readonly Candidate[], wish: ChoiceWish): Candidate | undefined;
  /** After a power cut of everything: all answer, and none has lost more than what was not synced. */
  mayRecover(survivors: readonly SurvivorFacts[]): boolean;
  /** Whether `needed` of these members see each other, all with all. */
  seeEachOther(sees: ReadonlyMap<MemberId, readonly MemberId[]>, needed: number): boolean;
}

export const electionRules: ElectionRules = {
  mayVote: (votedEpoch, recordEpoch, asked) => asked > votedEpoch && asked > recordEpoch,
  mayStore: (votedEpoch, stored, offered) =>
    offered.epoch >= votedEpoch && (stored === null || compareRecordNumbers(offered, stored) > 0),
  leaseEpoch: (votedEpoch, recordEpoch, blank) => (blank || votedEpoch > recordEpoch ? null : recordEpoch),
  leaseMayStandUntilMs: (pongReceivedMs, downAfterMs) => pongReceivedMs + downAfterMs,
  earlierLeaseMayStandUntilMs: (startedAtMs, downAfterMs) => startedAtMs + downAfterMs,
  isSilent: (sincePongMs, runningForMs, downAfterMs) =>
    runningForMs >= downAfterMs && (sincePongMs === null || sincePongMs >= downAfterMs),
  isMajority: (count, sentinels) => count >= majority(sentinels),
  mayTakePart: (othersWithoutState) => othersWithoutState === 0,
  mayStand: (standing, offered) => standing === null || compareRecordNumbers(offered, standing) > 0,
  mayBeFounder: ({ offset, groupId }) => offset === 0 && groupId === null,
  countsInSeals: isAdmitted,
  hasGoneBack,
  mayVouch: (record, { id, role, roleEpoch }) =>
    id === record.master && role === "master" && roleEpoch === record.number.epoch,
  isSameProcess: (sealed, present) => sealed === present,
  isAtWork: (silentForMs, silenceMsMax) => silentForMs < silenceMsMax,
  sealedEnough: (count) => count.admitted >= count.sealQuorum && count.voting >= count.copies,
  mayPromoteAnother,
  chooseCandidate,
  mayRecover: (survivors) =>
    survivors.length > 0 &&
    survivors.every((one) => one.answers && one.sameGroup && (one.admitted || one.doubtfulByReboot)),
  seeEachOther,
};

/**
 * Of members of whom some see each other there are exponentially many sets: it looks at so many, which for twenty members is
 * practically all of them, and then says no. That costs a vote on `stalled`, which is asked for again with the next news.
 */
const SETS_MAX = 256;

function seeEachOther(sees: ReadonlyMap<MemberId, readonly MemberId[]>, needed: number): boolean {
  const ids = [...sees.keys()];
  const seenBy = new Map(ids.map((id) => [id, new Set(sees.get(id))]));
  const isMutual = (a: MemberId, b: MemberId): boolean =>
    seenBy.get(a)?.has(b) === true && seenBy.get(b)?.has(a) === true;
  let looks = 0;
  const isThere = (among: readonly MemberId[], wanted: number): boolean => {
    if (++looks > SETS_MAX) return false;
    const { members, fewest } = withEnoughMates(among, wanted - 1, isMutual);
    if (members.length < wanted) return false;
    if (fewest === undefined) return true;
    // Either all of them are others than the one who sees fewest, or all but himself are those whom he sees.
    const others = members.filter((id) => id !== fewest);
    if (isThere(others, wanted)) return true;
    return isThere(
      others.filter((id) => isMutual(fewest, id)),
      wanted - 1,
    );
  };
  return isThere(ids, needed);
}

/**
 * Leaves out who sees fewer than `mates` of the others, until nobody does.
 * @returns who remains, and who of them sees fewest; `undefined` where each sees all.
 */
function withEnoughMates(
  among: readonly MemberId[],
  mates: number,
  isMutual: (a: MemberId, b: MemberId) => boolean,
): { members: readonly MemberId[]; fewest: MemberId | undefined } {
  let members = among;
  for (;;) {
    const counts = members.map((id) => members.filter((other) => other !== id && isMutual(id, other)).length);
    const kept = members.filter((_, index) => (counts[index] as number) >= mates);
    if (kept.length === members.length) {
      const least = Math.min(...counts);
      return { members, fewest: least >= members.length - 1 ? undefined : members[counts.indexOf(least)] };
    }
    members = kept;
  }
}
