/**
 * One group, as one sentinel sees and serves it: the parent that decides. Hears events, lets its parts compute,
 * and after each event goes through everything that may now be due, in one fixed order.
 */
import { unreachable } from "../../src/base/errors.ts";
import type { MemberId, Millis, StartId } from "../../src/base/ids.ts";
import type { Instant } from "../../src/base/instant.ts";
import type { LinkId, PeerIdentity, PeerTarget, ProbeOutcome } from "../../src/protocol/peer/identity.ts";
import type { NodeStatus, NodeToSentinel, Refused } from "../../src/protocol/peer/node-messages.ts";
import type { Report, SentinelMessage, Vote } from "../../src/protocol/peer/sentinel-messages.ts";
import type { GroupRecord } from "../../src/rules/group-record.ts";
import type { VoteReason } from "../../src/rules/vote-reason.ts";
import { Announcements } from "./announcements.ts";
import { answerCandidate } from "./ballot.ts";
import { reasonToAsk, turnMs } from "./campaign.ts";
import { countedVote, Election, type Mandate } from "./election.ts";
import { Errands } from "./errands.ts";
import { Failover } from "./failover.ts";
import { takeBackDeath } from "./false-crash.ts";
import { FastBudget } from "./fast-budget.ts";
import { findReasons } from "./findings.ts";
import { warnIfGoneBack } from "./gone-back.ts";
import { type GroupContext, isMasterOf, sendToSentinels } from "./group-context.ts";
import { createContext, type GroupSetup } from "./group-setup.ts";
import { groupView } from "./group-view.ts";
import { ping, pingMaster, pingWhoIsDue } from "./heartbeat.ts";
import type { MemberWatch } from "./member-watch.ts";
import type { SentinelPeer } from "./peers.ts";
import { Publication } from "./publication.ts";
import { RecordIntake } from "./record-intake.ts";
import { Reporting } from "./reporting.ts";
import type { OperatorCommand } from "./sentinel-input.ts";
import { ownReign, writeNextRecord } from "./steward.ts";
import { earliest, stallToleranceMs } from "./timing.ts";
import type { GroupView } from "./view.ts";

export class Group {
  readonly name: string;
  readonly #context: GroupContext;
  readonly #budget: FastBudget;
  readonly #election: Election;
  readonly #errands: Errands;
  readonly #records: RecordIntake;
  readonly #publication: Publication;
  readonly #reporting: Reporting;
  readonly #announcements: Announcements;
  #failover: Failover | null = null;
  #finds: readonly VoteReason[] = [];

  constructor(setup: GroupSetup) {
    this.name = setup.config.name;
    this.#budget = new FastBudget(setup.now.monoMs);
    this.#context = createContext(setup, this.#budget);
    this.#election = new Election(this.#context);
    this.#errands = new Errands(this.#context);
    this.#records = new RecordIntake(this.#context);
    this.#publication = new Publication(this.#context);
    this.#reporting = new Reporting(this.#context);
    this.#announcements = new Announcements(this.#context);
  }

  targets(): PeerTarget[] {
    return [...this.#context.watches.values()].map((watch) => watch.target);
  }

  watches(id: MemberId): boolean {
    return this.#context.watches.has(id);
  }

  view(now: Instant): GroupView {
    const parts = {
      failover: this.#failover,
      publication: this.#publication,
      odown: this.#announcements.odown,
    };
    return groupView(this.#context, parts, now);
  }

  isHolding(now: Instant): boolean {
    return this.#publication.isHolding(now.monoMs);
  }

  // ---- members ---------------------------------------------------------------------------------

  /** @returns the link that this one replaces, to be closed. */
  onMemberLinkUp(id: MemberId, link: LinkId, identity: PeerIdentity, now: Instant): LinkId | null {
    const watch = this.#context.watches.get(id);
    if (watch === undefined) return null;
    const replaced = watch.link;
    const before = watch.process;
    takeBackDeath(this.#context, watch, identity.startId);
    if (watch.onLinkUp(link, identity.startId)) {
      this.#context.notices.member("+reboot", id);
      if (before !== null) this.#onProcessDead(watch, before, now.monoMs);
    }
    ping(this.#context, watch, false, now.monoMs);
    this.#publication.handOut(now.monoMs);
    this.#failover?.onMemberLink(watch);
    return replaced;
  }

  onMemberLinkDown(id: MemberId, link: LinkId, now: Instant): void {
    const watch = this.#context.watches.get(id);
    if (watch?.link !== link) return;
    watch.onLinkDown(this.#context.config.crashEvidence, now.monoMs);
  }

  onProbed(id: MemberId, outcome: ProbeOutcome, now: Instant): void {
    const watch = this.#context.watches.get(id);
    if (watch === undefined) return;
    const lost = watch.process;
    const verdict = watch.onProbed(outcome, now.monoMs);
    if ((verdict !== "dead" && verdict !== "restarted") || lost === null) return;
    const mayAct = this.#onProcessDead(watch, lost, now.monoMs);
    if (verdict === "dead" && mayAct) watch.down ??= { sinceMs: now.monoMs, cause: "crash" };
  }

  onMemberMessage(id: MemberId, link: LinkId, message: NodeToSentinel, now: Instant): void {
    const watch = this.#context.watches.get(id);
    if (watch?.link !== link) return;
    switch (message.type) {
      case "pong":
        this.#onStatus(watch, message.status, now.monoMs);
        watch.down = null;
        if (watch.onPong(message.seq, now.monoMs)) ping(this.#context, watch, false, now.monoMs);
        break;
      case "status":
        this.#onStatus(watch, message.status, now.monoMs);
        break;
      case "sealed":
        this.#onStatus(watch, message.status, now.monoMs);
        this.#failover?.onSealed(message, now.monoMs);
        break;
      case "promoted":
        this.#failover?.onPromoted(id, message);
        break;
      case "following":
        if (this.#failover?.epoch === message.epoch) this.#announcements.followTaken(id);
        break;
      case "refused":
        this.#onRefused(id, message, now.monoMs);
        break;
      default:
        unreachable(message);
    }
  }

  // ---- the other sentinels -----------------------------------------------------------------------

  onPeerLink(peer: SentinelPeer, link: LinkId): void {
    this.#reporting.introduce(peer, link, this.#finds, this.#failover?.epoch ?? null);
  }

  onPeerRestarted(peer: SentinelPeer): void {
    this.#context.ledger.forget(peer.id);
  }

  onPeerMessage(peer: SentinelPeer, link: LinkId, message: SentinelMessage, now: Instant): void {
    switch (message.type) {
      case "report":
        this.#onReport(peer, link, message, now.monoMs);
        break;
      case "askVote":
        answerCandidate(this.#context, peer, link, message, this.#failover?.epoch ?? null, now.monoMs);
        break;
      case "vote":
        this.#onVote(peer, message, now.monoMs);
        break;
      case "store":
        this.#records.onStore(link, message, now.monoMs);
        break;
      case "stored":
        if (message.ok) this.#context.ledger.confirm(peer.id, message.number);
        this.#failover?.stepDown(message.votedEpoch);
        break;
      case "stands":
        this.#records.take(message.record, now.monoMs);
        this.#publish(message.record, message.reason, null, now);
        break;
      case "operate":
        this.#errands.onOperate(link, message, now.monoMs);
        break;
      case "operated":
        this.#errands.onOperated(message);
        break;
      default:
        unreachable(message);
    }
  }

  // ---- itself ------------------------------------------------------------------------------------

  onOperator(id: number, command: OperatorCommand, now: Instant): void {
    if (command.type === "reset") {
      this.#freshen(now);
      this.#budget.refill(now.monoMs);
      this.#election.forgive();
    }
    this.#errands.start(id, command, now.monoMs);
  }

  /**
   * This process was not running: silence until now proves nothing.
   *
   * @returns false where that is too short to matter to this group.
   */
  onStall(stalledMs: Millis, now: Instant): boolean {
    if (stalledMs <= stallToleranceMs(this.#context.config.downAfterMs)) return false;
    this.#freshen(now);
    return true;
  }

  #freshen(now: Instant): void {
    for (const watch of this.#context.watches.values()) watch.freshen(now.monoMs);
  }

  /** Everything that may be due, in this order: what is known, what stands, what to do about it, whom to tell. */
  settle(now: Instant): void {
    const nowMs = now.monoMs;
    this.#records.settle(nowMs);
    this.#watchMembers(nowMs);
    this.#publishWhatStands(now);
    const record = this.#context.ledger.stored;
    this.#finds = findReasons(this.#context, nowMs);
    this.#announcements.settle(nowMs);
    const mandate = this.#election.takeMandate();
    if (mandate !== null) this.#begin(mandate);
    this.#lead(now);
    this.#campaign(nowMs);
    writeNextRecord(this.#context, this.#errands.pauseWanted, nowMs);
    this.#errands.settle(this.#failover !== null, nowMs);
    this.#publication.handOut(nowMs);
    this.#publication.settle(nowMs);
    pingWhoIsDue(this.#context, nowMs);
    // What was found of a master must not be said of the next one, of whom a record written just now speaks.
    if (this.#context.ledger.stored !== record) this.#finds = findReasons(this.#context, nowMs);
    this.#reporting.settle(this.#finds, this.#failover?.epoch ?? null, nowMs);
  }

  /** When to settle again if nothing happens. Only `settle` and what concerns the group moves it. */
  deadlineMs(nowMs: Millis): Millis {
    const { watches, signs, ledger } = this.#context;
    let next = earliest(
      this.#reporting.deadlineMs,
      this.#failover?.deadlineMs,
      this.#election.deadlineMs,
      this.#errands.deadlineMs,
      this.#publication.holdEndsMs(nowMs),
      later(signs.endsAtMs(ledger.storedEpoch), nowMs),
    );
    for (const watch of watches.values()) next = earliest(next, watch.deadlineMs());
    return next;
  }

  // ---- parts of the above ------------------------------------------------------------------------

  #onStatus(watch: MemberWatch, status: NodeStatus, nowMs: Millis): void {
    watch.onStatus(status, nowMs);
    warnIfGoneBack(this.#context, watch);
    this.#context.signs.note(status.promise.epoch, null, nowMs);
    this.#failover?.onStatus(watch, status);
    const { stored } = this.#context.ledger;
    if (stored === null || !isMasterOf(stored, status)) return;
    // It has just taken the role: pongs from before it did are worth no lease.
    if (this.#context.masterProcess.see(stored.number.epoch, status.startId))
      pingMaster(this.#context, nowMs);
  }

  /** @returns whether the death may be acted upon at once. */
  #onProcessDead(watch: MemberWatch, process: StartId, nowMs: Millis): boolean {
    const { ledger, masterProcess } = this.#context;
    if (ledger.stored?.master !== watch.id) return true;
    return masterProcess.noteDeath(process, nowMs);
  }

  #onRefused(id: MemberId, refused: Refused, nowMs: Millis): void {
    this.#context.outbox.log(
      "warn",
      "refused",
      { group: this.name, member: id, what: refused.what, epoch: refused.epoch, reason: refused.reason },
      "a member has refused an order",
    );
    if (refused.what === "prepareHandover") this.#errands.onHandoverRefused(refused.reason, nowMs);
    else this.#failover?.onRefused(id, refused);
  }

  #onReport(peer: SentinelPeer, link: LinkId, report: Report, nowMs: Millis): void {
    const { peers, ledger, signs } = this.#context;
    const before = peer.reports.get(this.name);
    if (!peers.onReport(peer, report)) return;
    if (before === undefined) this.#context.notices.sentinel("+sentinel", peer);
    if (report.stored !== null) ledger.confirm(peer.id, report.stored);
    if (report.record !== null) this.#records.take(report.record, nowMs);
    if (report.leading !== null) signs.note(report.leading, peer.id, nowMs);
    else if (before?.leading != null) signs.gone(before.leading, peer.id);
    signs.note(report.votedEpoch, null, nowMs);
    this.#failover?.stepDown(report.votedEpoch);
    const changed =
      before === undefined ||
      before.blank !== report.blank ||
      before.finds.join() !== report.finds.join() ||
      before.leading !== report.leading;
    if (changed) this.#election.askAgain(peer);
    this.#reporting.catchUp(peer, link, this.#finds, this.#failover?.epoch ?? null);
  }

  #onVote(peer: SentinelPeer, vote: Vote, nowMs: Millis): void {
    const isLate = vote.granted && !vote.pre && this.#failover?.epoch === vote.epoch;
    if (isLate) this.#failover?.addVote(peer.id, countedVote(vote, nowMs));
    else this.#election.onVote(peer, vote, nowMs);
    if (vote.record !== null && !vote.granted) this.#records.take(vote.record, nowMs);
  }

  #watchMembers(nowMs: Millis): void {
    for (const watch of this.#context.watches.values()) {
      if (watch.takeProbe(nowMs)) this.#context.outbox.push({ type: "probe", target: watch.target });
      if (watch.down === null && watch.isSilent(nowMs)) watch.down = { sinceMs: nowMs, cause: "silence" };
    }
  }

  /** After a restart, or where the leader's word was lost: a majority's reports say that a record stands. */
  #publishWhatStands(now: Instant): void {
    const { ledger, peers } = this.#context;
    const { saved, standing } = ledger;
    if (saved === null || saved === standing || !ledger.standsAtMajority(saved.number)) return;
    // Its leader says when the master has taken the role; its silence is not waited for longer than it leads.
    const isLed =
      this.#failover?.epoch === saved.number.epoch ||
      peers.all.some((peer) => peer.report(this.name, now.monoMs)?.leading === saved.number.epoch);
    if (isLed) return;
    const isOwn = ownReign(this.#context) !== null;
    if (this.#publish(saved, "amended", null, now) && isOwn) {
      sendToSentinels(this.#context, { type: "stands", group: this.name, record: saved, reason: "amended" });
    }
  }

  #publish(record: GroupRecord, reason: string, tookMs: Millis | null, now: Instant): boolean {
    const before = this.#context.ledger.standing;
    if (!this.#publication.publish(record, reason, tookMs, now)) return false;
    if (before === null || before.number.epoch < record.number.epoch) {
      this.#election.forgive();
      this.#errands.onReign(record, tookMs);
    }
    return true;
  }

  #lead(now: Instant): void {
    const failover = this.#failover;
    if (failover === null) return;
    this.#context.signs.note(failover.epoch, this.#context.self.id, now.monoMs);
    failover.settle(now.monoMs);
    const { outcome } = failover;
    if (outcome === null) return;
    this.#failover = null;
    const { outbox, notices } = this.#context;
    if (!outcome.ok) {
      this.#context.signs.gone(failover.epoch, this.#context.self.id);
      this.#election.backOff(now.monoMs);
      const fields = { group: this.name, epoch: failover.epoch, reason: failover.reason, why: outcome.why };
      outbox.log("warn", "failover.failed", fields, "the failover of this epoch has failed");
      return;
    }
    const { record, tookMs } = outcome;
    this.#publish(record, failover.reason, tookMs, now);
    sendToSentinels(this.#context, { type: "stands", group: this.name, record, reason: failover.reason });
    notices.group("+failover-end");
  }

  #campaign(nowMs: Millis): void {
    if (this.#failover !== null) return;
    const errand = this.#errands.reasonToAsk();
    if (errand !== null) {
      this.#election.settle(errand, 0, nowMs);
      return;
    }
    const facts = {
      finds: this.#finds,
      odown: this.#announcements.odown,
      pauseWanted: this.#errands.pauseWanted,
    };
    const reason = reasonToAsk(this.#context, facts, nowMs);
    this.#election.settle(reason, reason === null ? 0 : turnMs(this.#context, nowMs), nowMs);
  }

  #begin(mandate: Mandate): void {
    const byWord = mandate.reason === "planned" || mandate.reason === "recover" || mandate.reason === "adopt";
    const wanted = byWord ? this.#errands.wanted : null;
    const fields = { group: this.name, epoch: mandate.epoch, reason: mandate.reason };
    this.#context.outbox.log("warn", "+elected-leader", fields, "elected to lead this epoch");
    this.#failover = new Failover(this.#context, mandate, wanted, mandate.atMs);
  }
}

function later(time: Millis | undefined, nowMs: Millis): Millis | undefined {
  return time !== undefined && time > nowMs ? time : undefined;
}
