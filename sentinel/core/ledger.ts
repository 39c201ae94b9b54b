/**
 * What this sentinel has voted and stored for one group, what of it is durable, and what stands at a majority.
 *
 * Enforces: one vote an epoch (S1), no record below the voted epoch, answers that never go back (S9), no lease longer than
 * a later life of this sentinel knows of.
 */
import { invariant } from "../../src/base/errors.ts";
import { EPOCH_ZERO, type Epoch, type Millis, type SentinelId } from "../../src/base/ids.ts";
import type { ElectionRules } from "../../src/rules/election-rules.ts";
import {
  compareRecordNumbers,
  type GroupRecord,
  type Leader,
  type RecordNumber,
} from "../../src/rules/group-record.ts";
import { EMPTY_GROUP_STATE, type GroupState, type StateKeeper, type WhenSaved } from "./sentinel-state.ts";

export class GroupLedger {
  readonly #group: string;
  readonly #self: SentinelId;
  readonly #sentinels: number;
  readonly #keeper: StateKeeper;
  readonly #rules: ElectionRules;
  readonly #downAfterMs: Millis;
  /** How long after its start leases of an earlier life may stand. */
  readonly #earlierLeaseMs: Millis;
  readonly #startedAtMs: Millis;
  #state: GroupState;
  /** `leaseMs` as it is on disk. */
  #savedLeaseMs: Millis;
  /** The record of `#state` as it is on disk: only this may be reported as stored. */
  #saved: GroupRecord | null;
  #learnt: GroupRecord | null;
  /** True until this sentinel, started without state, has heard enough to take part. */
  #blank: boolean;
  #standing: GroupRecord | null = null;
  /** When the stored record's epoch began here. */
  #epochSinceMs: Millis;
  /** What each sentinel, this one included, is known to hold durably. */
  readonly #heldBy = new Map<SentinelId, RecordNumber>();

  constructor(setup: {
    group: string;
    self: SentinelId;
    sentinels: number;
    keeper: StateKeeper;
    rules: ElectionRules;
    downAfterMs: Millis;
    nowMs: Millis;
  }) {
    this.#group = setup.group;
    this.#self = setup.self;
    this.#sentinels = setup.sentinels;
    this.#keeper = setup.keeper;
    this.#rules = setup.rules;
    this.#downAfterMs = setup.downAfterMs;
    this.#startedAtMs = setup.nowMs;
    const recovered = setup.keeper.groupState(setup.group);
    this.#state = recovered ?? EMPTY_GROUP_STATE;
    this.#blank = recovered === undefined;
    this.#saved = this.#state.onlyLearnt ? null : this.#state.record;
    this.#learnt = this.#state.onlyLearnt ? this.#state.record : null;
    this.#epochSinceMs = setup.nowMs;
    if (this.#saved !== null) this.#heldBy.set(this.#self, this.#saved.number);
    this.#savedLeaseMs = this.#state.leaseMs;
    this.#earlierLeaseMs = Math.max(this.#state.leaseMs, setup.downAfterMs);
    if (recovered !== undefined && this.#savedLeaseMs < setup.downAfterMs) this.#change({}, () => undefined);
  }

  get blank(): boolean {
    return this.#blank;
  }

  /** The longest lease that an earlier life of this sentinel may have given, whatever its down-after was. */
  get earlierLeaseMs(): Millis {
    return this.#earlierLeaseMs;
  }

  /** No lease that this sentinel knows of, in this life or the one before, stands for longer. */
  get longestLeaseMs(): Millis {
    return Math.max(this.#state.leaseMs, this.#downAfterMs);
  }

  /** A lease may be given once a later life of this sentinel will know how long it may stand. */
  get mayLease(): boolean {
    return this.#savedLeaseMs >= this.#downAfterMs;
  }

  get votedEpoch(): Epoch {
    return this.#state.votedEpoch;
  }

  get votedFor(): Leader | null {
    return this.#state.votedFor;
  }

  /** The newest record stored or learnt here, perhaps not yet durable. */
  get stored(): GroupRecord | null {
    return this.#state.record;
  }

  get storedEpoch(): Epoch {
    return this.#state.record?.number.epoch ?? EPOCH_ZERO;
  }

  get saved(): GroupRecord | null {
    return this.#saved;
  }

  /** A record that this sentinel knows of and does not hold; `null` once it durably holds one. */
  get learnt(): GroupRecord | null {
    return this.#learnt;
  }

  /** The newest record known to stand; clients are answered from it alone. */
  get standing(): GroupRecord | null {
    return this.#standing;
  }

  get epochSinceMs(): Millis {
    return this.#epochSinceMs;
  }

  /**
   * Ends blankness: every other sentinel's voted epoch has been heard, `floor` is the greatest.
   *
   * @param record the newest that any of them knows. Without it this sentinel could bear no witness of the reign that
   *   it votes about, nor store that record any more where `floor` is above it. It counts as stored here only where it
   *   is not: a leader above it may have been elected without it.
   */
  takePart(floor: Epoch, record: GroupRecord | null, nowMs: Millis): void {
    this.#blank = false;
    this.#epochSinceMs = nowMs;
    const votedEpoch = Math.max(floor, this.votedEpoch) as Epoch;
    const onlyLearnt = record !== null && record.number.epoch < votedEpoch;
    // Held durably or not at all: until then it is only known.
    this.#learnt = record;
    this.#change({ votedEpoch, votedFor: null, record, onlyLearnt }, () => {
      if (record === null || onlyLearnt) return;
      this.#saved = record;
      this.#learnt = null;
      this.confirm(this.#self, record.number);
    });
  }

  mayVote(epoch: Epoch): boolean {
    return !this.#blank && this.#rules.mayVote(this.votedEpoch, this.storedEpoch, epoch);
  }

  /** Gives the vote of `epoch`; it may be spoken of from `then` on. */
  vote(epoch: Epoch, leader: Leader, then: WhenSaved): void {
    invariant(!this.#blank, "a sentinel that lost its state does not vote");
    this.#change({ votedEpoch: epoch, votedFor: leader }, then);
  }

  /**
   * Stores a record that its epoch's leader has written, whoever brought it.
   *
   * @returns false when it is refused; else `then` runs once it is durable.
   */
  store(record: GroupRecord, nowMs: Millis, then: WhenSaved): boolean {
    const stored = this.stored;
    if (this.#blank || !this.#rules.mayStore(this.votedEpoch, stored?.number ?? null, record.number))
      return false;
    if (stored !== null && stored.groupId !== record.groupId) return false;
    if (record.number.epoch !== this.storedEpoch) this.#epochSinceMs = nowMs;
    const { leaseMs } = this.#state;
    // Down-after has been lowered, and what was given for the longer one has run out.
    const mayForget = nowMs - this.#startedAtMs >= this.#earlierLeaseMs;
    this.#change({ record, onlyLearnt: false, leaseMs: mayForget ? 0 : leaseMs }, (now) => {
      this.#saved = record;
      this.#learnt = null;
      this.confirm(this.#self, record.number);
      then(now);
    });
    return true;
  }

  /** That `sentinel` holds this record durably. */
  confirm(sentinel: SentinelId, number: RecordNumber): void {
    const known = this.#heldBy.get(sentinel);
    if (known === undefined || compareRecordNumbers(number, known) > 0) this.#heldBy.set(sentinel, number);
  }

  /** That what was known of `sentinel` was of an earlier process, perhaps with another disk. */
  forget(sentinel: SentinelId): void {
    this.#heldBy.delete(sentinel);
  }

  /** How many sentinels are known to hold exactly this record. */
  holders(number: RecordNumber): number {
    let count = 0;
    for (const held of this.#heldBy.values()) if (compareRecordNumbers(held, number) === 0) count++;
    return count;
  }

  standsAtMajority(number: RecordNumber): boolean {
    return this.#rules.isMajority(this.holders(number), this.#sentinels);
  }

  /** Clients are answered from `record` from now on. @returns false when a newer or the same one stands. */
  stand(record: GroupRecord): boolean {
    if (!this.#rules.mayStand(this.#standing?.number ?? null, record.number)) return false;
    this.#standing = record;
    return true;
  }

  #change(change: Partial<GroupState>, then: WhenSaved): void {
    const changed = { ...this.#state, ...change };
    const next = { ...changed, leaseMs: Math.max(changed.leaseMs, this.#downAfterMs) };
    invariant(next.votedEpoch >= this.#state.votedEpoch, "S1: a voted epoch never goes down");
    this.#state = next;
    this.#keeper.save(this.#group, next, (now) => {
      this.#savedLeaseMs = next.leaseMs;
      then(now);
    });
  }
}
