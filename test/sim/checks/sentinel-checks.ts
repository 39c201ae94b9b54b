/**
 * Watches the sentinels: one durable vote an epoch and one promotion an epoch (S1), answers to clients that never go
 * back and name only what stands at a majority (S9), nothing given up as lost without need.
 */

import type { SentinelEffect } from "../../../sentinel/core/outbox.ts";
import type { RecordNumber } from "../../../src/rules/group-record.ts";
import { compareRecordNumbers, type GroupRecord } from "../../../src/rules/group-record.ts";
import { GROUP } from "../world/sim-node.ts";
import type { SimSentinel } from "../world/sim-sentinel.ts";
import { demand, Violation } from "./violation.ts";

export class SentinelChecks {
  readonly #count: number;
  readonly #votes = new Map<string, string>();
  readonly #promotions = new Map<number, string>();
  readonly #answers = new Map<SimSentinel, RecordNumber>();
  /** The newest record that each has ever made durable. */
  readonly #stored = new Map<SimSentinel, RecordNumber>();
  readonly #onRecord: (record: GroupRecord) => void;

  constructor(count: number, onRecord: (record: GroupRecord) => void) {
    this.#count = count;
    this.#onRecord = onRecord;
  }

  onSaved(sentinel: SimSentinel): void {
    const record = sentinel.disk?.groups[GROUP]?.record ?? null;
    if (record === null) return;
    this.#onRecord(record);
    const known = this.#stored.get(sentinel);
    if (known === undefined || compareRecordNumbers(record.number, known) > 0) {
      this.#stored.set(sentinel, record.number);
    }
  }

  /** A wiped sentinel may have to learn again what it once answered. */
  onWiped(sentinel: SimSentinel): void {
    this.#answers.delete(sentinel);
  }

  onEffect(sentinel: SimSentinel, effect: SentinelEffect): void {
    switch (effect.type) {
      case "send":
        return this.#onSend(sentinel, effect.message);
      case "masterChanged":
        return this.#onAnswer(sentinel, effect.record);
      case "notice":
        if (effect.notice.channel === "+recovered-with-possible-loss") {
          throw new Violation("S2", `${sentinel.id} accepts a loss, and nothing was lost`);
        }
        return;
      default:
    }
  }

  #onSend(sentinel: SimSentinel, message: Extract<SentinelEffect, { type: "send" }>["message"]): void {
    const process = `${sentinel.id} life ${sentinel.process.life}`;
    if (message.type === "vote" && message.granted && !message.pre) {
      const state = sentinel.disk?.groups[GROUP];
      demand((state?.votedEpoch ?? 0) >= message.epoch, "S1", () => {
        return `${sentinel.id} speaks of its vote in ${message.epoch} before it is durable`;
      });
      const leader = JSON.stringify(state?.votedFor);
      const key = `${sentinel.id} ${message.epoch}`;
      const known = this.#votes.get(key);
      if (state?.votedEpoch !== message.epoch) return;
      demand(known === undefined || known === leader, "S1", () => {
        return `${sentinel.id} voted twice in ${message.epoch}: for ${known} and ${leader}`;
      });
      this.#votes.set(key, leader);
    } else if (message.type === "promote") {
      this.#onRecord(message.record);
      const promotion = `${process} promotes ${message.record.master}`;
      const known = this.#promotions.get(message.epoch);
      demand(known === undefined || known === promotion, "S1", () => {
        return `two promotions in ${message.epoch}: ${known}, and ${promotion}`;
      });
      this.#promotions.set(message.epoch, promotion);
    }
  }

  #onAnswer(sentinel: SimSentinel, record: GroupRecord): void {
    const { number } = record;
    const before = this.#answers.get(sentinel);
    demand(before === undefined || number.epoch >= before.epoch, "S9", () => {
      return `${sentinel.id} answers from epoch ${number.epoch} after ${before?.epoch}`;
    });
    this.#answers.set(sentinel, number);
    const holders = [...this.#stored.values()].filter(
      (held) => compareRecordNumbers(held, number) >= 0,
    ).length;
    demand(holders > this.#count / 2, "S9", () => {
      return `${sentinel.id} answers from ${number.epoch}.${number.seq}, which ${holders} of ${this.#count} hold`;
    });
  }
}
