/**
 * What operators have asked for: failover, switchover, adopt, recover, and maintenance. One failover at a time,
 * each with an end in time, each answered exactly once.
 */
import { unreachable } from "../../src/base/errors.ts";
import type { MemberId, Millis } from "../../src/base/ids.ts";
import type { LinkId } from "../../src/protocol/peer/identity.ts";
import type { Operate, Operated } from "../../src/protocol/peer/sentinel-messages.ts";
import { hasAppliedItsLog } from "../../src/rules/choose-candidate.ts";
import { type GroupRecord, memberOf } from "../../src/rules/group-record.ts";
import { comparePositions } from "../../src/rules/log-position.ts";
import type { VoteReason } from "../../src/rules/vote-reason.ts";
import { adoptObstacles, votes } from "./bootstrap.ts";
import { canChoose, obstacles, whyIneligible } from "./eligibility.ts";
import { whyEmptyChoice } from "./empty-choice.ts";
import { isStewardGone } from "./findings.ts";
import { currentStatus, type GroupContext, isMasterOf } from "./group-context.ts";
import type { RefusalCode } from "./outbox.ts";
import type { OperatorCommand } from "./sentinel-input.ts";
import { ownReign } from "./steward.ts";
import { earliest, STEP_SLACK_MS } from "./timing.ts";

type Errand =
  /** A switchover away from a master that has been recorded and does not serve yet: it was ordered right behind another one. */
  | {
      readonly kind: "wait";
      readonly id: number;
      readonly to: MemberId | null;
      readonly untilMs: Millis;
    }
  | {
      readonly kind: "handover";
      readonly id: number;
      readonly target: MemberId;
      readonly untilMs: Millis;
      /** Goes on by force when the master does not cooperate. */
      readonly byForceElse: boolean;
    }
  | {
      readonly kind: "elect";
      readonly id: number;
      readonly reason: "forced" | "recover" | "adopt";
      readonly member: MemberId | null;
      /** The master that is to be replaced. */
      readonly from: MemberId | null;
      readonly untilMs: Millis;
    };

type ReplyTo =
  | { readonly kind: "operator"; readonly id: number }
  | { readonly kind: "sentinel"; readonly link: LinkId; readonly id: number };

interface Pause {
  readonly replyTo: ReplyTo;
  readonly paused: boolean;
  /** Handed to the steward, who answers. */
  readonly forwarded: boolean;
  readonly untilMs: Millis;
}

const PAUSES_MAX = 16;
const PAUSE_TIMEOUT_MS: Millis = 10_000;

export class Errands {
  readonly #context: GroupContext;
  #errand: Errand | null = null;
  #pauses: Pause[] = [];

  constructor(context: GroupContext) {
    this.#context = context;
  }

  get deadlineMs(): Millis | undefined {
    return earliest(this.#errand?.untilMs, ...this.#pauses.map((pause) => pause.untilMs));
  }

  /** The member that the failover to come is meant for. */
  get wanted(): MemberId | null {
    const errand = this.#errand;
    if (errand === null || errand.kind === "wait") return null;
    return errand.kind === "handover" ? errand.target : errand.member;
  }

  /** What maintenance is wanted and not yet recorded. */
  get pauseWanted(): boolean | null {
    return this.#pauses.find((pause) => !pause.forwarded)?.paused ?? null;
  }

  /** The reason to ask votes for on an operator's behalf, now. */
  reasonToAsk(): VoteReason | null {
    const errand = this.#errand;
    if (errand === null || errand.kind === "wait") return null;
    if (errand.kind === "elect") return errand.reason;
    const record = this.#context.ledger.stored;
    const master = record?.master == null ? null : currentStatus(this.#context, record.master);
    const ready = master?.handover?.ready === true && master.handover.target === errand.target;
    return ready ? "planned" : null;
  }

  start(id: number, command: OperatorCommand, nowMs: Millis): void {
    switch (command.type) {
      case "failover":
        this.#startHandover(id, null, true, nowMs);
        break;
      case "switchover":
        this.#startHandover(id, command.to ?? null, false, nowMs);
        break;
      case "pause":
      case "resume":
        this.#startPause({ kind: "operator", id }, command.type, true, nowMs);
        break;
      case "adopt":
        this.#startElection(id, "adopt", command.memberId, nowMs);
        break;
      case "recover":
        if (command.acceptLoss) this.#startElection(id, "recover", command.memberId ?? null, nowMs);
        else this.#reply(id, false, "recover may lose acknowledged writes; accept that explicitly");
        break;
      case "reset":
        this.#reply(id, true, "silence clocks and back-off start afresh");
        break;
      default:
        unreachable(command);
    }
  }

  onOperate(link: LinkId, operate: Operate, nowMs: Millis): void {
    this.#startPause({ kind: "sentinel", link, id: operate.id }, operate.command, false, nowMs);
  }

  onOperated(operated: Operated): void {
    const pause = this.#pauses.find(
      (one) => one.forwarded && one.replyTo.kind === "operator" && one.replyTo.id === operated.id,
    );
    if (pause !== undefined) this.#answerPause(pause, operated.ok, operated.text);
  }

  onHandoverRefused(reason: string, nowMs: Millis): void {
    // One that it has agreed to may be under way for another sentinel: this is not to be cancelled.
    if (this.#errand?.kind === "handover") this.#endHandover(`the master refused: ${reason}`, nowMs);
  }

  /** A new reign is published, whoever led it. */
  onReign(record: GroupRecord, tookMs: Millis | null): void {
    const errand = this.#errand;
    if (errand === null || errand.kind === "wait") return;
    this.#errand = null;
    const { master, number } = record;
    if (errand.kind === "elect" && errand.from !== null && errand.from === master) {
      this.#reply(
        errand.id,
        false,
        `master is still ${master}: nobody else that answers holds all that it does`,
        "NOGOODSLAVE",
      );
      return;
    }
    const wanted = errand.kind === "handover" ? errand.target : errand.member;
    const ok = wanted === null || wanted === master;
    const took = tookMs === null ? "" : ` after ${Math.round(tookMs)} ms`;
    const outcome = `master is ${master} since epoch ${number.epoch}${took}`;
    this.#reply(errand.id, ok, ok ? outcome : `${wanted} was not promoted: ${outcome}`);
  }

  /** @param leading while this sentinel leads, its failover has its own end in time. */
  settle(leading: boolean, nowMs: Millis): void {
    if (this.#errand?.kind === "wait") this.#settleWait(this.#errand, nowMs);
    const errand = this.#errand;
    if (errand !== null && errand.kind !== "wait" && !leading && nowMs >= errand.untilMs) {
      if (errand.kind === "handover") this.#giveUpHandover("it was not ready in time", nowMs);
      else this.#endElection(errand, nowMs);
    }
    const { standing, stored } = this.#context.ledger;
    for (const pause of this.#pauses) {
      // A record that is still on its way to a majority may say otherwise.
      const stands = standing?.paused === pause.paused && stored?.paused === pause.paused;
      if (!pause.forwarded && stands) {
        this.#answerPause(pause, true, pause.paused ? "paused" : "resumed");
      } else if (nowMs >= pause.untilMs) {
        this.#answerPause(pause, false, "could not be recorded at a sentinel majority in time");
      }
    }
  }

  #settleWait({ id, to, untilMs }: Errand & { readonly kind: "wait" }, nowMs: Millis): void {
    const serves = this.#servingMaster() !== null;
    if (!serves && this.#masterAnswers() && nowMs < untilMs) return;
    this.#errand = null;
    this.#startHandover(id, to, false, nowMs, false);
  }

  /** @param mayWait for a master that answers to serve. */
  #startHandover(
    id: number,
    to: MemberId | null,
    byForceElse: boolean,
    nowMs: Millis,
    mayWait = !byForceElse,
  ): void {
    const { ledger, outbox, config } = this.#context;
    const record = ledger.stored;
    if (this.#refuseAnother(id)) return;
    if (record === null || record.master === null) {
      this.#reply(id, false, "there is no master yet");
      return;
    }
    const link = this.#servingMaster();
    const target = to ?? this.#bestReplica(record);
    if (link === null && byForceElse) {
      this.#startElection(id, "forced", null, nowMs);
      return;
    }
    const isPossible = to === null || (to !== record.master && memberOf(record, to) !== undefined);
    if (link === null && mayWait && isPossible && this.#masterAnswers()) {
      this.#errand = { kind: "wait", id, to, untilMs: nowMs + config.switchoverTimeoutMs };
      return;
    }
    if (target === null) {
      this.#reply(id, false, this.#noReplicaFor(record), "NOGOODSLAVE");
      return;
    }
    const why = this.#whyNotTo(record, target);
    if (why !== null || link === null) {
      this.#reply(id, false, why ?? `master ${record.master} does not serve now, so it can't hand over`);
      return;
    }
    const timeoutMs = byForceElse
      ? Math.min(config.switchoverTimeoutMs, config.downAfterMs)
      : config.switchoverTimeoutMs;
    this.#errand = { kind: "handover", id, target, untilMs: nowMs + timeoutMs, byForceElse };
    const { epoch } = record.number;
    outbox.send(link, { type: "prepareHandover", group: record.name, epoch, target, timeoutMs });
  }

  #startElection(
    id: number,
    reason: "forced" | "recover" | "adopt",
    member: MemberId | null,
    nowMs: Millis,
  ): void {
    if (this.#refuseAnother(id)) return;
    const { ledger, config, watches } = this.#context;
    const missing = reason === "adopt" ? adoptObstacles(this.#context, nowMs) : [];
    if (member !== null && this.#isObserver(member)) {
      missing.push(`${member} is an observer: it is never promoted`);
    }
    if (reason === "recover" && this.#servingMaster() !== null) {
      missing.push(`master ${ledger.stored?.master} serves: there is nothing to recover`);
    }
    if (reason !== "adopt" && ledger.stored === null) {
      missing.push("no sentinel has a record of this group: see `interrex adopt`");
    }
    const code = reason === "forced" ? this.#nobodyToChoose() : null;
    if (code !== null) missing.push(...obstacles(this.#context, nowMs));
    if (member !== null && watches.get(member)?.answers !== true) missing.push(`${member} does not answer`);
    const empty =
      member === null ? null : whyEmptyChoice(this.#context, member, (id) => this.#isObserver(id));
    if (empty !== null) missing.push(empty);
    if (missing.length > 0) {
      const why = missing.join("; ");
      this.#reply(id, false, code === null ? why : `No suitable replica to promote: ${why}`, code);
      return;
    }
    // Sealing may have to wait for the longest lease.
    const untilMs = nowMs + config.switchoverTimeoutMs + 2 * ledger.longestLeaseMs + STEP_SLACK_MS;
    const from = reason === "forced" ? (ledger.stored?.master ?? null) : null;
    this.#errand = { kind: "elect", id, reason, member, from, untilMs };
  }

  #startPause(replyTo: ReplyTo, command: "pause" | "resume", mayForward: boolean, nowMs: Millis): void {
    const { ledger, peers, outbox, config } = this.#context;
    const record = ledger.stored;
    const steward = record === null ? undefined : peers.byId(record.steward.id);
    const refuse = (text: string): void => this.#answer(replyTo, false, text);
    if (record === null || record.master === null) return refuse("there is no master yet");
    if (this.#pauses.length >= PAUSES_MAX) return refuse("too many such commands are under way");
    const reachable =
      steward !== undefined && steward.link !== null && !isStewardGone(this.#context, record.steward, nowMs);
    const forwarded = mayForward && ownReign(this.#context) === null && reachable;
    if (!mayForward && ownReign(this.#context) === null) return refuse("not the steward any more");
    const untilMs = nowMs + PAUSE_TIMEOUT_MS;
    const paused = command === "pause";
    for (const earlier of this.#pauses.filter((one) => !one.forwarded && one.paused !== paused)) {
      this.#answerPause(earlier, false, `a later ${command} took its place`);
    }
    this.#pauses.push({ replyTo, paused, forwarded, untilMs });
    if (forwarded && steward?.link != null) {
      outbox.send(steward.link, { type: "operate", group: config.name, id: replyTo.id, command });
    }
  }

  /** By the record; before there is one, by what it would say. */
  #isObserver(id: MemberId): boolean {
    const { ledger, config, watches } = this.#context;
    if (ledger.stored !== null) return memberOf(ledger.stored, id)?.voting === false;
    const node = config.nodes.find((one) => one.id === id);
    return node !== undefined && !votes(node, watches.get(id)?.status ?? null);
  }

  /** The link to the recorded master while it holds the role and answers; else `null`. */
  #servingMaster(): LinkId | null {
    const record = this.#context.ledger.stored;
    if (record === null || record.master === null) return null;
    const status = currentStatus(this.#context, record.master);
    if (status === null || !isMasterOf(record, status) || !status.established) return null;
    return this.#context.watches.get(record.master)?.link ?? null;
  }

  #masterAnswers(): boolean {
    const master = this.#context.ledger.stored?.master;
    return master != null && this.#context.watches.get(master)?.answers === true;
  }

  #bestReplica(record: GroupRecord): MemberId | null {
    const fit = record.members.flatMap((member) => {
      const status = currentStatus(this.#context, member.id);
      return status !== null && this.#whyNotTo(record, member.id) === null ? [{ member, status }] : [];
    });
    fit.sort(
      (a, b) =>
        Number(hasAppliedItsLog(b.status)) - Number(hasAppliedItsLog(a.status)) ||
        comparePositions(b.status.position, a.status.position) ||
        a.member.priority - b.member.priority ||
        (a.member.id < b.member.id ? -1 : 1),
    );
    return fit[0]?.member.id ?? null;
  }

  #whyNotTo(record: GroupRecord, target: MemberId): string | null {
    const member = memberOf(record, target);
    if (member === undefined) return `${target} is no member of ${record.name}`;
    if (target === record.master) return `${target} is the master already`;
    const why = whyIneligible(this.#context.rules, record, member, this.#context.watches.get(target));
    return why === null ? null : `${target} ${why}`;
  }

  #giveUpHandover(why: string, nowMs: Millis): void {
    const record = this.#context.ledger.stored;
    const link = record?.master == null ? null : (this.#context.watches.get(record.master)?.link ?? null);
    if (record !== null && link !== null) {
      const { epoch } = record.number;
      this.#context.outbox.send(link, { type: "cancelHandover", group: record.name, epoch });
    }
    this.#endHandover(why, nowMs);
  }

  #endHandover(why: string, nowMs: Millis): void {
    const errand = this.#errand;
    if (errand?.kind !== "handover") return;
    this.#errand = null;
    if (errand.byForceElse) this.#startElection(errand.id, "forced", null, nowMs);
    else this.#reply(errand.id, false, `the switchover to ${errand.target} was cancelled: ${why}`);
  }

  #endElection(errand: Errand & { readonly kind: "elect" }, nowMs: Millis): void {
    const lines = obstacles(this.#context, nowMs);
    const why = lines.length === 0 ? "not elected" : lines.join("; ");
    this.#errand = null;
    const code = errand.reason === "forced" ? this.#nobodyToChoose() : null;
    this.#reply(errand.id, false, `no ${errand.reason} failover in time: ${why}`, code);
  }

  #nobodyToChoose(): RefusalCode | null {
    const { stored } = this.#context.ledger;
    return stored !== null && !canChoose(this.#context, stored) ? "NOGOODSLAVE" : null;
  }

  #noReplicaFor(record: GroupRecord): string {
    const others = record.members.filter(({ id }) => id !== record.master);
    const why = others.map(({ id }) => this.#whyNotTo(record, id)).join("; ");
    return `No suitable replica to promote: ${why === "" ? `${record.name} has none` : why}`;
  }

  #refuseAnother(id: number): boolean {
    if (this.#errand === null) return false;
    this.#reply(id, false, "Failover already in progress, for an operator", "INPROG");
    return true;
  }

  #answerPause(pause: Pause, ok: boolean, text: string): void {
    this.#pauses = this.#pauses.filter((one) => one !== pause);
    this.#answer(pause.replyTo, ok, text);
  }

  #answer(to: ReplyTo, ok: boolean, text: string): void {
    if (to.kind === "operator") this.#reply(to.id, ok, text);
    else {
      const { outbox, config } = this.#context;
      outbox.send(to.link, { type: "operated", group: config.name, id: to.id, ok, text });
    }
  }

  #reply(id: number, ok: boolean, text: string, code: RefusalCode | null = null): void {
    this.#context.outbox.push({ type: "operatorReply", id, ok, text, code });
  }
}
