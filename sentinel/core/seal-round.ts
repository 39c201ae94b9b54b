/** Collects the seals of one epoch: who has promised, when that is enough, and whom it allows to choose. */
import type { MemberId, Millis } from "../../src/base/ids.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import type { Candidate } from "../../src/rules/choose-candidate.ts";
import { confirmsUntilMs } from "../../src/rules/fencing.ts";
import {
  type GroupRecord,
  type MemberRecord,
  memberOf,
  votingMembers,
} from "../../src/rules/group-record.ts";
import { coverQuorum, sealQuorum } from "../../src/rules/quorums.ts";
import type { VoteReason } from "../../src/rules/vote-reason.ts";
import { whyIneligible } from "./eligibility.ts";
import { heldBefore } from "./gone-back.ts";
import type { GroupContext } from "./group-context.ts";
import { SEAL_GRACE_MS } from "./timing.ts";

/** Whom to promote, and how members are admitted by the new reign's record. */
export interface SealChoice {
  readonly status: NodeStatus;
  /** `keep`: as the base record says. `all`: anew, every sealed one that holds as much. `chosen`: this one alone. */
  readonly admits: "keep" | "all" | "chosen";
  readonly sealed: ReadonlyMap<MemberId, NodeStatus>;
  /** Acknowledged writes may be missing: it is said aloud. */
  readonly lossPossible: boolean;
}

export class SealRound {
  readonly base: GroupRecord;
  readonly reason: VoteReason;
  readonly wanted: MemberId | null;
  readonly #context: GroupContext;
  readonly #startedAtMs: Millis;
  readonly #sealed = new Map<MemberId, NodeStatus>();
  readonly #sealedAtMs = new Map<MemberId, Millis>();
  /** Sealed with less than they held before: not to be counted on. */
  readonly #goneBack = new Set<MemberId>();
  readonly #refused = new Map<MemberId, string>();
  #enoughAtMs: Millis | null = null;
  #settled = false;

  constructor(
    context: GroupContext,
    base: GroupRecord,
    reason: VoteReason,
    wanted: MemberId | null,
    nowMs: Millis,
  ) {
    this.#context = context;
    this.base = base;
    this.reason = reason;
    this.wanted = wanted;
    this.#startedAtMs = nowMs;
  }

  /** True once the grace for the rest is over. */
  get settled(): boolean {
    return this.#settled;
  }

  get deadlineMs(): Millis | undefined {
    return this.#enoughAtMs === null || this.#settled ? undefined : this.#enoughAtMs + this.#graceMs();
  }

  onSealed(status: NodeStatus, nowMs: Millis): void {
    this.#sealed.set(status.id, status);
    // A seal that is said again was given no later.
    if (!this.#sealedAtMs.has(status.id)) this.#sealedAtMs.set(status.id, nowMs);
    this.#refused.delete(status.id);
    // By what was known when it was sealed: it may hold more by another leader's doing since.
    if (heldBefore(this.base, this.#context.watches.get(status.id)) === null)
      this.#goneBack.delete(status.id);
    else this.#goneBack.add(status.id);
  }

  onRefused(id: MemberId, reason: string): void {
    this.#refused.set(id, reason);
  }

  /** A promise is durable: it binds also a member that has gone since. */
  hasSealed(id: MemberId): boolean {
    return this.#sealed.has(id);
  }

  /** Until when the old master, without a lease, may be confirmed by its other members; only in async is that enough for it. */
  confirmedUntilMs(downAfterMs: Millis): Millis {
    const { base } = this;
    if (base.mode !== "async" || base.master === null) return Number.NEGATIVE_INFINITY;
    let until = Number.POSITIVE_INFINITY;
    for (const { id } of votingMembers(base)) {
      const status = this.#sealed.get(id);
      const atMs = this.#sealedAtMs.get(id);
      if (id === base.master || status === undefined || atMs === undefined) continue;
      const seesMaster = status.sees.includes(base.master);
      until = Math.min(until, confirmsUntilMs({ atMs, seesMaster }, downAfterMs));
    }
    return until;
  }

  /** Sealed, of this group, and still the same process on a link: only these may be counted and chosen. */
  present(): Map<MemberId, NodeStatus> {
    const present = new Map<MemberId, NodeStatus>();
    for (const [id, status] of this.#sealed) {
      const watch = this.#context.watches.get(id);
      if (watch === undefined || watch.link === null) continue;
      if (!this.#context.rules.isSameProcess(status.startId, watch.process)) continue;
      if (status.groupId === this.base.groupId) present.set(id, status);
    }
    return present;
  }

  /** @returns true once there is enough, and everyone else has answered or had the grace to. */
  settle(nowMs: Millis): boolean {
    if (!this.#isEnough()) {
      this.#enoughAtMs = null;
      this.#settled = false;
      return false;
    }
    this.#enoughAtMs ??= nowMs;
    this.#settled = this.#allAnswered() || nowMs >= this.#enoughAtMs + this.#graceMs();
    return this.#settled;
  }

  candidates(): { readonly member: MemberRecord; readonly status: NodeStatus; readonly admitted: boolean }[] {
    const present = this.present();
    return votingMembers(this.base).flatMap((member) => {
      const status = present.get(member.id);
      if (status === undefined) return [];
      return [{ member, status, admitted: this.#counts(status) }];
    });
  }

  get quorum(): number {
    return sealQuorum(this.base.mode, votingMembers(this.base).length, this.base.copies);
  }

  /** All answer, none has lost more than a reboot takes: see the rule `mayRecover`. */
  survived(): boolean {
    const present = this.present();
    return this.#context.rules.mayRecover(
      votingMembers(this.base).map((member) => {
        const status = present.get(member.id);
        return {
          answers: status !== undefined,
          sameGroup: status !== undefined,
          admitted: status !== undefined && this.#counts(status),
          doubtfulByReboot: status?.doubtfulByReboot === true,
        };
      }),
    );
  }

  enoughAdmitted(): boolean {
    const candidates = this.candidates();
    return this.#context.rules.sealedEnough({
      admitted: candidates.filter((one) => one.admitted).length,
      voting: candidates.length,
      sealQuorum: this.quorum,
      copies: this.base.copies,
    });
  }

  /** What is missing, in words. */
  describe(nowMs: Millis, fenced: boolean): string {
    const lines = this.base.members.flatMap((member) => {
      const refusal = this.#refused.get(member.id);
      if (refusal !== undefined) return [`${member.id} refused: ${refusal}`];
      if (this.#sealed.has(member.id) && !this.#goneBack.has(member.id)) return [];
      const why = whyIneligible(this.#context.rules, this.base, member, this.#context.watches.get(member.id));
      return [`${member.id} ${why ?? "has not answered the seal"}`];
    });
    if (this.#settled && !fenced)
      lines.push("the old master is neither sealed nor dead, and its lease may stand");
    return lines.length === 0 ? `nothing for ${nowMs - this.#startedAtMs} ms` : lines.join("; ");
  }

  #isCandidate(id: MemberId): boolean {
    return this.candidates().some(({ member }) => member.id === id);
  }

  #counts(status: NodeStatus): boolean {
    if (this.#goneBack.has(status.id)) return false;
    return this.#context.rules.countsInSeals(this.base, status.id, status.incarnation);
  }

  #isEnough(): boolean {
    switch (this.reason) {
      case "adopt":
        return this.wanted !== null && this.#isCandidate(this.wanted);
      case "recover":
        return this.wanted === null ? this.candidates().length > 0 : this.#isCandidate(this.wanted);
      default:
        return this.enoughAdmitted() || this.survived();
    }
  }

  #allAnswered(): boolean {
    return this.base.members.every((member) => {
      if (this.#sealed.has(member.id) || this.#refused.has(member.id)) return true;
      const watch = this.#context.watches.get(member.id);
      if (watch === undefined) return true;
      return watch.link === null && watch.process !== null && watch.isDead(watch.process);
    });
  }

  #graceMs(): Millis {
    const { downAfterMs } = this.#context.config;
    // An operator who accepts a loss gets the least of it; in async only the choice saves the last writes.
    if (this.reason === "recover") return downAfterMs;
    if (this.base.mode === "async" || this.#awaitsTarget()) return downAfterMs / 4;
    return SEAL_GRACE_MS;
  }

  /** Without its target a switchover would go back to the old master, and have held up the clients for nothing. */
  #awaitsTarget(): boolean {
    const { wanted } = this;
    if (this.reason !== "planned" || wanted === null) return false;
    return !this.#sealed.has(wanted) && !this.#refused.has(wanted);
  }
}

/** @returns `undefined` while nobody can be chosen. */
export function chooseSealed(context: GroupContext, round: SealRound): SealChoice | undefined {
  const { base, reason, wanted } = round;
  const sealed = round.present();
  const candidates = round.candidates();
  const byWord = reason === "adopt" || reason === "recover";
  if (byWord && wanted !== null) {
    // Never an observer: its copy would count in W as the master's own, and not in R.
    const status = candidates.find(({ member }) => member.id === wanted)?.status;
    return status === undefined ? undefined : { status, admits: "chosen", sealed, lossPossible: true };
  }
  const admitted = candidates.filter((one) => one.admitted);
  const all = byWord || !round.enoughAdmitted();
  const voters = votingMembers(base).length;
  // As if nobody saw it any more: in async what it acknowledged last, within its lease, may go with it.
  const isCutOff =
    reason === "stalled" && base.master !== null && sealed.get(base.master)?.diskFailing === false;
  const pool = all ? candidates : admitted;
  const chosen = context.rules.chooseCandidate(
    pool.map(
      ({ member, status }): Candidate => ({
        id: member.id,
        position: status.position,
        applied: status.applied,
        priority: member.priority,
        zone: member.zone,
        diskFailing: status.diskFailing,
        incumbent:
          member.id === base.master && context.masterProcess.of(base.number.epoch) === status.startId,
      }),
    ),
    {
      coverQuorum: all ? voters : isCutOff ? round.quorum : coverQuorum(voters, base.copies),
      target: reason === "planned" ? wanted : null,
      avoid: reason === "forced" || reason === "stalled" ? base.master : null,
      zone: base.master === null ? null : (memberOf(base, base.master)?.zone ?? null),
    },
  );
  const status = chosen === undefined ? undefined : sealed.get(chosen.id);
  if (status === undefined) return undefined;
  return { status, admits: byWord ? "chosen" : all ? "all" : "keep", sealed, lossPossible: all };
}
