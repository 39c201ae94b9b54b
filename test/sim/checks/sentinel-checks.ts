/**
 * Watches the sentinels of one group: one durable vote an epoch and one promotion an epoch (S1), answers to clients
 * that never go back and name only what stands at a majority (S9), nothing given up as lost without need.
 */

import type { SentinelEffect } from "../../../sentinel/core/outbox.ts";
import type { Epoch, MemberId } from "../../../src/base/ids.ts";
import type { RecordNumber } from "../../../src/rules/group-record.ts";
import { compareRecordNumbers, type GroupRecord, type Leader } from "../../../src/rules/group-record.ts";
import type { SealedReply, SimSentinel } from "../world/sim-sentinel.ts";
import type { SealChecks } from "./seal-checks.ts";
import { demand } from "./violation.ts";

/**
 * Hears of every record that a disk has taken or a promotion has named, of those that a majority holds, and of what
 * may be missing.
 */
interface RecordHearer {
  onRecord(record: GroupRecord): void;
  onStands(record: GroupRecord): void;
  /** A choice has been made that may lose something. */
  onLossyChoice(master: MemberId): void;
  onLossDeclared(): void;
  /** Clients are sent there from now on. */
  onPublished(master: MemberId): void;
}

export class SentinelChecks {
  readonly #group: string;
  readonly #sentinels: () => readonly SimSentinel[];
  /** By sentinel and epoch: the process that it voted for. */
  readonly #votes = new Map<string, Leader | null>();
  /** Of these, those that were lost with a disk. */
  readonly #lostVotes = new Set<string>();
  readonly #promotions = new Map<number, string>();
  readonly #answers = new Map<SimSentinel, RecordNumber>();
  /** The newest record that each has ever made durable. */
  readonly #stored = new Map<SimSentinel, RecordNumber>();
  readonly #hears: RecordHearer;
  readonly #seals: SealChecks;
  readonly #checksVotes: boolean;
  /** What was on each disk before the last save. */
  readonly #before = new Map<SimSentinel, RecordNumber>();

  constructor(
    group: string,
    sentinels: () => readonly SimSentinel[],
    hears: RecordHearer,
    seals: SealChecks,
    checksVotes: boolean,
  ) {
    this.#checksVotes = checksVotes;
    this.#seals = seals;
    this.#group = group;
    this.#sentinels = sentinels;
    this.#hears = hears;
  }

  onSaved(sentinel: SimSentinel): void {
    const record = sentinel.disk?.groups[this.#group]?.record ?? null;
    if (record === null) return;
    this.#hears.onRecord(record);
    this.#checkStored(sentinel, record);
    const known = this.#stored.get(sentinel);
    if (known === undefined || compareRecordNumbers(record.number, known) > 0) {
      this.#stored.set(sentinel, record.number);
    }
    const holders = [...this.#before.values()].filter(
      (held) => compareRecordNumbers(held, record.number) === 0,
    );
    if (holders.length > this.#sentinels().length / 2) this.#hears.onStands(record);
  }

  onHeard(sentinel: SimSentinel, reply: SealedReply): void {
    this.#seals.onHeard(processOf(sentinel), reply);
  }

  /** A wiped sentinel has to learn again what it held; what it then answers must be no older than what it once did. */
  onWiped(sentinel: SimSentinel): void {
    this.#before.delete(sentinel);
    for (const key of this.#votes.keys()) if (key.startsWith(`${sentinel.id} `)) this.#lostVotes.add(key);
  }

  onEffect(sentinel: SimSentinel, effect: SentinelEffect): void {
    switch (effect.type) {
      case "send":
        return this.#onSend(sentinel, effect.message);
      case "masterChanged":
        if (effect.group === this.#group) this.#onAnswer(sentinel, effect.record);
        return;
      case "log":
        if (effect.event === "+recovered-with-possible-loss" && effect.fields.group === this.#group) {
          this.#onLossDeclared(sentinel, effect.fields.epoch as Epoch, effect.fields.master as MemberId);
        }
        return;
      default:
    }
  }

  #onLossDeclared(sentinel: SimSentinel, epoch: Epoch, master: MemberId): void {
    demand(this.#seals.mayDeclare(processOf(sentinel), epoch), "S2", () => {
      return `${sentinel.id} accepts a loss, and nothing was lost`;
    });
    this.#hears.onLossyChoice(master);
    this.#hears.onLossDeclared();
  }

  #onSend(sentinel: SimSentinel, message: Extract<SentinelEffect, { type: "send" }>["message"]): void {
    if (!("group" in message) || message.group !== this.#group) return;
    const process = processOf(sentinel);
    if (message.type === "vote" && message.granted && !message.pre && this.#checksVotes) {
      const state = sentinel.disk?.groups[this.#group];
      demand((state?.votedEpoch ?? 0) >= message.epoch, "S1", () => {
        return `${sentinel.id} speaks of its vote in ${message.epoch} before it is durable`;
      });
      if (state?.votedEpoch === message.epoch) this.#onVote(sentinel, message.epoch, state.votedFor);
    } else if (message.type === "promote") {
      const promotion = `${process} promotes ${message.record.master}`;
      const known = this.#promotions.get(message.epoch);
      demand(known === undefined || known === promotion, "S1", () => {
        return `two promotions in ${message.epoch}: ${known}, and ${promotion}`;
      });
      const isLossy = known === undefined && this.#seals.onPromote(process, message.epoch);
      if (isLossy && message.record.master !== null) this.#hears.onLossyChoice(message.record.master);
      this.#promotions.set(message.epoch, promotion);
      // Only now: whom it admits was not admitted when the choice was made.
      this.#hears.onRecord(message.record);
    }
  }

  /** A vote lost with a disk may be given again once nobody is left who could count the first one. */
  #onVote(sentinel: SimSentinel, epoch: Epoch, leader: Leader | null): void {
    const key = `${sentinel.id} ${epoch}`;
    const known = this.#votes.get(key);
    const isLost =
      this.#lostVotes.has(key) &&
      !this.#sentinels().some((one) => one.process.alive && one.startId === known?.startId);
    demand(known === undefined || isLost || known?.startId === leader?.startId, "S1", () => {
      return `${sentinel.id} voted twice in ${epoch}: for ${known?.startId} and ${leader?.startId}`;
    });
    this.#lostVotes.delete(key);
    this.#votes.set(key, leader);
  }

  /** What a vote's reply has told its leader must stay true: no record below the vote comes in after it. */
  #checkStored(sentinel: SimSentinel, { number }: GroupRecord): void {
    const before = this.#before.get(sentinel);
    this.#before.set(sentinel, number);
    const state = sentinel.disk?.groups[this.#group];
    // One that had lost its state learns a record that others hold, and vouches for nothing.
    if (state === undefined || state.votedFor === null) return;
    if (before !== undefined && compareRecordNumbers(before, number) === 0) return;
    demand(number.epoch >= state.votedEpoch, "S6", () => {
      return `${sentinel.id} stores ${number.epoch}.${number.seq} after its vote in ${state.votedEpoch}`;
    });
  }

  /** A master acknowledges nothing before a majority has recorded its reign. */
  onEstablished(master: string, epoch: Epoch): void {
    const holders = [...this.#stored.values()].filter((held) => held.epoch >= epoch).length;
    demand(holders > this.#sentinels().length / 2, "reign", () => {
      return `${master} acknowledges in ${epoch}, of which ${holders} of ${this.#sentinels().length} sentinels have a record`;
    });
  }

  #onAnswer(sentinel: SimSentinel, record: GroupRecord): void {
    const { number } = record;
    const before = this.#answers.get(sentinel);
    demand(before === undefined || number.epoch >= before.epoch, "S9", () => {
      return `${sentinel.id} answers from epoch ${number.epoch} after ${before?.epoch}`;
    });
    this.#answers.set(sentinel, number);
    if (record.master !== null) this.#hears.onPublished(record.master);
    const holders = [...this.#stored.values()].filter(
      (held) => compareRecordNumbers(held, number) >= 0,
    ).length;
    const count = this.#sentinels().length;
    demand(holders > count / 2, "S9", () => {
      return `${sentinel.id} answers from ${number.epoch}.${number.seq}, which ${holders} of ${count} hold`;
    });
  }
}

function processOf({ id, process }: SimSentinel): string {
  return `${id} life ${process.life}`;
}
