/** Chooses which member to promote. Pure: sees what was sealed, contacts no one. */
import type { MemberId, Offset } from "../base/ids.ts";
import { comparePositions, type LogPosition } from "./log-position.ts";

/** To replay so many records takes less than a failover does; a member that has restarted may have millions to replay. */
const BACKLOG_RECORDS_MAX = 1000;

/** A sealed, admitted, voting member that answers. */
export interface Candidate {
  readonly id: MemberId;
  readonly position: LogPosition;
  /** As far as its keyspace holds the log. As master it serves nobody before it holds all of it. */
  readonly applied: Offset;
  readonly priority: number;
  readonly zone: string;
  /** Its disk is full: it would be master and refuse writes. */
  readonly diskFailing?: boolean;
  /** It held the role until it was sealed, in the same process: it can go on in place. */
  readonly incumbent: boolean;
}

export interface ChoiceWish {
  /** So many candidates hold, between them, all that was ever acknowledged; in async that is more than R. */
  readonly coverQuorum: number;
  /** The target of a switchover; taken where nobody is more up to date. */
  readonly target: MemberId | null;
  /** The master that is to be replaced; `null` where it may stay. */
  readonly avoid: MemberId | null;
  /** Zone of the master so far: clients are near. */
  readonly zone: string | null;
}

/**
 * Order: greater log position (nothing acknowledged is lost), the switchover's target, not the master to be replaced, a disk that
 * can be written, who has applied its log (clients wait for no replay), the incumbent (nobody is disturbed), lower `priority`, the same zone,
 * smaller zone, smaller id. So all that see the same agree.
 *
 * A master to be avoided is left out only where every acknowledged write is on one of the others. In async that is never
 * known: there it goes only once another one holds all that it does.
 *
 * Whether enough are sealed to choose at all is the rule `sealedEnough`, not this one.
 *
 * @returns `undefined` when there is no candidate; the caller reports why, member by member.
 * @see docs/protocol.md, S2
 */
export function chooseCandidate(candidates: readonly Candidate[], wish: ChoiceWish): Candidate | undefined {
  const others = candidates.filter((candidate) => candidate.id !== wish.avoid);
  const pool = others.length >= wish.coverQuorum && others.length > 0 ? others : candidates;
  return [...pool].sort((a, b) => compareCandidates(a, b, wish))[0];
}

/** What a member says of its log. */
interface AppliedLog {
  readonly position: Pick<LogPosition, "offset">;
  readonly applied: Offset;
}

/** All of it but for a rest that takes no time to speak of. */
export function hasAppliedItsLog({ position, applied }: AppliedLog): boolean {
  return position.offset - applied <= BACKLOG_RECORDS_MAX;
}

function compareCandidates(a: Candidate, b: Candidate, wish: ChoiceWish): number {
  return (
    comparePositions(b.position, a.position) ||
    preferring((one) => one.id === wish.target, a, b) ||
    preferring((one) => one.id !== wish.avoid, a, b) ||
    preferring((one) => one.diskFailing !== true, a, b) ||
    preferring(hasAppliedItsLog, a, b) ||
    preferring((one) => one.incumbent, a, b) ||
    a.priority - b.priority ||
    preferring((one) => one.zone === wish.zone, a, b) ||
    compareText(a.zone, b.zone) ||
    compareText(a.id, b.id)
  );
}

function preferring(preferred: (one: Candidate) => boolean, a: Candidate, b: Candidate): number {
  return Number(preferred(b)) - Number(preferred(a));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
