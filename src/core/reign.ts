/**
 * A reign in full: replication (`MasterReign`), the lease, whether commands may be executed now, a switchover in
 * progress. It begins with the epoch-start record; until that is committed, applied and the reign is recorded by the
 * sentinels, nothing is executed.
 */
import { type Epoch, type MemberId, type Millis, OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import type { LinkId } from "../protocol/peer/identity.ts";
import type { NodeStatus } from "../protocol/peer/node-messages.ts";
import { hasAppliedItsLog } from "../rules/choose-candidate.ts";
import { type ClientAddress, type GroupRecord, memberOf } from "../rules/group-record.ts";
import type { ReplicationRules } from "../rules/replication-rules.ts";
import { NOREPLICAS } from "./commands/errors.ts";
import type { MemberOutbox } from "./member-io.ts";
import type { MasterLease } from "./replication/lease.ts";
import { MasterReign } from "./replication/master-reign.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";
import type { SentinelLimits } from "./sentinel-limits.ts";
import type { ServingReign } from "./service.ts";

export interface ReignSetup {
  readonly record: GroupRecord;
  /** A master without sentinels: no lease, no record to wait for. */
  readonly isStatic: boolean;
  readonly self: MemberId;
  readonly client: ClientAddress;
  readonly reads: "linearizable" | "local";
  readonly ackTimeoutMs: Millis;
  readonly limits: SentinelLimits;
  readonly log: ReplicationLog;
  readonly outbox: MemberOutbox;
  readonly rules: ReplicationRules;
  readonly lease: MasterLease;
  readonly now: Instant;
}

/** A target that lags by more than this share of the time-out is waited for with the clients served. */
const HANDOVER_LAG_SHARE = 1 / 20;

const NOTHING = { received: OFFSET_ZERO, applied: OFFSET_ZERO };

interface Handover {
  readonly target: MemberId;
  readonly deadlineMs: Millis;
  readonly lagMsMax: Millis;
  /** What the log held at a moment, until the target has that, and could serve; `null` once it was quick enough, and clients are on hold. */
  awaited: { readonly offset: Offset; readonly sinceMs: Millis } | null;
  ready: boolean;
}

/** The oldest moment from which something is uncommitted, no younger than it is. */
interface UncommittedMark {
  readonly offset: Offset;
  readonly sinceMs: Millis;
}

export class Reign implements ServingReign {
  readonly epoch: Epoch;
  readonly replicas: MasterReign;
  readonly #setup: ReignSetup;
  #recorded: boolean;
  #established = false;
  #handover: Handover | null = null;
  /** Until when commands may wait for this reign to be established, or for the seal's outcome. */
  #heldUntilMs: Millis;
  #sealedSeen = false;
  #owedPromoted: LinkId[] = [];
  #mark: UncommittedMark | null;
  /** In async: neither a lease nor the acks of all others stand. */
  #refusesSinceMs: Millis | null = null;
  #lastRecordMs: Millis;
  #checkedAt: Instant | null = null;
  #refusal: string | undefined;

  constructor(setup: ReignSetup) {
    this.#setup = setup;
    this.epoch = setup.record.number.epoch;
    this.#recorded = setup.isStatic;
    this.#heldUntilMs = setup.now.monoMs + setup.ackTimeoutMs;
    this.#lastRecordMs = setup.now.monoMs;
    const { log, outbox, rules, self, client, record } = setup;
    const epochStart = log.assign("epochStart", this.epoch);
    log.writeOut(outbox);
    // A reign whose very first record can't be committed must be seen as stalled, too.
    this.#mark = { offset: epochStart, sinceMs: setup.now.monoMs };
    this.replicas = new MasterReign({
      ...{ epoch: this.epoch, epochStart, record, self, client },
      ...{ log, outbox, rules },
    });
  }

  get recorded(): boolean {
    return this.#recorded;
  }

  get established(): boolean {
    return this.#established;
  }

  /** The keyspace holds all that the log held when the reign began. */
  get applied(): boolean {
    return this.#setup.log.applied >= this.replicas.epochStart;
  }

  get handover(): NodeStatus["handover"] {
    return this.#handover === null ? null : { target: this.#handover.target, ready: this.#handover.ready };
  }

  get handoverTarget(): MemberId | undefined {
    return this.#handover?.target;
  }

  get handoverReady(): boolean {
    return this.#handover?.ready === true;
  }

  /** The sentinels' record stands: the licence to acknowledge, and whom to count from now on. */
  onStanding(record: GroupRecord): void {
    this.#recorded = true;
    this.replicas.record = record;
    this.#checkedAt = null;
  }

  /** A leader asked for the promotion: it hears when the keyspace is ready. */
  owePromoted(link: LinkId): void {
    this.#owedPromoted.push(link);
  }

  onAcks(): void {
    this.#checkedAt = null;
  }

  /** Draws conclusions; call at the end of each step. @returns true when the commit offset moved. */
  settle(now: Instant): boolean {
    const { log, outbox } = this.#setup;
    const moved = this.replicas.advanceCommit();
    if (moved) this.replicas.noteCommit(now.monoMs);
    if (this.#mark !== null && log.committed >= this.#mark.offset) {
      this.#mark = log.assigned > log.committed ? { offset: log.assigned, sinceMs: now.monoMs } : null;
    }
    if (this.applied && this.#owedPromoted.length > 0) {
      for (const link of this.#owedPromoted) outbox.send(link, { type: "promoted", epoch: this.epoch });
      this.#owedPromoted = [];
    }
    // In async the first lease is waited for as well: without it the first clients would be refused.
    if (!this.#established && this.#mayServe() && this.refuseWrite(now) === undefined) {
      this.#established = true;
      outbox.log(
        "info",
        "established",
        { epoch: this.epoch, offset: log.committed },
        "the reign acknowledges",
      );
    }
    this.#settleHandover(now.monoMs);
    return moved;
  }

  #mayServe(): boolean {
    const { log, rules } = this.#setup;
    return rules.mayServe({
      recorded: this.#recorded,
      applied: this.applied,
      committed: log.committed,
      epochStart: this.replicas.epochStart,
    });
  }

  /** Ends a turn: sends what is new, and then writes its records out. */
  flush(nowMs: Millis): void {
    const { log, outbox } = this.#setup;
    const append = log.endTurn();
    if (append !== null) {
      this.#lastRecordMs = nowMs;
      this.#mark ??= { offset: log.tail.lastOffset, sinceMs: nowMs };
    }
    this.replicas.flush(nowMs);
    if (append !== null) outbox.push(append);
    log.tail.trim(log.committed);
  }

  deadlineMs(): Millis {
    return this.replicas.deadlineMs();
  }

  tick(now: Instant): void {
    const { log, isStatic } = this.#setup;
    // A round each tick: its acks tell which replicas are good, and confirm the reign without a lease.
    this.replicas.wantRound();
    if (this.#handover !== null && now.monoMs >= this.#handover.deadlineMs) {
      this.cancelHandover("not sealed in time");
    }
    if (this.replicas.record.mode === "async" && this.refuseWrite(now) !== undefined) {
      this.#refusesSinceMs ??= now.monoMs;
    } else this.#refusesSinceMs = null;
    const idleMs = now.monoMs - this.#lastRecordMs;
    if (!isStatic && this.#established && this.#handover === null && this.#mark === null) {
      if (idleMs >= this.#setup.limits.stallAfterMs / 2) log.applied = log.assign("probe", this.epoch);
    }
  }

  /** In async, where every record commits, also since when writes are refused: either way this master serves nobody. */
  oldestUncommittedMs(nowMs: Millis): Millis {
    const sinceMs = Math.min(this.#mark?.sinceMs ?? nowMs, this.#refusesSinceMs ?? nowMs);
    return nowMs - sinceMs;
  }

  // ---- switchover --------------------------------------------------------------------------------

  /** @returns why not, or `null` when commands go on hold for `target` as soon as it lags little. */
  prepareHandover(target: MemberId, timeoutMs: Millis, nowMs: Millis): string | null {
    if (!this.#established) return "the reign is not established";
    if (memberOf(this.replicas.record, target) === undefined) return "the target is no member";
    if (this.replicas.replicaOf(target) === undefined) return "the target is not connected";
    if (this.#handover !== null && this.#handover.target !== target) return "another switchover is under way";
    this.#handover ??= {
      target,
      deadlineMs: nowMs + timeoutMs,
      lagMsMax: timeoutMs * HANDOVER_LAG_SHARE,
      awaited: { offset: this.#setup.log.assigned, sinceMs: nowMs },
      ready: false,
    };
    // In async its acks are not asked for with each frame.
    this.hurry();
    return null;
  }

  cancelHandover(reason: string): void {
    if (this.#handover === null) return;
    this.#setup.outbox.log(
      "warn",
      "handover-cancelled",
      { target: this.#handover.target, reason },
      "reign goes on",
    );
    this.#handover = null;
    this.#setup.lease.takeBack();
  }

  #settleHandover(nowMs: Millis): void {
    const handover = this.#handover;
    if (handover === null || handover.ready) return;
    const { log, lease } = this.#setup;
    const { received, applied } = this.replicas.replicaOf(handover.target) ?? NOTHING;
    const { awaited } = handover;
    const couldServe = hasAppliedItsLog({ position: { offset: received }, applied });
    if (awaited !== null && received >= awaited.offset && couldServe) {
      const isNear = nowMs - awaited.sinceMs <= handover.lagMsMax;
      handover.awaited = isNear ? null : { offset: log.assigned, sinceMs: nowMs };
    }
    if (handover.awaited !== null) return;
    const isQuiet = log.assigned === log.committed && this.replicas.safeOffset() === log.committed;
    if (!isQuiet || received < log.assigned) return;
    handover.ready = true;
    lease.giveUp();
  }

  // ---- what clients may do -------------------------------------------------------------------------

  /** Until when data commands wait; `undefined` when they may run now. */
  heldUntilMs(nowMs: Millis, sealed: boolean): Millis | undefined {
    if (sealed) {
      if (!this.#sealedSeen) {
        this.#sealedSeen = true;
        this.#heldUntilMs = Math.max(this.#handover?.deadlineMs ?? 0, nowMs + this.#setup.ackTimeoutMs);
      }
      return this.#heldUntilMs;
    }
    if (this.#handover?.awaited === null) return this.#handover.deadlineMs;
    return this.#established ? undefined : this.#heldUntilMs;
  }

  refuseWrite(now: Instant): string | undefined {
    if (this.#setup.isStatic) return undefined;
    const { mode, copies } = this.replicas.record;
    if (mode !== "async") {
      return this.#hasGoodReplicas(now, copies) ? undefined : NOREPLICAS;
    }
    const { lease, rules } = this.#setup;
    if (lease.holds(now.monoMs)) return undefined;
    const sinceMs = now.monoMs - rules.confirmationLastsMs(this.#setup.limits.downAfterMs);
    return this.replicas.allMembersConfirmSince(sinceMs) ? undefined : NOREPLICAS;
  }

  readRound(now: Instant): number {
    const { isStatic, reads, lease } = this.#setup;
    const { mode, copies } = this.replicas.record;
    if (isStatic || mode === "async" || reads === "local" || lease.holds(now.monoMs)) return 0;
    return this.#hasGoodReplicas(now, copies) ? this.replicas.wantRound() : -1;
  }

  /**
   * Neither a lease nor enough replicas: whatever a client asks of this master it is refused, and another one may
   * reign by now that cannot tell it so.
   */
  isIsolated(now: Instant): boolean {
    if (this.#setup.isStatic || this.#setup.lease.holds(now.monoMs)) return false;
    return this.refuseWrite(now) !== undefined;
  }

  hurry(): void {
    this.replicas.wantRound();
  }

  countReceived(offset: Offset): number {
    return offset === OFFSET_ZERO
      ? [...this.replicas.replicas()].length
      : this.replicas.countReceived(offset);
  }

  /** Computed once a batch: all commands of a batch carry the same instant. */
  #hasGoodReplicas(now: Instant, copies: number): boolean {
    if (this.#checkedAt !== now) {
      this.#checkedAt = now;
      const good = this.replicas.goodReplicas(now.monoMs, this.#setup.limits.downAfterMs / 2);
      this.#refusal = good >= copies - 1 ? undefined : NOREPLICAS;
    }
    return this.#refusal === undefined;
  }
}
