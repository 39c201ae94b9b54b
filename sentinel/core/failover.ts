/**
 * The leader's work in its epoch: (mint,) seal, choose, fence, promote and record. One instance an epoch.
 *
 * Enforces: one promotion an epoch (S1), no promotion before enough seals (S2, S6), nobody but the old master
 * before that one is fenced. It fails rather than guesses; then a new epoch completes or supersedes.
 */
import { invariant, unreachable } from "../../src/base/errors.ts";
import type { Epoch, MemberId, Millis, SentinelId } from "../../src/base/ids.ts";
import type { LinkId } from "../../src/protocol/peer/identity.ts";
import type { NodeStatus, Promoted, Refused, Sealed } from "../../src/protocol/peer/node-messages.ts";
import { type GroupRecord, memberOf } from "../../src/rules/group-record.ts";
import type { VoteReason } from "../../src/rules/vote-reason.ts";
import { firstRecord } from "./bootstrap.ts";
import type { CountedVote, Mandate } from "./election.ts";
import { fencedFromMs, isFenced } from "./fence.ts";
import { type GroupContext, selfAsLeader, sendToSentinels } from "./group-context.ts";
import type { MemberWatch } from "./member-watch.ts";
import { reignRecord } from "./reign-record.ts";
import { chooseSealed, type SealChoice, SealRound } from "./seal-round.ts";
import { earliest, STEP_SLACK_MS } from "./timing.ts";
import type { FailoverStep } from "./view.ts";

type Phase =
  | { readonly step: "mint"; readonly record: GroupRecord; readonly untilMs: Millis }
  | { readonly step: "seal"; readonly round: SealRound; readonly untilMs: Millis }
  | {
      readonly step: "promote";
      readonly chosen: NodeStatus;
      readonly record: GroupRecord;
      /** The link that the promotion went over. */
      link: LinkId | null;
      promoted: boolean;
      stands: boolean;
      /** One that is down until then, and has not taken the role, is waited for no longer. */
      readonly downUntilMs: Millis;
      readonly untilMs: Millis;
    };

type FailoverOutcome =
  | {
      readonly ok: true;
      readonly record: GroupRecord;
      readonly tookMs: Millis;
    }
  | { readonly ok: false; readonly why: string };

export class Failover {
  readonly epoch: Epoch;
  readonly reason: VoteReason;
  readonly #context: GroupContext;
  readonly #votes: Map<SentinelId, CountedVote>;
  /** Target of a switchover, or the member that an operator named. */
  readonly #wanted: MemberId | null;
  readonly #startedAtMs: Millis;
  /** Each step waits for a disk: of a member that promises, of sentinels that store. Where those are slow, a later try gets more of it. */
  readonly #slackMs: Millis;
  #phase: Phase;
  #outcome: FailoverOutcome | null = null;

  constructor(context: GroupContext, mandate: Mandate, wanted: MemberId | null, nowMs: Millis) {
    this.#context = context;
    this.epoch = mandate.epoch;
    this.reason = mandate.reason;
    this.#votes = mandate.votes;
    this.#wanted = wanted;
    this.#startedAtMs = nowMs;
    this.#slackMs = STEP_SLACK_MS * mandate.patience;
    this.#phase = mandate.base === null ? this.#mint(nowMs) : this.#seal(mandate.base, nowMs);
  }

  /** Set once, at the end. */
  get outcome(): FailoverOutcome | null {
    return this.#outcome;
  }

  get step(): FailoverStep {
    if (this.#phase.step !== "promote") return this.#phase.step;
    return this.#phase.promoted ? "record" : "promote";
  }

  get target(): MemberId | null {
    return this.#phase.step === "promote" ? this.#phase.chosen.id : this.#wanted;
  }

  get deadlineMs(): Millis | undefined {
    const phase = this.#phase;
    if (phase.step !== "seal") return phase.untilMs;
    return earliest(
      phase.untilMs,
      phase.round.deadlineMs,
      phase.round.settled ? fencedFromMs(this.#context, phase.round, this.#votes) : undefined,
    );
  }

  /** A vote of this epoch that came after the majority: its leases count too. */
  addVote(voter: SentinelId, vote: CountedVote): void {
    this.#votes.set(voter, vote);
  }

  onMemberLink(watch: MemberWatch): void {
    if (this.#phase.step === "seal" && watch.link !== null) this.#sendSeal(this.#phase.round.base, watch);
  }

  onSealed(sealed: Sealed, nowMs: Millis): void {
    if (sealed.epoch !== this.epoch || this.#phase.step !== "seal") return;
    this.#phase.round.onSealed(sealed.status, nowMs);
  }

  onPromoted(id: MemberId, promoted: Promoted): void {
    if (promoted.epoch === this.epoch) this.#takenBy(id);
  }

  /** Its role shows that the promotion has arrived; a new link without the role, that it was lost. */
  onStatus(watch: MemberWatch, status: NodeStatus): void {
    const phase = this.#phase;
    if (phase.step !== "promote" || status.id !== phase.chosen.id) return;
    if (status.role === "master" && status.roleEpoch === this.epoch) this.#takenBy(status.id);
    else if (!this.#context.rules.isSameProcess(phase.chosen.startId, status.startId))
      this.#fail(`${status.id} has restarted before its promotion`);
    else if (!phase.promoted && watch.link !== phase.link) this.#sendPromote(phase, watch);
  }

  onRefused(id: MemberId, refused: Refused): void {
    if (refused.epoch !== this.epoch) return;
    if (refused.promise.epoch > this.epoch) {
      this.#fail(`${id} has promised epoch ${refused.promise.epoch}`);
    } else if (refused.what === "promote") {
      this.#fail(`${id} refused its promotion: ${refused.reason}`);
    } else if (refused.what === "seal" && this.#phase.step === "seal") {
      this.#phase.round.onRefused(id, refused.reason);
    }
  }

  /** Another epoch has begun elsewhere: this leader is over. */
  stepDown(epoch: Epoch): void {
    if (epoch > this.epoch) this.#fail(`epoch ${epoch} has begun`);
  }

  /** Goes as far as what has been heard allows. */
  settle(nowMs: Millis): void {
    if (this.#outcome !== null) return;
    const phase = this.#phase;
    switch (phase.step) {
      case "mint":
        if (this.#context.ledger.standsAtMajority(phase.record.number)) {
          this.#phase = this.#seal(phase.record, nowMs);
          return;
        }
        break;
      case "seal":
        this.#settleSeal(phase.round, nowMs);
        break;
      case "promote":
        this.#settlePromote(phase, nowMs);
        break;
      default:
        unreachable(phase);
    }
    if (this.#outcome === null && this.#phase === phase && nowMs >= phase.untilMs) {
      const missing =
        phase.step === "seal" ? `: ${phase.round.describe(nowMs, this.#isFenced(phase.round, nowMs))}` : "";
      if (phase.step === "seal") this.#context.notices.group("-failover-abort-no-good-slave");
      this.#fail(`no progress in step ${this.step}${missing}`);
    }
  }

  #mint(nowMs: Millis): Phase {
    const record = firstRecord(this.#context, this.epoch, this.reason === "adopt" ? this.#wanted : null);
    this.#store(record, nowMs);
    return { step: "mint", record, untilMs: nowMs + this.#slackMs };
  }

  #seal(base: GroupRecord, nowMs: Millis): Phase {
    const round = new SealRound(this.#context, base, this.reason, this.#wanted, nowMs);
    for (const watch of this.#context.watches.values()) this.#sendSeal(base, watch);
    this.#context.notices.group("+failover-state-select-slave");
    // Long enough for the longest lease to end.
    return { step: "seal", round, untilMs: nowMs + this.#context.ledger.longestLeaseMs + this.#slackMs };
  }

  #sendSeal(base: GroupRecord, watch: MemberWatch): void {
    if (watch.link === null || memberOf(base, watch.id) === undefined) return;
    this.#context.outbox.send(watch.link, {
      type: "seal",
      group: base.name,
      groupId: base.groupId,
      epoch: this.epoch,
      leader: selfAsLeader(this.#context),
    });
  }

  #settleSeal(round: SealRound, nowMs: Millis): void {
    if (!round.settle(nowMs)) return;
    const choice = chooseSealed(this.#context, round);
    if (choice === undefined) return;
    if (choice.status.id !== round.base.master && !this.#isFenced(round, nowMs)) return;
    this.#promote(round.base, choice, nowMs);
  }

  #isFenced(round: SealRound, nowMs: Millis): boolean {
    return isFenced(this.#context, round, this.#votes, nowMs);
  }

  #promote(base: GroupRecord, choice: SealChoice, nowMs: Millis): void {
    invariant(this.#phase.step === "seal", "S1: one promotion an epoch");
    const context = this.#context;
    const chosen = choice.status;
    const record = reignRecord(context, base, this.epoch, choice);
    const watch = context.watches.get(chosen.id);
    const phase = {
      step: "promote" as const,
      chosen,
      record,
      link: null,
      promoted: false,
      stands: false,
      downUntilMs: nowMs + STEP_SLACK_MS + context.config.downAfterMs,
      untilMs: nowMs + this.#slackMs + context.config.downAfterMs,
    };
    this.#phase = phase;
    if (choice.lossPossible) this.#declareLoss(record);
    context.notices.member("+selected-slave", chosen.id);
    context.notices.member("+failover-state-send-slaveof-noone", chosen.id);
    if (watch !== undefined) this.#sendPromote(phase, watch);
    const follow = {
      type: "follow",
      group: record.name,
      epoch: this.epoch,
      leader: record.steward,
      record,
    } as const;
    for (const { id } of record.members) {
      const link = context.watches.get(id)?.link ?? null;
      if (id === chosen.id || link === null) continue;
      context.outbox.send(link, follow);
      context.notices.member("+slave-reconf-sent", id);
    }
    this.#store(record, nowMs);
  }

  /** Before anyone acts on it: who completes this when its leader dies midway can't know of it. */
  #declareLoss({ name, master }: GroupRecord): void {
    const { notices, outbox } = this.#context;
    notices.group("+recovered-with-possible-loss");
    const fields = { group: name, epoch: this.epoch, master };
    outbox.log("error", "+recovered-with-possible-loss", fields, "acknowledged writes may be missing");
  }

  #sendPromote(phase: Extract<Phase, { step: "promote" }>, watch: MemberWatch): void {
    if (watch.link === null) return;
    phase.link = watch.link;
    this.#context.outbox.send(watch.link, {
      type: "promote",
      group: phase.record.name,
      epoch: this.epoch,
      leader: selfAsLeader(this.#context),
      position: phase.chosen.position,
      record: phase.record,
    });
  }

  #store(record: GroupRecord, nowMs: Millis): void {
    const stored = this.#context.ledger.store(record, nowMs, () => {});
    if (!stored) this.#fail(`cannot store its own record ${record.number.epoch}.${record.number.seq}`);
    else sendToSentinels(this.#context, { type: "store", group: record.name, record });
  }

  #takenBy(id: MemberId): void {
    const phase = this.#phase;
    if (phase.step !== "promote" || phase.chosen.id !== id || phase.promoted) return;
    phase.promoted = true;
    this.#context.notices.member("+promoted-slave", id);
    this.#context.notices.group("+failover-state-reconf-slaves");
  }

  #settlePromote(phase: Extract<Phase, { step: "promote" }>, nowMs: Millis): void {
    if (!phase.stands && this.#context.ledger.standsAtMajority(phase.record.number)) {
      phase.stands = true;
      // Not yet to the clients: the master may not have taken the role.
      for (const { id } of phase.record.members) {
        const watch = this.#context.watches.get(id);
        if (watch === undefined || watch.link === null) continue;
        watch.handedOut(phase.record.number, nowMs);
        this.#context.outbox.send(watch.link, { type: "standing", record: phase.record });
      }
    }
    const isDown = (this.#context.watches.get(phase.chosen.id)?.down ?? null) !== null;
    if (!phase.promoted && isDown && nowMs >= phase.downUntilMs) this.#fail(`${phase.chosen.id} is down`);
    if (!phase.stands || !phase.promoted) return;
    this.#outcome = {
      ok: true,
      record: phase.record,
      tookMs: nowMs - this.#startedAtMs,
    };
  }

  #fail(why: string): void {
    this.#outcome ??= { ok: false, why };
  }
}
